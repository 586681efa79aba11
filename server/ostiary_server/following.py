"""Keeps the directory equal to what the store says, a revision at a time, and never empties it.

Revisions come in commit order, so a replica that has read up to N has everything up to N. It replaces single
values in place; where it cannot know what changed (its revision was trimmed, or the counter is behind it because a
backup was restored) it loads everything beside what it serves, and swaps.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from ostiary_server.backoff import Backoff
from ostiary_server.directory import Directory
from ostiary_server.metrics import Metrics
from ostiary_state.applications.application import Application
from ostiary_state.errors import StoreUnavailable
from ostiary_state.runtime.issuer import Issuer
from ostiary_state.served import Changes, Everything

POLL_LISTENING = 3.0  # seconds between looks while notifications arrive: they are only the net beneath
POLL_DEAF = 0.25  # seconds between looks where there are none (SQLite, or a pooler that swallows them)

log = logging.getLogger(__name__)


class Feed(Protocol):
    """The store's side of following."""

    async def everything(self) -> Everything:
        """All issuers and applications with the revision that they show: one snapshot."""

    async def changes_after(self, revision: int) -> Changes | None:
        """What was written since, as it is now; None when that can no longer be told."""


class Following:
    """One replica's loop. `applied` rises only after every change up to it is served."""

    def __init__(
        self,
        feed: Feed,
        directory: Directory,
        *,
        prepare: Callable[[Iterable[tuple[str, str]]], Awaitable[None]],
        on_applied: Callable[[], None],
        listening: Callable[[], bool],
        clock: Callable[[], float],
        metrics: Metrics,
        poll_listening: float = POLL_LISTENING,
        poll_deaf: float = POLL_DEAF,
    ) -> None:
        self._feed = feed
        self._directory = directory
        self._prepare = prepare
        self._on_applied = on_applied
        self._listening = listening
        self._clock = clock
        self._metrics = metrics
        self._poll_listening = poll_listening
        self._poll_deaf = poll_deaf
        self._woken = asyncio.Event()
        self.applied = 0
        self.loaded = asyncio.Event()
        self.confirmed_at: float | None = None  # when the store last said that `applied` is the newest

    def wake(self) -> None:
        """Something was written: look now."""
        self._woken.set()

    async def run(self) -> None:
        """For ever. While the database is away what was loaded is served as it is."""
        backoff = Backoff()
        while True:
            self._woken.clear()
            try:
                await self.advance()
            except StoreUnavailable as error:
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
        changes = await self._feed.changes_after(self.applied) if self.loaded.is_set() else None
        if changes is None:
            await self._load()
        else:
            await self._apply(changes)
        self.confirmed_at = self._clock()

    async def _load(self) -> None:
        everything = await self._feed.everything()
        await self._prepare(signed_with(everything.issuers, everything.applications))
        self._directory.replace_all(everything.issuers, everything.applications)
        if self.loaded.is_set():
            self._metrics.reloads.inc()
            log.warning("loaded everything again: revision %d instead of %d", everything.revision, self.applied)
        else:
            log.info("loaded %d applications at revision %d", len(everything.applications), everything.revision)
        self.applied = everything.revision
        self.loaded.set()
        self._on_applied()

    async def _apply(self, changes: Changes) -> None:
        if changes.revision == self.applied:
            return
        # Before the directory knows an application its keys exist, so that no request waits for one to be made.
        await self._prepare(signed_with(changes.issuers, changes.applications))
        for issuer_id in changes.gone_issuers:
            self._directory.remove_issuer(issuer_id)
        for issuer in changes.issuers:
            self._directory.put_issuer(issuer)
        for application_id in changes.gone_applications:
            self._directory.remove_application(application_id)
        for application in changes.applications:
            self._directory.put_application(application)
        self.applied = changes.revision
        self._on_applied()


def signed_with(issuers: Iterable[Issuer], applications: Iterable[Application]) -> set[tuple[str, str]]:
    """Which issuer signs with which algorithms: RS256 always, as discovery promises it, and what applications say."""
    served = [issuer.id for issuer in issuers if issuer.retired_at is None]
    pairs = {(issuer_id, "RS256") for issuer_id in served}
    for application in applications:
        pairs.add((application.issuer_id, application.signing_algorithm))
        pairs.add((application.issuer_id, application.id_token_algorithm))
    return pairs
