"""Whether what was stored is served: compares each object's revision with what the live replicas have applied.

Alone computes `Serving` and `Ready`. Once true for a revision, `Serving` does not fall because a replica comes or
goes: an autoscaler must not rewrite every status.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ostiary_operator.cluster import ApiRefused
from ostiary_operator.reconcile.conditions import Reason, Type
from ostiary_operator.reconcile.outcome import Condition, Outcome, Truth, Verifiable, first_failing
from ostiary_operator.reconcile.secret_port import ClusterUnavailable
from ostiary_operator.status import StatusWriter, Target, not_ready
from ostiary_operator.verification import verified
from ostiary_state.errors import StoreUnavailable
from ostiary_state.intent import IntentStore, ServedRevision

logger = logging.getLogger(__name__)

_POLL = 0.05  # seconds while objects wait: most of the time from apply to Ready
_IDLE = 5.0  # seconds otherwise: to notice that no replica is live
_PATIENCE = 1.0  # seconds before an object is said to wait: most never get there, which saves a write each
_TOGETHER = 0.25  # seconds in which an object is expected to be served: what was decided waits to be sent with that
_ABSENCE = 30.0  # seconds without a live replica before statuses say so: longer than any restart
_SWEEP = 20.0  # statuses a second when all of them change at once
_AT_ONCE = 32  # writes at a time
_TRIES, _SOON, _LATER = 4, 0.5, 30.0  # of a credential that is refused, seconds between them, and after them

_READY = Condition(Type.READY, Truth.TRUE, Reason.READY)


class Verifier(Protocol):
    """Who tries credentials."""

    async def check(self, namespace: str, verifiable: Verifiable) -> Condition:
        """Whether this one authenticates."""


@dataclass(slots=True)
class _Expected:
    target: Target
    revision: int
    failing: Condition | None
    since: float  # when the change was seen
    stored: float  # when it was stored
    sent: bool = False  # status says what was decided
    announced: bool = False  # status says that it waits
    absent: bool = False  # status says that no replica is live
    verifiable: Verifiable | None = None
    tries: int = 0  # of its credential, since it is served
    try_at: float = 0.0  # not before


class ServingFollower:
    """Follows the replicas and says of every object whether it is served."""

    def __init__(
        self,
        store: IntentStore,
        status: StatusWriter,
        clock: Callable[[], float],
        served: Callable[[Target, float], None],
        store_is_back: Callable[[], None] = lambda: None,
        verifier: Verifier | None = None,
    ) -> None:
        """Without a `verifier` nothing is said of credentials."""
        self._verifier = verifier
        self._unverified: dict[str, _Expected] = {}
        self._store, self._status, self._clock, self._served = store, status, clock, served
        self._store_is_back = store_is_back
        self._waiting: dict[str, _Expected] = {}  # by uid
        self._settled: dict[str, _Expected] = {}
        self._wake = asyncio.Event()
        self._absent_since: float | None = None

    async def expect(self, target: Target, outcome: Outcome, since: float) -> None:
        """Report on what a reconcile came to. Raises ClusterUnavailable or ApiRefused."""
        failing = first_failing(outcome.conditions)
        if outcome.revision is None:
            self.forget(target.uid)
            nothing = Condition(Type.SERVING, Truth.FALSE, Reason.NOT_STORED, "nothing is stored to be served")
            await self._status.serving(target, nothing, not_ready(failing or nothing))
            return
        self._settled.pop(target.uid, None)
        expected = _Expected(target, outcome.revision, failing, since, self._clock())
        expected.verifiable = outcome.verifiable if self._verifier is not None else None
        self._unverified.pop(target.uid, None)
        if expected.verifiable is None:
            self._status.verified(target, None)
        self._waiting[target.uid] = expected
        if failing is not None:
            expected.sent = True
            await self._status.send(target)
        self._wake.set()

    async def undecided(self, target: Target, synced: Condition) -> None:
        """A failed write is never ready, whatever of it is served from before."""
        self.forget(target.uid)
        before = self._status.condition(target, Type.SERVING)
        serving = Condition(Type.SERVING, Truth.FALSE, Reason.NOT_STORED, "nothing is stored to be served")
        if before is not None:
            status, reason = Truth(before["status"]), Reason(before["reason"])
            serving = Condition(Type.SERVING, status, reason, before["message"])
        await self._status.serving(target, serving, not_ready(synced))

    def forget(self, uid: str) -> None:
        """The object is gone, or nothing of it is stored."""
        self._waiting.pop(uid, None)
        self._settled.pop(uid, None)
        self._unverified.pop(uid, None)

    async def run(self) -> None:
        """For ever. Asks a database that is away every second, so it is the first to know that it is back."""
        away = False
        while True:
            pause = _IDLE
            try:
                await self._look()
                pause = _POLL if self._waiting else _IDLE
                if away:
                    away = False
                    self._store_is_back()
            except StoreUnavailable:
                away, pause = True, 1.0
            except (ClusterUnavailable, ApiRefused) as error:
                logger.warning("cannot report what is served: %s", error)
                pause = 1.0
            await self._sleep(pause)

    async def _sleep(self, seconds: float) -> None:
        if seconds < _IDLE:
            await asyncio.sleep(seconds)
            return
        self._wake.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _look(self) -> None:
        served = await self._store.served()
        if served.minimum is None:
            await self._nobody()
            return
        self._absent_since = None
        for uid, expected in [item for item in self._settled.items() if item[1].absent]:
            del self._settled[uid]
            self._waiting[uid] = expected
        await self._reported(served)
        await self._tried_again()

    async def _reported(self, served: ServedRevision) -> None:
        due = list(self._waiting.values())
        for start in range(0, len(due), _AT_ONCE):
            writes = [self._report(each, served) for each in due[start : start + _AT_ONCE]]
            await asyncio.gather(*writes)

    async def _report(self, expected: _Expected, served: ServedRevision) -> None:
        minimum = served.minimum or 0
        if minimum >= expected.revision or self._was_served(expected):
            if not await self._verified(expected):
                await self._send_alone(expected)
                return
            news = await self._write(expected, _serving(expected.revision))
            if self._waiting.get(expected.target.uid) is expected:
                del self._waiting[expected.target.uid]
                self._settled[expected.target.uid] = expected
            if news and not expected.absent:
                self._served(expected.target, self._clock() - expected.since)
            expected.absent = False
        elif not expected.announced and self._clock() - expected.since > _PATIENCE:
            expected.announced = True
            text = f"revision {expected.revision}: a live replica still has {minimum}"
            await self._write(expected, Condition(Type.SERVING, Truth.FALSE, Reason.WAITING_FOR_REPLICAS, text))
        else:
            await self._send_alone(expected)

    async def _verified(self, expected: _Expected) -> bool:
        """Whether something can be said of its credential. One that is refused is tried again soon: a replica that
        is going may still answer."""
        verifiable, now = expected.verifiable, self._clock()
        if verifiable is None or self._verifier is None or self._was_verified(expected, verifiable):
            return True
        if now < expected.try_at:
            return False
        condition = await self._verifier.check(expected.target.key.namespace, verifiable)
        if condition.status is Truth.TRUE:
            self._status.verified(expected.target, condition)
            return True
        expected.tries += 1
        if condition.status is Truth.FALSE and expected.tries < _TRIES:
            expected.try_at = now + _SOON
            return False
        expected.try_at = now + _LATER
        self._status.verified(expected.target, condition)
        self._unverified[expected.target.uid] = expected
        return True

    def _was_verified(self, expected: _Expected, verifiable: Verifiable) -> bool:
        """True where status already says so of this revision: a restart need not try ten thousand."""
        before, now = self._status.condition(expected.target, Type.CREDENTIAL_VERIFIED), verified(verifiable)
        return before is not None and (before["status"], before["message"]) == (now.status, now.message)

    async def _tried_again(self) -> None:
        """Those that could not be told to authenticate, now and then."""
        now = self._clock()
        due = [each for each in self._unverified.values() if each.try_at <= now]
        for expected in due[:_AT_ONCE]:
            assert expected.verifiable is not None  # noqa: S101 - else it were not here
            assert self._verifier is not None  # noqa: S101
            expected.try_at = now + _LATER
            condition = await self._verifier.check(expected.target.key.namespace, expected.verifiable)
            if self._unverified.get(expected.target.uid) is not expected:
                continue
            self._status.verified(expected.target, condition)
            if condition.status is Truth.TRUE:
                del self._unverified[expected.target.uid]
            if expected.target.uid in self._settled:
                await self._write(expected, _serving(expected.revision))

    async def _send_alone(self, expected: _Expected) -> None:
        """What was decided, when the replicas take their time."""
        if not expected.sent and self._clock() - expected.stored > _TOGETHER:
            expected.sent = True
            await self._status.send(expected.target)

    def _was_served(self, expected: _Expected) -> bool:
        """True where status already says so of this revision: a replica that starts does not take that back."""
        before, now = self._status.condition(expected.target, Type.SERVING), _serving(expected.revision)
        return before is not None and (before["status"], before["message"]) == (now.status, now.message)

    async def _write(self, expected: _Expected, serving: Condition) -> bool:
        failing = expected.failing or (serving if serving.status is not Truth.TRUE else self._rejected(expected))
        return await self._status.serving(expected.target, serving, _READY if failing is None else not_ready(failing))

    def _rejected(self, expected: _Expected) -> Condition | None:
        """A credential that is known to be refused keeps it from being ready; one that could not be tried does not."""
        said = self._status.condition(expected.target, Type.CREDENTIAL_VERIFIED)
        if said is None or said["status"] != Truth.FALSE:
            return None
        return Condition(Type.CREDENTIAL_VERIFIED, Truth.FALSE, Reason(said["reason"]), said["message"])

    async def _nobody(self) -> None:
        now = self._clock()
        self._absent_since = now if self._absent_since is None else self._absent_since
        for expected in tuple(self._waiting.values()):
            await self._send_alone(expected)
        if now - self._absent_since < _ABSENCE:
            return
        nobody = Condition(Type.SERVING, Truth.UNKNOWN, Reason.NO_REPLICA, "no live replica has reported")
        for uid, expected in [*self._waiting.items(), *self._settled.items()]:
            if expected.absent:
                continue
            await self._write(expected, nobody)
            expected.absent = True
            self._waiting.pop(uid, None)
            self._settled[uid] = expected
            await asyncio.sleep(1 / _SWEEP)


def _serving(revision: int) -> Condition:
    return Condition(Type.SERVING, Truth.TRUE, Reason.SERVED, f"revision {revision} is served by every live replica")
