"""Whether what was stored is served: compares each object's revision with what the live replicas have applied.

Alone computes `Serving` and `Ready`. Once true for a revision, `Serving` does not fall because a replica comes or
goes: an autoscaler must not rewrite every status.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from ostiary_operator.cluster import ApiRefused
from ostiary_operator.reconcile.conditions import Reason, Type
from ostiary_operator.reconcile.outcome import Condition, Outcome, Truth, first_failing
from ostiary_operator.reconcile.secret_port import ClusterUnavailable
from ostiary_operator.status import StatusWriter, Target, not_ready
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

_READY = Condition(Type.READY, Truth.TRUE, Reason.READY)


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


class ServingFollower:
    """Follows the replicas and says of every object whether it is served."""

    def __init__(
        self,
        store: IntentStore,
        status: StatusWriter,
        clock: Callable[[], float],
        served: Callable[[Target, float], None],
        store_is_back: Callable[[], None] = lambda: None,
    ) -> None:
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

    async def _reported(self, served: ServedRevision) -> None:
        due = list(self._waiting.values())
        for start in range(0, len(due), _AT_ONCE):
            writes = [self._report(each, served) for each in due[start : start + _AT_ONCE]]
            await asyncio.gather(*writes)

    async def _report(self, expected: _Expected, served: ServedRevision) -> None:
        minimum = served.minimum or 0
        if minimum >= expected.revision or self._was_served(expected):
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
        failing = expected.failing or (serving if serving.status is not Truth.TRUE else None)
        return await self._status.serving(expected.target, serving, _READY if failing is None else not_ready(failing))

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
