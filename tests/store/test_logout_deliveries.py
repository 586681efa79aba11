"""The queue of logout tokens, and the salts of pairwise subjects: the same in memory, on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import Sequence

from ostiary_state.runtime.logout import LogoutDelivery, Participant
from ostiary_state.runtime.revocation import RevocationKind
from tests.store.repositories import Repositories
from tests.store.values import NOW, application, delivery, gone, grant, revocation, session, user

ENDING = revocation(RevocationKind.SESSION, "s1")


async def queued(store: Repositories, *deliveries: LogoutDelivery) -> None:
    """A session has ended, and this is to be delivered."""
    await store.sessions.start(session())
    await store.sessions.end("s1", ENDING, NOW, lambda _: deliveries)


async def test_who_took_part_in_a_session_is_told_when_it_ends_each_once(store: Repositories) -> None:
    await store.sessions.start(session())
    await store.grants.start(grant("g1", started_in="s1"))
    await store.grants.start(grant("g2", started_in="s1", session_id=None))
    await store.grants.start(grant("g3", started_in="s1", application_id="books/web", client_id="books.web"))
    await store.grants.start(grant("g4", started_in="s2", application_id="other/web"))
    announced: list[Sequence[Participant]] = []

    def announce(participants: Sequence[Participant]) -> Sequence[LogoutDelivery]:
        announced.append(participants)
        return [delivery()]

    participants = await store.sessions.end("s1", ENDING, NOW, announce)

    expected = {Participant("shop/web", "uid-web-1"), Participant("books/web", "uid-web-1")}
    assert (len(participants), set(participants)) == (2, expected)
    assert list(announced[0]) == list(participants)
    assert await store.logout_deliveries.waiting() == 1


async def test_a_session_that_has_ended_before_tells_nobody(store: Repositories) -> None:
    await store.grants.start(grant(started_in="s1"))
    await queued(store)

    assert await store.sessions.end("s1", ENDING, NOW + 1, lambda _: [delivery()]) == ()
    assert await store.logout_deliveries.waiting() == 0


async def test_of_racing_ends_one_tells(store: Repositories) -> None:
    await store.sessions.start(session())
    await store.grants.start(grant(started_in="s1"))

    ends = [store.sessions.end("s1", ENDING, NOW, lambda _, n=n: [delivery(f"d{n}")]) for n in range(8)]  # type: ignore[misc]
    results = await asyncio.gather(*ends)

    assert sorted(map(len, results)) == [0] * 7 + [1]
    assert await store.logout_deliveries.waiting() == 1


async def test_what_is_due_is_claimed_with_one_attempt_more(store: Repositories) -> None:
    await queued(store, delivery("d1"), delivery("d2", due_at=NOW + 10))

    assert await store.logout_deliveries.claim(NOW, NOW + 60, 10) == [delivery("d1", attempts=1, due_at=NOW + 60)]
    assert await store.logout_deliveries.claim(NOW, NOW + 60, 10) == []
    assert [each.id for each in await store.logout_deliveries.claim(NOW + 10, NOW + 70, 10)] == ["d2"]


async def test_a_claim_is_bounded_and_begins_with_the_oldest(store: Repositories) -> None:
    await queued(store, *(delivery(f"d{n}", due_at=NOW - n) for n in range(5)))

    claimed = await store.logout_deliveries.claim(NOW, NOW + 60, 2)

    assert {each.id for each in claimed} == {"d4", "d3"}


async def test_racing_claims_never_get_the_same(store: Repositories) -> None:
    await queued(store, *(delivery(f"d{n}") for n in range(12)))

    claims = await asyncio.gather(*(store.logout_deliveries.claim(NOW, NOW + 60, 4) for _ in range(6)))

    ids = [each.id for claim in claims for each in claim]
    assert len(ids) == len(set(ids))


async def test_one_whose_claimer_died_is_due_again(store: Repositories) -> None:
    await queued(store, delivery())
    await store.logout_deliveries.claim(NOW, NOW + 60, 10)

    (again,) = await store.logout_deliveries.claim(NOW + 60, NOW + 120, 10)

    assert again.attempts == 2


async def test_it_is_settled_or_postponed(store: Repositories) -> None:
    await queued(store, delivery("d1"), delivery("d2"))
    await store.logout_deliveries.settle("d1")
    await store.logout_deliveries.postpone("d2", NOW + 5)

    assert await store.logout_deliveries.waiting() == 1
    assert await store.logout_deliveries.claim(NOW, NOW + 60, 10) == []
    (later,) = await store.logout_deliveries.claim(NOW + 5, NOW + 65, 10)
    assert later.id == "d2"


async def test_sessions_of_the_disabled_and_the_deleted_are_found_until_they_are_ended(store: Repositories) -> None:
    await store.intent.write([user(), user("people/bob"), user("people/eve")], fence=0, now=NOW)
    for name in ("ada", "bob", "eve"):
        await store.sessions.start(
            session(name, user_id=f"people/{name}", user_incarnation=f"uid-{name}-1", created_at=NOW)
        )
    assert await store.sessions.void(NOW, NOW - 3600, 10) == []

    await store.intent.write([user(not_before=NOW + 5)], fence=0, now=NOW + 5)
    await store.intent.write([gone(user("people/bob"))], fence=0, now=NOW + 6)

    found = await store.sessions.void(NOW + 7, NOW - 3600, 10)
    assert {(each.id, person.username) for each, person in found} == {("ada", "ada"), ("bob", "bob")}
    assert await store.sessions.void(NOW + 7, NOW + 6, 10) == [], "longer ago than is looked for"
    await store.sessions.end("ada", revocation(RevocationKind.SESSION, "ada"), NOW + 7)
    assert [each.id for each, _ in await store.sessions.void(NOW + 7, NOW - 3600, 10)] == ["bob"]


async def test_a_salt_is_made_once_whoever_asks_first(store: Repositories) -> None:
    await store.intent.write([application()], fence=0, now=NOW)
    issuer = await store.intent.issuer_of_origin("https://login.example.com")
    assert issuer is not None

    salts = await asyncio.gather(*(store.pairwise_salts.salt(issuer.id) for _ in range(8)))

    assert len(set(salts)) == 1
    assert len(salts[0]) == 32
    assert await store.pairwise_salts.salt(issuer.id) == salts[0]
