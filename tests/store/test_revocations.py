"""The revocation set: rows that never fall, and what follows from manifests."""

from ostiary_state.runtime.revocation import Revocation, RevocationKind
from ostiary_state.store.revocations import LONGEST_TOKEN
from tests.store.repositories import Repositories
from tests.store.values import NOW, application, gone, revocation, user


async def test_a_later_revocation_raises_and_an_earlier_one_changes_nothing(store: Repositories) -> None:
    await store.revocations.add(revocation())
    await store.revocations.add(revocation(not_before=NOW + 9, expires_at=NOW + 5))
    await store.revocations.add(revocation(not_before=NOW - 9))

    assert list(await store.revocations.load_active(NOW)) == [revocation(not_before=NOW + 9)]


async def test_kinds_do_not_share_ids(store: Repositories) -> None:
    both = [revocation(RevocationKind.GRANT, "x"), revocation(RevocationKind.SESSION, "x")]
    for each in both:
        await store.revocations.add(each)

    assert sorted(await store.revocations.load_active(NOW), key=lambda each: each.kind) == both


async def test_what_has_expired_is_left_out(store: Repositories) -> None:
    await store.revocations.add(revocation(expires_at=NOW + 10))

    assert await store.revocations.load_active(NOW + 9)
    assert not await store.revocations.load_active(NOW + 10)


async def test_a_raised_not_before_revokes_the_incarnation_for_as_long_as_a_token_lives(store: Repositories) -> None:
    await store.intent.write([user(not_before=NOW), application(not_before=NOW)], fence=0, now=NOW)

    found = await store.revocations.load_active(NOW + LONGEST_TOKEN - 1)

    until = NOW + LONGEST_TOKEN
    assert set(found) == {
        Revocation(RevocationKind.USER, "uid-ada-1", NOW, until),
        Revocation(RevocationKind.APPLICATION, "uid-web-1", NOW, until),
    }
    assert not await store.revocations.load_active(until)


async def test_what_was_never_limited_revokes_nothing(store: Repositories) -> None:
    await store.intent.write([user(), application()], fence=0, now=NOW)

    assert not await store.revocations.load_active(NOW)


async def test_a_tombstone_revokes_what_was_issued_before_it(store: Repositories) -> None:
    await store.intent.write([user(), application()], fence=0, now=NOW)
    await store.intent.write([gone(user()), gone(application())], fence=0, now=NOW + 5)

    found = await store.revocations.load_active(NOW + 6)

    assert {(each.kind, each.id, each.not_before) for each in found} == {
        (RevocationKind.USER, "uid-ada-1", NOW + 5),
        (RevocationKind.APPLICATION, "uid-web-1", NOW + 5),
    }


async def test_an_incarnation_that_was_replaced_is_revoked_and_the_new_one_is_not(store: Repositories) -> None:
    await store.intent.write([application()], fence=0, now=NOW)
    await store.intent.write([application(incarnation="uid-web-2")], fence=0, now=NOW + 5)

    found = await store.revocations.load_active(NOW + 6)

    assert [(each.id, each.not_before) for each in found] == [("uid-web-1", NOW + 5)]


async def test_what_was_just_recorded_is_recent_whoever_recorded_it(store: Repositories) -> None:
    await store.intent.write([user(not_before=NOW)], fence=0, now=NOW)
    await store.revocations.add(revocation())

    found = await store.revocations.recent(60.0, NOW)

    assert {each.kind for each in found} == {RevocationKind.GRANT, RevocationKind.USER}


async def test_recency_goes_by_the_clock_of_the_database(sql_store: Repositories) -> None:
    await sql_store.intent.write([user(not_before=NOW)], fence=0, now=NOW)
    await sql_store.revocations.add(revocation())

    assert not await sql_store.revocations.recent(-1.0, NOW)
