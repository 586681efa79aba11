"""Each change reaches the directory, in commit order, and what cannot be followed is loaded beside what is served."""

import asyncio
from collections.abc import Iterable

import pytest
from prometheus_client import generate_latest
from sqlalchemy import text

from ostiary_server.metrics import Metrics
from ostiary_server.replica.directory import Directory
from ostiary_server.replica.following import Following
from ostiary_state.errors import StoreUnavailable
from ostiary_state.intent import Kind, Tombstone
from ostiary_state.store.applications import Applications
from ostiary_state.store.changes import Changes
from ostiary_state.store.database import Database
from ostiary_state.store.registrations import Registrations
from tests.server.declared import ORIGIN, stored_application, stored_user, write
from tests.server.polling import running, until


class Follower:
    """A following with what it prepared and told."""

    def __init__(self, database: Database, *, poll: float = 0.05) -> None:
        self.directory = Directory()
        self.metrics = Metrics()
        self.prepared: list[set[tuple[str, str]]] = []
        self.rekeyed: set[str] = set()
        self.told: list[int] = []
        self.now = 1000.0
        self.following = Following(
            Changes(database),
            Applications(database),
            Registrations(database),
            self.directory,
            prepare=self._prepare,
            keys_changed=self._keys_changed,
            on_applied=lambda: self.told.append(self.following.applied),
            listening=lambda: False,
            clock=lambda: self.now,
            metrics=self.metrics,
            poll_deaf=poll,
        )

    async def _prepare(self, wanted: Iterable[tuple[str, str]]) -> None:
        self.prepared.append(set(wanted))

    async def _keys_changed(self, issuer_ids: Iterable[str]) -> None:
        self.rekeyed.update(issuer_ids)

    def served(self) -> dict[str, str]:
        return {application.client_id: application.display_name for application in self.directory.applications()}

    def reloads(self) -> float:
        value = self.metrics.registry.get_sample_value("ostiary_directory_reloads_total")
        assert value is not None
        return value


async def test_what_is_declared_before_the_start_is_loaded(database: Database) -> None:
    revision = await write(database, stored_application("web"), stored_application("app"))
    follower = Follower(database)
    await follower.following.advance()
    assert follower.served() == {"shop.web": "web", "shop.app": "app"}
    assert follower.directory.issuer_of_host("login.localhost") is not None
    assert follower.following.applied == revision
    assert follower.following.loaded.is_set()


async def test_a_change_a_new_object_and_a_deletion_reach_the_directory(database: Database) -> None:
    await write(database, stored_application("web"), stored_application("old"))
    follower = Follower(database)
    await follower.following.advance()
    await write(database, stored_application("web", displayName="Shop"))
    await write(database, stored_application("new", origin="http://other.localhost"))
    revision = await write(database, Tombstone(Kind.APPLICATION, "shop/old", "uid-old"))
    await follower.following.advance()
    assert follower.served() == {"shop.web": "Shop", "shop.new": "new"}
    assert follower.directory.issuer_of_host("other.localhost") is not None
    assert follower.told[-1] == revision
    assert follower.reloads() == 0


async def test_the_keys_of_an_application_are_there_before_it_is_served(database: Database) -> None:
    follower = Follower(database)
    await follower.following.advance()
    await write(database, stored_application("web", signingAlgorithm="EdDSA"))
    await follower.following.advance()
    issuer = follower.directory.issuer_of_host(ORIGIN.removeprefix("http://"))
    assert issuer is not None
    assert follower.prepared[-1] == {(issuer.id, "EdDSA"), (issuer.id, "RS256")}


async def test_a_revision_is_not_told_while_the_keys_cannot_be_made(database: Database) -> None:
    follower = Follower(database)
    await follower.following.advance()

    async def away(_: object) -> None:
        raise StoreUnavailable("away")

    follower.following._prepare = away
    revision = await write(database, stored_application("web"))
    with pytest.raises(StoreUnavailable):
        await follower.following.advance()
    assert follower.served() == {}
    assert revision not in follower.told


async def test_changes_of_users_move_the_revision_and_nothing_else(database: Database) -> None:
    await write(database, stored_application("web"))
    follower = Follower(database)
    await follower.following.advance()
    revision = await write(database, stored_user())
    await follower.following.advance()
    assert follower.told[-1] == revision
    assert follower.served() == {"shop.web": "web"}


async def test_a_transaction_that_commits_late_is_not_lost(postgresql_database: Database) -> None:
    database = postgresql_database
    await write(database, stored_application("late"), stored_application("web"))
    follower = Follower(database)
    await follower.following.advance()
    async with database.write() as late:
        await late.execute(
            text("UPDATE applications SET spec = jsonb_set(spec, '{displayName}', '\"Late\"') WHERE id = 'shop/late'")
        )
        taken = (await late.execute(text("UPDATE revision SET value = value + 1 RETURNING value"))).scalar_one()
        await late.execute(text(f"INSERT INTO changes VALUES ({taken}, 'application', 'shop/late')"))
        early = asyncio.create_task(write(database, stored_application("web", displayName="Early")))
        await asyncio.sleep(0.1)
        await follower.following.advance()
        assert not early.done(), "a later revision must not become visible before an earlier one"
        assert follower.following.applied == taken - 1
    assert await early == taken + 1
    await follower.following.advance()
    assert follower.served() == {"shop.late": "Late", "shop.web": "Early"}


async def test_a_replica_behind_the_trim_loads_everything_beside_what_it_serves(database: Database) -> None:
    await write(database, stored_application("old"))
    follower = Follower(database)
    await follower.following.advance()
    await write(database, Tombstone(Kind.APPLICATION, "shop/old", "uid-old"))
    revision = await write(database, stored_application("new"))
    assert await Changes(database).trim(keep=0) > 0
    served_meanwhile = []

    async def look(_: object) -> None:
        served_meanwhile.append(follower.served())

    follower.following._prepare = look
    await follower.following.advance()
    assert served_meanwhile == [{"shop.old": "old"}]
    assert follower.served() == {"shop.new": "new"}
    assert follower.following.applied == revision
    assert follower.reloads() == 1


async def test_keys_that_were_replaced_among_what_was_trimmed_are_taken_over_too(database: Database) -> None:
    await write(database, stored_application("web"))
    follower = Follower(database)
    await follower.following.advance()
    assert follower.rekeyed == set(), "the start has read them already"
    await write(database, stored_application("new"))
    await Changes(database).trim(keep=0)
    await follower.following.advance()
    assert follower.reloads() == 1
    assert follower.rekeyed == {issuer.id for issuer in follower.directory.issuers()}


async def test_a_restored_backup_whose_counter_is_behind_is_loaded_whole(database: Database) -> None:
    await write(database, stored_application("web"))
    follower = Follower(database)
    await follower.following.advance()
    await write(database, stored_application("lost"))
    await follower.following.advance()
    async with database.write() as transaction:
        await transaction.execute(text("DELETE FROM applications WHERE id = 'shop/lost'"))
        await transaction.execute(text("UPDATE revision SET value = 1"))
    await follower.following.advance()
    assert follower.served() == {"shop.web": "web"}
    assert follower.following.applied == 1


async def test_without_notifications_a_change_is_found_by_polling(database: Database) -> None:
    follower = Follower(database)
    async with running(follower.following.run()):
        await until(follower.following.loaded.is_set)
        await write(database, stored_application("web"))
        await until(lambda: "shop.web" in follower.served(), within=3.0)


async def test_a_wake_does_not_wait_for_the_poll(database: Database) -> None:
    follower = Follower(database, poll=3600.0)
    async with running(follower.following.run()):
        await until(follower.following.loaded.is_set)
        await write(database, stored_application("web"))
        follower.following.wake()
        await until(lambda: "shop.web" in follower.served(), within=3.0)


async def test_a_lost_database_is_counted_and_leaves_what_is_served(database: Database) -> None:
    await write(database, stored_application("web"))
    follower = Follower(database)

    class Away:
        async def since(self, _: int) -> object:
            raise StoreUnavailable("away")

    async with running(follower.following.run()):
        await until(follower.following.loaded.is_set)
        follower.following._changes = Away()
        counted = b'ostiary_store_unavailable_total{part="following"}'
        await until(lambda: counted in generate_latest(follower.metrics.registry))
        assert follower.served() == {"shop.web": "web"}
        await write(database, stored_application("web", displayName="After"))
        follower.following._changes = Changes(database)
        await until(lambda: follower.served() == {"shop.web": "After"})


async def test_a_primary_that_has_lost_revisions_and_given_their_numbers_to_others_is_followed(
    database: Database,
) -> None:
    """As a standby does that nobody waited for: it is promoted, and the operator writes to it first."""
    await write(database, stored_application("web"), stored_application("app"))
    follower = Follower(database)
    await write(database, stored_application("web", displayName="lost"))
    await follower.following.advance()
    async with database.write() as transaction:
        await transaction.execute(text("UPDATE revision SET value = value - 1"))
        await transaction.execute(text("DELETE FROM changes WHERE revision > 1"))
    await write(database, stored_application("app", displayName="kept"))

    follower.following.reconnected()
    await follower.following.advance()

    assert follower.served()["shop.app"] == "kept"
    assert follower.reloads() == 0


async def test_an_outage_makes_a_replica_read_the_last_revisions_again(database: Database) -> None:
    await write(database, stored_application("web"))
    follower = Follower(database)
    asked: list[int] = []
    changes, away = follower.following._changes, [False, True, False]

    class Interrupted:
        async def since(self, applied: int) -> object:
            asked.append(applied)
            if away and away.pop(0):
                raise StoreUnavailable("away")
            return await changes.since(applied)

    follower.following._changes = Interrupted()  # type: ignore[assignment]
    async with running(follower.following.run()):
        await until(lambda: len(asked) >= 4)
    assert asked[:4] == [1, 1, 0, 1]
