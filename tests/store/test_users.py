"""People at sign-in."""

from tests.store.repositories import Repositories
from tests.store.values import NOW, gone, user


async def test_a_user_is_found_by_name_id_and_subject(store: Repositories) -> None:
    await store.intent.write([user()], fence=0, now=NOW)

    found = await store.users.by_username("ada")

    assert found is not None
    assert (found.id, found.incarnation, found.password_hash) == ("people/ada", "uid-ada-1", "$argon2id$any")
    assert await store.users.by_id("people/ada", "uid-ada-1") == found
    assert await store.users.by_incarnation("uid-ada-1") == found


async def test_another_incarnation_is_another_person(store: Repositories) -> None:
    await store.intent.write([user()], fence=0, now=NOW)
    first = await store.users.by_username("ada")
    await store.intent.write([user(incarnation="uid-ada-2")], fence=0, now=NOW)

    second = await store.users.by_username("ada")

    assert first is not None
    assert second is not None
    assert second.subject != first.subject
    assert await store.users.by_id("people/ada", "uid-ada-1") is None
    assert await store.users.by_incarnation("uid-ada-1") is None


async def test_a_disabled_user_is_found_and_says_so(store: Repositories) -> None:
    await store.intent.write([user(spec={"username": "ada", "enabled": False})], fence=0, now=NOW)

    found = await store.users.by_username("ada")

    assert found is not None
    assert not found.enabled


async def test_a_user_who_is_gone_is_not_found(store: Repositories) -> None:
    await store.intent.write([user()], fence=0, now=NOW)
    await store.intent.write([gone(user())], fence=0, now=NOW)

    assert await store.users.by_username("ada") is None
    assert await store.users.by_id("people/ada", "uid-ada-1") is None


async def test_a_field_of_a_newer_operator_is_ignored(sql_store: Repositories) -> None:
    await sql_store.intent.write([user(spec={"username": "ada", "notYetKnown": 1})], fence=0, now=NOW)

    assert await sql_store.users.by_username("ada") is not None
