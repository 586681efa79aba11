"""Replaces a client secret without an outage.

The new one is stored first, so that every replica accepts it before anybody can read it from the Secret; the one before
goes on counting for the overlap. In between the new one is in the memory of this process alone: where that dies, what
was stored is a digest that nobody can use, and is forgotten.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from ostiary_operator.reconcile.outcome import Notice
from ostiary_operator.reconcile.secret_history import History
from ostiary_operator.reconcile.writer import IntentWriter
from ostiary_state.applications.credentials import ClientCredential, current_of, digest_of_secret
from ostiary_state.applications.rotation_schedule import due_at
from ostiary_state.intent import IntentStore, StoredApplication

_PATIENCE = 10.0  # seconds for every replica to know the new secret; then it is tried again from the start
_LOOK = 0.05
_AT_ONCE = 8  # that wait for replicas, of all that the operator works on at a time: one replica that is slow must not
# stop everything else


class ReplicasBehind(Exception):
    """Not every replica has heard of the new secret in time: the old one stays where it is."""


@dataclass(slots=True)
class Turns:
    """Lets one secret of all be replaced by schedule at a time, and the next a while later."""

    spacing: float  # seconds
    clock: Callable[[], float] = time.monotonic
    waiting: int = 0  # replacements that wait for replicas now
    _next: float = field(default=float("-inf"))

    @property
    def free(self) -> bool:
        """Whether the next may be taken."""
        return self.clock() >= self._next

    def take(self) -> bool:
        """True: this one's."""
        if not self.free:
            return False
        self._next = self.clock() + self.spacing
        return True

    def give_back(self) -> None:
        """It came to nothing: one that never succeeds must not take the turns of the others."""
        self._next = self.clock()


@dataclass(frozen=True, slots=True)
class Rotated:
    """What is stored after a replacement."""

    row: StoredApplication
    revision: int
    notice: Notice


@dataclass(frozen=True, slots=True)
class Rotations:
    """Replaces secrets that are due, one application at a time."""

    store: IntentStore
    writer: IntentWriter
    turns: Turns
    new_secret: Callable[[], str]
    now: Callable[[], float]

    async def rotate(
        self, row: StoredApplication, history: History, put: Callable[[str], Awaitable[None]]
    ) -> Rotated | None:
        """None where its secret is not due, or others are before it. `put` writes a secret into the Secret.

        Raises what `put` and the store raise, and ReplicasBehind: nothing is lost, try again.
        """
        current = current_of(row.credentials)
        if current is None:
            return None
        asked = history.asked_for(current)
        if not asked and not self._is_due(row, self.now()):
            return None
        if self.turns.waiting >= _AT_ONCE:
            raise ReplicasBehind(f"{_AT_ONCE} secrets wait already for every replica to know them")
        if not asked and not self.turns.take():
            return None
        self.turns.waiting += 1
        try:
            return await self._replace(row, current, history, put, asked=asked)
        except BaseException:
            if not asked:
                self.turns.give_back()
            raise
        finally:
            self.turns.waiting -= 1

    async def _replace(
        self,
        row: StoredApplication,
        current: ClientCredential,
        history: History,
        put: Callable[[str], Awaitable[None]],
        *,
        asked: bool,
    ) -> Rotated:
        secret = self.new_secret()
        pending = history.pending(row.credentials, digest_of_secret(secret.encode()), self.now())
        revision = await self.writer.write([replace(row, credentials=(*row.credentials, pending))])
        await self._served(revision)
        await put(secret)
        now = self.now()
        settled = history.settled((*row.credentials, pending), pending.digest, now)
        due = due_at(history.rotation, settled[-1].created_at, now)
        rotated = replace(row, credentials=settled, rotate_at=due)
        earlier = [each for each in settled if not each.current]
        until = f"; secret {earlier[-1].id} counts for another {_hours(earlier[-1].expires_at, now)}" if earlier else ""
        why = "as asked" if asked else "by schedule"
        notice = Notice("SecretRotated", f"secret {pending.id} follows secret {current.id}, {why}{until}")
        return Rotated(rotated, await self.writer.write([rotated]), notice)

    def _is_due(self, row: StoredApplication, now: float) -> bool:
        return row.rotate_at is not None and row.rotate_at <= now and row.spec.get("enabled", True) is True

    async def _served(self, revision: int) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                while True:
                    served = await self.store.served()
                    if served.minimum is None or served.minimum >= revision:
                        return
                    await asyncio.sleep(_LOOK)
        except TimeoutError:
            raise ReplicasBehind(f"revision {revision} is not served by every replica") from None


def _hours(until: float | None, now: float) -> str:
    minutes = max(0, round(((until or now) - now) / 60))
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes}m" if minutes else f"{hours}h"
