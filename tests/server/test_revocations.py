"""A revocation counts at once where it was made, and everywhere else at the next look."""

from ostiary_server.metrics import Metrics
from ostiary_server.replica.revocation_set import RevokedKeys
from ostiary_server.replica.revocations import (
    FollowedRevocations,
    HoldingsCountedAtOnce,
    RevocationsCountedAtOnce,
)
from ostiary_state.errors import StoreUnavailable
from ostiary_state.intent import Kind, Tombstone
from ostiary_state.runtime.revocation import Revocation, RevocationKind
from ostiary_state.store.database import Database
from ostiary_state.store.grants import Grants
from ostiary_state.store.revocations import Revocations
from tests.server.declared import stored_application, write
from tests.server.polling import running, until
from tests.store.values import grant

NOW = 1_800_000_000.0
ENDED = Revocation(RevocationKind.GRANT, "g1", not_before=NOW, expires_at=NOW + 600)

GIVEN = grant("g1")


def grant_is_revoked(revoked: RevokedKeys, grant_id: str = "g1") -> bool:
    return revoked.revoked(
        issued_at=NOW - 1,
        jti=None,
        grant_id=grant_id,
        session_id=None,
        user_incarnation=None,
        application_incarnation=None,
    )


def following(database: Database, revoked: RevokedKeys, now: float = NOW) -> FollowedRevocations:
    return FollowedRevocations(Revocations(database), revoked, clock=lambda: now, metrics=Metrics(), poll=0.02)


async def test_what_was_revoked_before_the_start_is_loaded(database: Database) -> None:
    await Revocations(database).add(ENDED)
    revoked = RevokedKeys()
    await following(database, revoked).advance()
    assert grant_is_revoked(revoked)


async def test_another_replica_follows_and_this_one_counts_at_once(database: Database) -> None:
    here, there = RevokedKeys(), RevokedKeys()
    async with running(following(database, there).run()):
        await until(lambda: len(there) == 0)
        await RevocationsCountedAtOnce(database, here).add(ENDED)
        assert grant_is_revoked(here)
        await until(lambda: grant_is_revoked(there), within=1.0)


async def test_what_a_person_takes_back_ends_here_at_once_and_elsewhere_within_a_second(database: Database) -> None:
    await Grants(database).start(GIVEN)
    here, there = RevokedKeys(), RevokedKeys()
    async with running(following(database, there).run()):
        await until(lambda: len(there) == 0)
        person = GIVEN.issuer_id, GIVEN.user_id, GIVEN.user_incarnation
        await HoldingsCountedAtOnce(database, here).withdraw(*person, GIVEN.client_id, NOW + 600, NOW)
        assert grant_is_revoked(here)
        await until(lambda: grant_is_revoked(there), within=1.0)


async def test_what_was_revoked_while_the_database_was_away_is_found_after(database: Database) -> None:
    revoked, rows = RevokedKeys(), Revocations(database)
    followed = following(database, revoked)
    followed._rows = rows

    async def away(_: object, __: object) -> list[Revocation]:
        raise StoreUnavailable("away")

    async with running(followed.run()):
        await until(followed.loaded.is_set)
        rows.recent = away
        await Revocations(database).add(ENDED)
        del rows.recent
        await until(lambda: grant_is_revoked(revoked))


async def test_the_age_of_the_set_is_that_of_the_last_look(database: Database) -> None:
    followed = following(database, RevokedKeys())
    assert followed.confirmed_at is None
    await followed.advance()
    assert followed.confirmed_at == NOW


async def test_a_deleted_application_ends_its_tokens_without_a_row_in_the_set(database: Database) -> None:
    await write(database, stored_application("web"), now=NOW)
    await write(database, Tombstone(Kind.APPLICATION, "shop/web", "uid-web"), now=NOW + 1)
    revoked = RevokedKeys()
    await following(database, revoked, NOW + 2).advance()
    assert revoked.revoked(
        issued_at=NOW,
        jti=None,
        grant_id=None,
        session_id=None,
        user_incarnation=None,
        application_incarnation="uid-web",
    )
