"""Client secrets of which only another product's hash is known: compared once, the slow way, and then like any other.

What a client presents is compared with such a hash in a bounded pool like that of passwords. The first that matches is
remembered by its SHA-256, which is all that later requests are compared with, behind that of the hash.
"""

from collections.abc import Callable
from typing import Protocol

from ostiary_server.protocol.errors import TemporarilyUnavailable
from ostiary_server.protocol.throttle import Throttle, Throttled
from ostiary_server.protocol.tokens import digest_of
from ostiary_state.applications.application import Application
from ostiary_state.applications.credentials import ClientCredential

_SHA256 = 32  # bytes
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
        """`verified` is told of each secret that was verified the slow way: what `learn` is to be told later."""
        self._comparison, self._verified = comparison, verified
        self._throttle = throttle or Throttle()
        self._verified_before: dict[Key, bytes] = {}

    def learn(self, key: Key, remembered: bytes) -> None:
        """It was verified before, here or elsewhere."""
        self._verified_before[key] = remembered

    def digest(self, application: Application, credential: ClientCredential) -> bytes:
        """What a presented secret's SHA-256 is to be compared with."""
        return self._known(application, credential) if credential.hash else credential.digest

    async def matches(self, application: Application, secret: str, remote: str, now: float) -> bool:
        """Whether one of the hashes that nothing is known of yet is of this secret. Raises TemporarilyUnavailable.

        To be asked for a secret that nothing else is of: what is right must not count as a guess.
        """
        for credential in application.credentials:
            if not credential.hash or not credential.valid(now) or self._known(application, credential):
                continue
            try:
                self._throttle.admit(application.client_id, remote, now)
            except Throttled as throttled:
                raise TemporarilyUnavailable(str(throttled), retry_after=throttled.retry_after) from None
            if await self._comparison.matches_hash(credential.hash, secret):
                self._throttle.succeeded(application.client_id, remote)
                key, remembered = _key(application, credential), credential.digest + digest_of(secret)
                self.learn(key, remembered)
                self._verified(key, remembered)
                return True
        return False

    def _known(self, application: Application, credential: ClientCredential) -> bytes:
        """Only of this very hash: an id may come back with another, and the secret of before must not with it."""
        remembered = self._verified_before.get(_key(application, credential), b"")
        return remembered[_SHA256:] if remembered[:_SHA256] == credential.digest else b""


def _key(application: Application, credential: ClientCredential) -> Key:
    return application.id, application.incarnation, credential.id
