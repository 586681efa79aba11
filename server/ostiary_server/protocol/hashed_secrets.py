"""Client secrets of which only another product's hash is known: compared once, the slow way, and then like any other.

What a client presents is compared with such a hash in the bounded pool that passwords have. The first that matches is
remembered by its SHA-256, which is all that later requests are compared with.
"""

from collections.abc import Callable
from typing import Protocol

from ostiary_server.protocol.errors import TemporarilyUnavailable
from ostiary_server.protocol.throttle import Throttle, Throttled
from ostiary_server.protocol.tokens import digest_of
from ostiary_state.applications.application import Application
from ostiary_state.applications.credentials import ClientCredential

Key = tuple[str, str, str]  # application id, incarnation, credential id


class SlowComparison(Protocol):
    """Off the event loop, so many at a time."""

    async def matches_hash(self, secret_hash: str, secret: str) -> bool:
        """Raises TemporarilyUnavailable when too many wait."""


class HashedSecrets:
    """What was verified, of all applications; bounded by the number of their secrets."""

    def __init__(
        self,
        comparison: SlowComparison,
        *,
        verified: Callable[[Key, bytes], None] = lambda _key, _digest: None,
        throttle: Throttle | None = None,
    ) -> None:
        """`verified` is told of each secret that was verified the slow way, by its SHA-256."""
        self._comparison, self._verified = comparison, verified
        self._throttle = throttle or Throttle()
        self._digests: dict[Key, bytes] = {}

    def learn(self, key: Key, digest: bytes) -> None:
        """It was verified before, here or elsewhere."""
        self._digests[key] = digest

    def digest(self, application: Application, credential: ClientCredential) -> bytes:
        """What a presented secret's SHA-256 is to be compared with."""
        if not credential.hash:
            return credential.digest
        return self._digests.get((application.id, application.incarnation, credential.id), b"")

    async def matches(self, application: Application, secret: str, remote: str, now: float) -> bool:
        """Whether one of the hashes that nothing is known of yet is of this secret. Raises TemporarilyUnavailable."""
        for credential in application.credentials:
            key = (application.id, application.incarnation, credential.id)
            if not credential.hash or not credential.valid(now) or key in self._digests:
                continue
            try:
                self._throttle.admit(application.client_id, remote, now)
            except Throttled as throttled:
                raise TemporarilyUnavailable(str(throttled), retry_after=throttled.retry_after) from None
            if await self._comparison.matches_hash(credential.hash, secret):
                self._throttle.succeeded(application.client_id, remote)
                digest = digest_of(secret)
                self.learn(key, digest)
                self._verified(key, digest)
                return True
        return False
