"""Keeps the directory equal to what the store says, a revision at a time, and never empties it.

Revisions come in commit order, so a replica that has read up to N has everything up to N. It replaces single
values in place; where it cannot know what changed (its revision was trimmed, or the counter is behind it because a
backup was restored) it loads everything beside what it serves, and swaps.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence

from ostiary_server.metrics import Metrics
from ostiary_server.replica.backoff import Backoff
from ostiary_server.replica.directory import Directory
from ostiary_state.applications.application import Application
from ostiary_state.errors import StoreUnavailable
from ostiary_state.intent import Kind
from ostiary_state.runtime.issuer import Issuer
from ostiary_state.store.applications import Applications
from ostiary_state.store.changes import Change, Changes
from ostiary_state.store.registered_clients import registered_client
from ostiary_state.store.registrations import Registrations

POLL_LISTENING = 3.0  # seconds between looks while notifications arrive: they are only the net beneath
AGAIN = 100  # revisions that are read once more after a connection was lost
POLL_DEAF = 0.25  # seconds between looks where there are none (SQLite, or a pooler that swallows them)

log = logging.getLogger(__name__)


class Following:
    """One replica's loop. `applied` rises only after every change up to it is served."""

    def __init__(
        self,
        changes: Changes,
        applications: Applications,
        registrations: Registrations,
        directory: Directory,
        *,
        prepare: Callable[[Iterable[tuple[str, str]]], Awaitable[None]],
        keys_changed: Callable[[Iterable[str]], Awaitable[None]],
        on_applied: Callable[[], None],
        listening: Callable[[], bool],
        clock: Callable[[], float],
        metrics: Metrics,
        poll_listening: float = POLL_LISTENING,
        poll_deaf: float = POLL_DEAF,
    ) -> None:
        self._changes = changes
        self._applications = applications
        self._registrations = registrations
        self._directory = directory
        self._prepare = prepare
        self._keys_changed = keys_changed
        self._on_applied = on_applied
        self._listening = listening
        self._clock = clock
        self._metrics = metrics
        self._poll_listening = poll_listening
        self._poll_deaf = poll_deaf
        self._woken = asyncio.Event()
        self._doubtful = False
        self.applied = 0
        self.loaded = asyncio.Event()
        self.confirmed_at: float | None = None  # when the store last said that `applied` is the newest

    def wake(self) -> None:
        """Something was written: look now."""
        self._woken.set()

    def reconnected(self) -> None:
        """This may be another primary, which has lost its last revisions and given their numbers to others: read the
        last ones again. Where it has given out fewer than it lost, the counter is behind, and all is loaded."""
        self._doubtful = True
        self.wake()

    async def run(self) -> None:
        """For ever. While the database is away what was loaded is served as it is."""
        backoff = Backoff()
        while True:
            self._woken.clear()
            try:
                await self.advance()
            except StoreUnavailable as error:
                self._doubtful = True
                self._metrics.store_errors.labels("following").inc()
                if not backoff.failing:
                    log.warning("the database is away; serving revision %d from memory: %s", self.applied, error)
                wait = backoff.failed()
            else:
                if backoff.succeeded():
                    log.info("the database is back; serving revision %d", self.applied)
                wait = self._poll_listening if self._listening() else self._poll_deaf
            try:
                async with asyncio.timeout(wait):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def advance(self) -> None:
        """Serve what the store says now. Raises StoreUnavailable; what was served before is served on."""
        behind = True
        while behind:
            doubtful, self._doubtful = self._doubtful, False
            after = max(0, self.applied - AGAIN) if doubtful else self.applied
            following = await self._changes.since(after) if self.loaded.is_set() else None
            if following is None or following.reload or following.current < self.applied:
                await self._load()
                break
            await self._apply(following.changes)
            behind = following.through < following.current
            if following.through > self.applied:
                self._serves(following.through)
        self.confirmed_at = self._clock()

    async def _load(self) -> None:
        fresh = Directory()
        revision = await self._applications.load_into(fresh)
        for registration in await self._registrations.load_all():
            fresh.put_registration(registration)  # read after the revision, so none up to it is missing
        if self.loaded.is_set():  # among what was missed may be keys that somebody replaced
            await self._keys_changed(issuer.id for issuer in fresh.issuers())
        await self._prepare(signed_with(fresh.issuers(), fresh.applications()))
        self._directory.become(fresh)
        if self.loaded.is_set():
            self._metrics.reloads.inc()
            log.warning("loaded everything again: revision %d instead of %d", revision, self.applied)
        else:
            log.info("loaded %d applications at revision %d", len(fresh), revision)
        self._serves(revision)
        self.loaded.set()

    async def _apply(self, changes: Sequence[Change]) -> None:
        """Changes of users are not ours: people are read at sign-in, and `revocations` ends what they held."""
        issuer_ids = sorted({change.id for change in changes if change.kind is Kind.ISSUER})
        changed = {change.id for change in changes if change.kind is Kind.APPLICATION}
        client_ids = sorted(filter(None, map(registered_client, changed)))
        application_ids = sorted(each for each in changed if registered_client(each) is None)
        issuers = await self._applications.load_issuers(issuer_ids) if issuer_ids else ()
        applications = await self._applications.load(application_ids) if application_ids else {}
        registrations = await self._registrations.load(client_ids) if client_ids else {}
        await self._keys_changed(issuer_ids)
        present = [application for application in applications.values() if application is not None]
        # Before the directory knows an application its keys exist, so that no request waits for one to be made.
        await self._prepare(signed_with(issuers, present))
        for issuer_id in set(issuer_ids) - {issuer.id for issuer in issuers}:
            self._directory.remove_issuer(issuer_id)
        for issuer in issuers:
            self._directory.put_issuer(issuer)
        for application_id, application in applications.items():
            if application is None:
                self._directory.remove_application(application_id)
            else:
                self._directory.put_application(application)
        for client_id, registration in registrations.items():
            if registration is None:
                self._directory.remove_registration(client_id)
            else:
                self._directory.put_registration(registration)

    def _serves(self, revision: int) -> None:
        self.applied = revision
        self._on_applied()


def signed_with(issuers: Iterable[Issuer], applications: Iterable[Application]) -> set[tuple[str, str]]:
    """Which issuer signs with which algorithms: RS256 always, as discovery promises it, and what applications say."""
    served = [issuer.id for issuer in issuers if issuer.retired_at is None]
    pairs = {(issuer_id, "RS256") for issuer_id in served}
    for application in applications:
        pairs.add((application.issuer_id, application.signing_algorithm))
        pairs.add((application.issuer_id, application.id_token_algorithm))
    return pairs
