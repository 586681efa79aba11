"""What runs beside the requests: loads everything, follows it, tells what is served, keeps keys and sweeps."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial

from ostiary_server.keys.keeper import KeyKeeper
from ostiary_server.metrics import Metrics
from ostiary_server.replica.backoff import Backoff
from ostiary_server.replica.directory import Directory
from ostiary_server.replica.following import Following, signed_with
from ostiary_server.replica.heartbeat import Heartbeat
from ostiary_server.replica.listening import Listening
from ostiary_server.replica.logout_deliveries import LogoutDeliveries
from ostiary_server.replica.readiness import Readiness
from ostiary_server.replica.registrations import ServedRegistrations
from ostiary_server.replica.revocation_set import RevokedKeys
from ostiary_server.replica.revocations import FollowedRevocations
from ostiary_server.replica.sweeping import Sweeping
from ostiary_server.replica.uses import NotedUses
from ostiary_state.errors import StoreUnavailable
from ostiary_state.store import schema
from ostiary_state.store.applications import Applications
from ostiary_state.store.changes import Changes
from ostiary_state.store.database import Database
from ostiary_state.store.registrations import Registrations
from ostiary_state.store.replicas import Replicas
from ostiary_state.store.revocations import Revocations
from ostiary_state.store.sweeper import Sweeper

log = logging.getLogger(__name__)


class Replica:
    """One process, one replica: `run` until the process ends, then `leave`."""

    def __init__(
        self,
        database: Database,
        *,
        replica_id: str,
        directory: Directory,
        revoked: RevokedKeys,
        keys: KeyKeeper,
        listening: Listening | None,
        logouts: LogoutDeliveries,
        registrations: ServedRegistrations,
        uses: NotedUses,
        clock: Callable[[], float],
        metrics: Metrics,
    ) -> None:
        self._logouts = logouts
        self._registrations = registrations
        self._uses = uses
        self._database = database
        self._directory = directory
        self._keys = keys
        self._listening = listening
        self._clock = clock
        self._heartbeat = Heartbeat(Replicas(database), replica_id, lambda: self._following.applied, metrics=metrics)
        self._following = Following(
            Changes(database),
            Applications(database),
            Registrations(database),
            directory,
            prepare=keys.ensure_all,
            keys_changed=keys.changed,
            on_applied=self._heartbeat.changed,
            listening=lambda: listening is not None and listening.hears,
            clock=clock,
            metrics=metrics,
        )
        self._revocations = FollowedRevocations(Revocations(database), revoked, clock=clock, metrics=metrics)
        self._sweeping = Sweeping(Sweeper(database), clock=clock, metrics=metrics)
        self._draining = False
        _tell(self, metrics, keys, revoked)

    async def run(self) -> None:
        """Until cancelled. Waits for a database that is away; raises SchemaMismatch and CannotOpen before it loads."""
        await _when_available(partial(schema.check, self._database))
        await _when_available(self._keys.load)
        await _when_available(self._revocations.advance)
        async with asyncio.TaskGroup() as tasks:
            if self._listening is not None:
                heard = self._listening.run(self._following.wake, connected=self._following.reconnected)
                tasks.create_task(heard, name="listening")
            tasks.create_task(self._following.run(), name="following")
            tasks.create_task(self._revocations.run(), name="following revocations")
            await self._following.loaded.wait()
            tasks.create_task(self._heartbeat.run(), name="heartbeat")
            tasks.create_task(self._keys.run(self._signed_with), name="rotating keys")
            tasks.create_task(self._sweeping.run(), name="sweeping")
            tasks.create_task(self._logouts.run(), name="delivering logout tokens")
            tasks.create_task(self._registrations.run(), name="forgetting unused clients")
            tasks.create_task(self._uses.run(), name="writing what was used")

    async def loaded(self) -> None:
        """Returns when everything is in memory."""
        await self._following.loaded.wait()

    def wake(self) -> None:
        """Something was written by this very process: follow it now."""
        self._following.wake()

    def drain(self) -> None:
        """Ask to be sent no more requests."""
        self._draining = True

    async def leave(self) -> None:
        """Nobody need wait for this replica any more. `run` has been cancelled before, or it would beat again."""
        if self._following.loaded.is_set():
            await self._uses.write()
            await self._heartbeat.leave()

    def readiness(self) -> Readiness:
        """What `/readyz` and the metrics tell."""
        return Readiness(
            loaded=self._following.loaded.is_set(),
            draining=self._draining,
            revision=self._following.applied,
            revision_age=self._age(self._following.confirmed_at),
            revocations_age=self._age(self._revocations.confirmed_at),
            applications=len(self._directory),
        )

    def _age(self, confirmed_at: float | None) -> float | None:
        return None if confirmed_at is None else round(max(0.0, self._clock() - confirmed_at), 3)

    def _signed_with(self) -> set[tuple[str, str]]:
        return signed_with(self._directory.issuers(), self._directory.applications())


def _tell(replica: Replica, metrics: Metrics, keys: KeyKeeper, revoked: RevokedKeys) -> None:
    never = float("nan")
    for name, text, read in (
        ("revision", "Revision of the manifests that is served.", lambda: replica.readiness().revision),
        (
            "revision_age_seconds",
            "Seconds since the store last confirmed that revision.",
            lambda: _or(replica.readiness().revision_age, never),
        ),
        (
            "revocations_age_seconds",
            "Seconds since the revocation set was last read.",
            lambda: _or(replica.readiness().revocations_age, never),
        ),
        ("revocations", "Entries of the revocation set.", lambda: len(revoked)),
        ("applications", "Applications in memory.", lambda: replica.readiness().applications),
        ("ready", "1 while requests may be sent here.", lambda: replica.readiness().ready),
        ("signing_key_age_seconds", "Time that the longest-serving key has signed for.", keys.signing_age),
    ):
        metrics.gauge(f"ostiary_{name}", text, read)


def _or(value: float | None, absent: float) -> float:
    return absent if value is None else value


async def _when_available(step: Callable[[], Awaitable[None]]) -> None:
    backoff = Backoff()
    while True:
        try:
            await step()
        except StoreUnavailable as error:
            if not backoff.failing:
                log.warning("waiting for the database: %s", error)
            await asyncio.sleep(backoff.failed())
        else:
            return
