"""Intent: rows, incarnations, names that one object holds, and the revision that grows with each write."""

from dataclasses import replace

import pytest

from ostiary_state.applications.credentials import first_credentials
from ostiary_state.intent import IntentConflict, StaleWriter
from tests.store.repositories import Repositories
from tests.store.values import NOW, application, digest, gone, user


async def test_what_was_written_is_read_back_with_its_revision(store: Repositories) -> None:
    revision = await store.intent.write([application(), user()], fence=0, now=NOW)

    row = await store.intent.application("shop/web")
    issuer = await store.intent.issuer_of_origin("https://login.example.com")
    assert issuer is not None
    assert row == application(revision=revision, issuer_id=issuer.id)
    assert await store.intent.applications() == [row]
    assert await store.intent.application_of_client("shop.web") == row
    person = await store.intent.user("people/ada")
    assert person is not None
    assert person == user(revision=revision, subject=person.subject)
    assert await store.intent.users() == [person]
    assert await store.intent.user_of_username("ada") == person


async def test_what_is_not_there_is_none(store: Repositories) -> None:
    assert await store.intent.application("shop/web") is None
    assert await store.intent.application_of_client("shop.web") is None
    assert await store.intent.user("people/ada") is None
    assert await store.intent.user_of_username("ada") is None
    assert await store.intent.issuer_of_origin("https://login.example.com") is None


async def test_each_write_raises_the_revision_by_one(store: Repositories) -> None:
    assert await store.changes.current() == 0
    assert await store.intent.write([application(), user()], fence=0, now=NOW) == 1
    assert (
        await store.intent.write([application(credentials=first_credentials([digest("x")], 0.0))], fence=0, now=NOW)
        == 2
    )
    assert await store.changes.current() == 2
    person = await store.intent.user("people/ada")
    assert person is not None
    assert person.revision == 1


async def test_an_empty_write_and_a_tombstone_of_nothing_raise_no_revision(store: Repositories) -> None:
    await store.intent.write([application()], fence=0, now=NOW)

    assert await store.intent.write([], fence=0, now=NOW) == 1
    assert await store.intent.write([gone(user())], fence=0, now=NOW) == 1
    assert await store.intent.write([gone(application(incarnation="another"))], fence=0, now=NOW) == 1
    assert await store.intent.application("shop/web") is not None


async def test_a_tombstone_ends_its_incarnation_and_frees_its_names(store: Repositories) -> None:
    await store.intent.write([application(), user()], fence=0, now=NOW)

    await store.intent.write([gone(application()), gone(user())], fence=0, now=NOW)

    assert await store.intent.applications() == []
    assert await store.intent.users() == []
    taker = application("shop/other", client_id="shop.web")
    await store.intent.write([taker, user("people/other", username="ada")], fence=0, now=NOW)
    holder = await store.intent.application_of_client("shop.web")
    assert holder is not None
    assert holder.id == "shop/other"


async def test_names_freed_and_taken_in_one_write_are_no_conflict(store: Repositories) -> None:
    await store.intent.write([application()], fence=0, now=NOW)

    await store.intent.write([application("shop/other", client_id="shop.web"), gone(application())], fence=0, now=NOW)

    holder = await store.intent.application_of_client("shop.web")
    assert holder is not None
    assert holder.id == "shop/other"


async def test_a_tombstone_for_the_former_incarnation_leaves_the_new_one_alone(store: Repositories) -> None:
    await store.intent.write([application()], fence=0, now=NOW)

    await store.intent.write([application(incarnation="uid-web-2"), gone(application())], fence=0, now=NOW)

    row = await store.intent.application("shop/web")
    assert row is not None
    assert row.incarnation == "uid-web-2"


async def test_a_subject_stays_for_an_incarnation_and_is_never_inherited(store: Repositories) -> None:
    await store.intent.write([user()], fence=0, now=NOW)
    first = await store.intent.user("people/ada")
    await store.intent.write([user(password_version="uid/2")], fence=0, now=NOW)
    changed = await store.intent.user("people/ada")
    await store.intent.write([user(incarnation="uid-ada-2")], fence=0, now=NOW)
    second = await store.intent.user("people/ada")

    assert first is not None
    assert changed is not None
    assert second is not None
    assert first.subject.startswith("u_")
    assert changed.subject == first.subject
    assert changed.password_version == "uid/2"
    assert second.subject not in ("", first.subject)


async def test_not_before_never_falls(store: Repositories) -> None:
    await store.intent.write([application(not_before=NOW)], fence=0, now=NOW)
    await store.intent.write([application()], fence=0, now=NOW)

    row = await store.intent.application("shop/web")

    assert row is not None
    assert row.not_before == NOW


async def test_an_incarnation_that_comes_back_starts_behind_its_tombstone(store: Repositories) -> None:
    await store.intent.write([application()], fence=0, now=NOW)
    await store.intent.write([gone(application())], fence=0, now=NOW + 5)
    await store.intent.write([application()], fence=0, now=NOW + 9)

    row = await store.intent.application("shop/web")

    assert row is not None
    assert row.not_before == NOW + 5


@pytest.mark.parametrize(
    ("field", "value", "first", "second"),
    [
        ("client_id", "shop.web", application(), application("shop/other", client_id="shop.web")),
        ("username", "ada", user(), user("people/other", username="ada")),
    ],
)
async def test_a_name_belongs_to_its_first_holder(
    store: Repositories, field: str, value: str, first: object, second: object
) -> None:
    await store.intent.write([first], fence=0, now=NOW)

    with pytest.raises(IntentConflict) as conflict:
        await store.intent.write([application("shop/bystander"), second], fence=0, now=NOW)

    assert (conflict.value.field, conflict.value.value) == (field, value)
    assert (conflict.value.holder, conflict.value.write_id) == (first.id, second.id)
    assert await store.intent.application("shop/bystander") is None
    assert await store.changes.current() == 1


async def test_two_objects_of_one_write_cannot_have_one_name(store: Repositories) -> None:
    with pytest.raises(IntentConflict):
        await store.intent.write([application(), application("shop/other", client_id="shop.web")], fence=0, now=NOW)

    assert await store.intent.applications() == []


async def test_a_writer_with_an_older_lease_writes_nothing(store: Repositories) -> None:
    await store.intent.write([application()], fence=7, now=NOW)

    for write in ([application("shop/other")], []):
        with pytest.raises(StaleWriter):
            await store.intent.write(write, fence=6, now=NOW)

    assert await store.changes.current() == 1
    assert await store.intent.write([application("shop/other")], fence=7, now=NOW) == 2


async def test_an_orphan_keeps_its_row(store: Repositories) -> None:
    await store.intent.write([application()], fence=0, now=NOW)
    await store.intent.write([application(owned=False)], fence=0, now=NOW)

    row = await store.intent.application("shop/web")

    assert row is not None
    assert not row.owned
    assert (await store.applications.load(["shop/web"]))["shop/web"] is not None


async def test_a_hundred_objects_go_into_one_revision(store: Repositories) -> None:
    many = [application(f"shop/a{each}") for each in range(100)]

    assert await store.intent.write(many, fence=0, now=NOW) == 1
    assert await store.intent.write([replace(each, owned=False) for each in many], fence=0, now=NOW) == 2

    rows = await store.intent.applications()
    assert len(rows) == 100
    assert {row.revision for row in rows} == {2}
