"""What applications were seen to do, noted in memory and written every few seconds: no request waits for it.

Tells which of two secrets is still in use, so that the older one can be revoked when it is not, and which applications
are used at all.
"""

import asyncio
from collections.abc import Callable

from ostiary_server.metrics import Metrics
from ostiary_server.protocol.hashed_secrets import HashedSecrets, SlowComparison
from ostiary_state.applications.application import Application
from ostiary_state.applications.credentials import ClientCredential
from ostiary_state.errors import StoreUnavailable
from ostiary_state.intent import Use
from ostiary_state.store.uses import Uses

ROUND = 5.0  # seconds
SELDOM = 60.0  # seconds between two writes of what nobody waits for

_Key = tuple[str, str, str]  # application id, incarnation, credential id or ""


class NotedUses:
    """Of one replica. Bounded by the number of applications and their secrets."""

    def __init__(self, rows: Uses, comparison: SlowComparison, *, clock: Callable[[], float], metrics: Metrics) -> None:
        self._rows, self._clock, self._metrics = rows, clock, metrics
        self.hashed = HashedSecrets(comparison, verified=self._verified)
        self._seen: dict[_Key, tuple[float, bool]] = {}  # instant, and whether the operator waits to know it
        self._written: dict[_Key, float] = {}
        self._digests: dict[_Key, bytes] = {}

    def authenticated(self, application: Application, credential: ClientCredential) -> None:
        """By this secret, just now."""
        awaited = len(application.credentials) > 1
        self._seen[application.id, application.incarnation, credential.id] = (self._clock(), awaited)

    def issued(self, application: Application) -> None:
        """A token, just now."""
        self._seen[application.id, application.incarnation, ""] = (self._clock(), False)

    def _verified(self, key: _Key, digest: bytes) -> None:
        """A secret matched another product's hash: told to those who start after this."""
        self._digests[key] = digest
        self._seen[key] = (self._clock(), True)

    async def learn(self) -> None:
        """What was verified before, here or elsewhere; one that is not known is verified once more."""
        try:
            for use in await self._rows.verified():
                if use.digest is not None:
                    self.hashed.learn((use.application_id, use.incarnation, use.credential), use.digest)
        except StoreUnavailable:
            self._metrics.store_errors.labels("uses").inc()

    async def run(self, *, interval: float = ROUND) -> None:
        """For ever."""
        await self.learn()
        while True:
            await asyncio.sleep(interval)
            await self.write()

    async def write(self) -> None:
        """One round; a database that is away is only counted."""
        try:
            await self.round()
        except StoreUnavailable:
            self._metrics.store_errors.labels("uses").inc()

    async def round(self) -> int:
        """Write what is due; how many rows. Raises StoreUnavailable, and what was noted stays noted."""
        now = self._clock()
        self._written = {key: at for key, at in self._written.items() if now - at < SELDOM}
        due = {key: noted for key, noted in self._seen.items() if noted[1] or key not in self._written}
        if not due:
            return 0
        uses = [Use(*key, used_at=at, digest=self._digests.get(key)) for key, (at, _) in due.items()]
        await self._rows.record(uses, now)
        for key, noted in due.items():
            self._written[key] = now
            self._digests.pop(key, None)
            if self._seen.get(key) == noted:
                del self._seen[key]
        return len(due)
