"""Follows the revocation set, and counts a revocation of this replica's own at once."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Protocol

from ostiary_server.backoff import Backoff
from ostiary_server.metrics import Metrics
from ostiary_server.protocol import ports
from ostiary_server.revocation_set import RevokedKeys
from ostiary_state.errors import StoreUnavailable
from ostiary_state.runtime.revocation import Revocation

POLL = 0.5  # seconds; another replica's revocation must count within one second
OVERLAP = 15.0  # seconds read again: a transaction may commit that long after the time that it wrote into its row

log = logging.getLogger(__name__)


class RevocationFeed(Protocol):
    """The store's side: the rows, and what users and applications with a recent `not_before` or tombstone amount to."""

    async def recorded_since(self, instant: float) -> tuple[float, Iterable[Revocation]]:
        """What was recorded at or after `instant` (0: all of it), and the present instant, by the database's clock."""


class FollowedRevocations:
    """One replica's loop. While the database is away the last set counts, and its age is told."""

    def __init__(
        self,
        feed: RevocationFeed,
        revoked: RevokedKeys,
        *,
        clock: Callable[[], float],
        metrics: Metrics,
        poll: float = POLL,
    ) -> None:
        self._feed = feed
        self._revoked = revoked
        self._clock = clock
        self._metrics = metrics
        self._poll = poll
        self._read_until = 0.0
        self.loaded = asyncio.Event()
        self.confirmed_at: float | None = None

    async def run(self) -> None:
        """For ever."""
        backoff = Backoff(longest=1.0)
        while True:
            try:
                await self.advance()
            except StoreUnavailable:
                self._metrics.store_errors.labels("revocations").inc()
                await asyncio.sleep(backoff.failed())
            else:
                backoff.succeeded()
                await asyncio.sleep(self._poll)

    async def advance(self) -> None:
        """Read what is new. Raises StoreUnavailable."""
        instant, recorded = await self._feed.recorded_since(max(0.0, self._read_until - OVERLAP))
        self._revoked.add_all(recorded)
        self._revoked.forget_expired(self._clock())
        self._read_until = instant
        self.confirmed_at = self._clock()
        self.loaded.set()


class CountedAtOnce:
    """Wraps a port that revokes: the revocation is written, then counts here before the answer is sent."""

    def __init__(self, revocations: ports.Revocations, revoked: RevokedKeys) -> None:
        self._revocations = revocations
        self._revoked = revoked

    async def add(self, revocation: Revocation) -> None:
        """The protocol's `Revocations`."""
        await self._revocations.add(revocation)
        self._revoked.add(revocation)
