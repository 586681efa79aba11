"""Follows the revocation set, and counts what this replica revokes itself at once."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from ostiary_server.metrics import Metrics
from ostiary_server.replica.backoff import Backoff
from ostiary_server.replica.revocation_set import RevokedKeys
from ostiary_state.errors import StoreUnavailable
from ostiary_state.runtime.logout import Announce, Participant, to_nobody
from ostiary_state.runtime.revocation import Revocation
from ostiary_state.store.database import Database
from ostiary_state.store.grants import Grants
from ostiary_state.store.holdings import Holdings
from ostiary_state.store.revocations import Revocations
from ostiary_state.store.sessions import Sessions

POLL = 0.5  # seconds; another replica's revocation must count within one second
OVERLAP = 15.0  # seconds read again: a transaction may commit that long after the time that it wrote into its row

log = logging.getLogger(__name__)


class FollowedRevocations:
    """One replica's loop. While the database is away the last set counts, and its age is told."""

    def __init__(
        self,
        rows: Revocations,
        revoked: RevokedKeys,
        *,
        clock: Callable[[], float],
        metrics: Metrics,
        poll: float = POLL,
    ) -> None:
        self._rows = rows
        self._revoked = revoked
        self._clock = clock
        self._metrics = metrics
        self._poll = poll
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
        now = self._clock()
        if self.confirmed_at is None:
            recorded = await self._rows.load_active(now)
        else:
            recorded = await self._rows.recent(now - self.confirmed_at + OVERLAP, now)
        self._revoked.add_all(recorded)
        self._revoked.forget_expired(now)
        self.confirmed_at = now
        self.loaded.set()


class RevocationsCountedAtOnce(Revocations):
    """Written first, then counted here before the answer is sent; other replicas follow within a second."""

    def __init__(self, database: Database, revoked: RevokedKeys) -> None:
        super().__init__(database)
        self._revoked = revoked

    async def add(self, revocation: Revocation) -> None:
        await super().add(revocation)
        self._revoked.add(revocation)


class GrantsCountedAtOnce(Grants):
    """The same for grants that are revoked."""

    def __init__(self, database: Database, revoked: RevokedKeys) -> None:
        super().__init__(database)
        self._revoked = revoked

    async def revoke(self, grant_id: str, revocation: Revocation, now: float) -> None:
        await super().revoke(grant_id, revocation, now)
        self._revoked.add(revocation)


class HoldingsCountedAtOnce(Holdings):
    """The same for all that a person takes back from an application."""

    def __init__(self, database: Database, revoked: RevokedKeys) -> None:
        super().__init__(database)
        self._revoked = revoked

    async def withdraw(
        self, issuer_id: str, user_id: str, user_incarnation: str, client_id: str, until: float, now: float
    ) -> Sequence[Revocation]:
        ended = await super().withdraw(issuer_id, user_id, user_incarnation, client_id, until, now)
        self._revoked.add_all(ended)
        return ended


class SessionsCountedAtOnce(Sessions):
    """The same for sessions that are ended."""

    def __init__(self, database: Database, revoked: RevokedKeys) -> None:
        super().__init__(database)
        self._revoked = revoked

    async def end(
        self, session_id: str, revocation: Revocation, now: float, announce: Announce = to_nobody
    ) -> Sequence[Participant]:
        participants = await super().end(session_id, revocation, now, announce)
        self._revoked.add(revocation)
        return participants
