"""Says in status what is used: which secrets, whether a token was issued lately, which applications nobody needs.

Coarse on purpose: a write of status is the dearest thing that the API server knows, and these say the same for hours.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from ostiary_operator.cluster import ApiRefused
from ostiary_operator.objects import Key, ObjectKind
from ostiary_operator.reconcile.conditions import Reason, Type
from ostiary_operator.reconcile.outcome import Condition, Truth
from ostiary_operator.reconcile.secret_port import ClusterUnavailable
from ostiary_operator.restarts import Restarts
from ostiary_operator.rotation import rotation_of
from ostiary_operator.status import StatusWriter
from ostiary_operator.usage_status import Usage
from ostiary_state.applications.credentials import current_of
from ostiary_state.applications.rotation_spec import RestartSpec
from ostiary_state.errors import StoreUnavailable
from ostiary_state.intent import IntentStore, StoredApplication

logger = logging.getLogger(__name__)

_ROUND = 600.0  # seconds between looks at everything
_FINE, _COARSE = 300.0, 3600.0  # seconds by which status lags: while secrets overlap, and else
_SPREAD = 0.05  # seconds between writes: 20 a second


@dataclass(frozen=True, slots=True)
class UsageReport:
    """Satisfies `rotation.Overlaps`."""

    store: IntentStore
    status: StatusWriter
    restarts: Restarts
    now: Callable[[], float]
    unused_after: float  # seconds without a token until an application is said to be unused; 0: never
    counted: Callable[[int], None]  # how many of them there are

    async def follow(self, rows: Sequence[StoredApplication], uses: Mapping[str, Mapping[str, float]]) -> None:
        """What is said while one secret follows another; rolls what reads it only when it starts."""
        rolling: set[str] = set()
        for row in rows:
            rotation = rotation_of(row)
            workloads = rotation.restart if rotation is not None else ()
            if workloads:
                rolling.add(row.id.partition("/")[0])
            await self._quietly(row.id, partial(self._overlapping, row, uses[row.id], workloads))
        await self._quietly("restarts", partial(self.restarts.keep, frozenset(rolling)))

    async def run(self) -> None:
        """For ever."""
        await self._quietly("restarts", self.restarts.take_over)
        while True:
            await asyncio.sleep(_ROUND)
            try:
                await self.once()
            except StoreUnavailable as error:
                logger.warning("cannot tell what is used: %s", error)

    async def once(self) -> None:
        """One look at everything: two statements, and a write for each status that is news."""
        noted: dict[tuple[str, str], dict[str, float]] = {}
        for use in await self.store.uses_since(0.0):
            noted.setdefault((use.application_id, use.incarnation), {})[use.credential] = use.used_at
        unused = 0
        for row in await self.store.applications():
            uses = noted.get((row.id, row.incarnation), {})
            unused += await self._look(row, uses)
        self.counted(unused)

    async def _look(self, row: StoredApplication, uses: Mapping[str, float]) -> bool:
        key = _key(row)
        age = self.status.age(key, row.incarnation, self.now())
        if age is None or "registeredBy" in row.spec:  # not seen yet, or the servers remove it themselves
            return False
        issued = uses.get("")
        idle = age if issued is None else self.now() - issued
        unused = 0 < self.unused_after <= idle
        conditions = [_unused(issued, self.unused_after)] if unused else []
        if self.status.used(key, row.incarnation, Usage(uses, issued, _COARSE), {Type.UNUSED: conditions}):
            await self._quietly(row.id, partial(self._send, key, row))
            await asyncio.sleep(_SPREAD)
        return unused

    async def _overlapping(
        self, row: StoredApplication, uses: Mapping[str, float], workloads: tuple[RestartSpec, ...]
    ) -> None:
        current = current_of(row.credentials)
        conditions: dict[Type, list[Condition]] = {Type.PREVIOUS_SECRET_STILL_IN_USE: _still_in_use(row, uses)}
        if current is not None and workloads:
            conditions[Type.WORKLOADS_RESTARTED] = [await self.restarts.step(row, current, workloads)]
        key = _key(row)
        if self.status.used(key, row.incarnation, Usage(uses, uses.get(""), _FINE), conditions):
            await self._send(key, row)

    async def _send(self, key: Key, row: StoredApplication) -> None:
        await self.status.send_of(key, row.incarnation)

    async def _quietly(self, what: str, work: Callable[[], Awaitable[None]]) -> None:
        """What goes wrong here is tried again with the next look."""
        try:
            await work()
        except (ClusterUnavailable, ApiRefused) as error:
            logger.warning("cannot report on %s: %s", what, error)


def _key(row: StoredApplication) -> Key:
    return Key.of_row(ObjectKind.APPLICATION, row.id)


def _still_in_use(row: StoredApplication, uses: Mapping[str, float]) -> list[Condition]:
    """Of the secrets before the current one."""
    current = current_of(row.credentials)
    since = current.created_at if current is not None else 0.0
    earlier = [each.id for each in row.credentials if each.expires_at is not None]
    used = [secret for secret in earlier if uses.get(secret, 0.0) > since]
    if not earlier:
        return []
    if not used:
        text = "no secret but the one in the Secret has been used since that came"
        return [Condition(Type.PREVIOUS_SECRET_STILL_IN_USE, Truth.FALSE, Reason.UNUSED, text)]
    text = f"secret {', '.join(used)} has been used since secret {current.id if current else '?'} followed it"
    return [Condition(Type.PREVIOUS_SECRET_STILL_IN_USE, Truth.TRUE, Reason.STILL_IN_USE, text)]


def _unused(issued: float | None, after: float) -> Condition:
    days = round(after / 86400)
    what = "no token was ever issued to it" if issued is None else f"no token was issued to it for {days} days"
    text = f"{what}: delete it, or set enabled to false, if nobody needs it"
    return Condition(Type.UNUSED, Truth.TRUE, Reason.NO_TOKEN_ISSUED, text)
