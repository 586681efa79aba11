"""One scheduler for the secrets of all applications, over the database: no task and no timer an application.

It only puts applications on the worklist; what is to be done is decided there, from what is stored, so whatever dies
here or in between is taken up again by the next look.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from ostiary_operator.objects import Key, ObjectKind
from ostiary_operator.reconcile.rotating import Turns
from ostiary_operator.reconcile.secret_history import History
from ostiary_operator.worklist import Worklist
from ostiary_state.applications.credentials import current_of
from ostiary_state.applications.rotation_spec import RotationSpec
from ostiary_state.errors import StoreUnavailable
from ostiary_state.intent import IntentStore, StoredApplication

logger = logging.getLogger(__name__)

_LOOK = 5.0  # seconds
_AGAIN = 60.0  # seconds until one is looked at again that was and still is as before: disabled, suspended, refused
_MANY = 100  # applications that one look puts on the list, where nothing spaces them


class Overlaps(Protocol):
    """Who follows applications with several secrets."""

    async def follow(self, rows: Sequence[StoredApplication], uses: Mapping[str, Mapping[str, float]]) -> None:
        """All of them, with when each of their secrets was used last, by application and by id."""


class RotationScheduler:
    """Finds secrets that are due, and those that may go."""

    def __init__(
        self, store: IntentStore, worklist: Worklist, turns: Turns, overlaps: Overlaps, now: Callable[[], float]
    ) -> None:
        self._store, self._worklist, self._turns = store, worklist, turns
        self._overlaps, self._now = overlaps, now
        self._tried: dict[str, float] = {}  # when those that are due were put on the list last
        self._ended: dict[str, float] = {}  # the same of those of which a secret may go

    async def run(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(_LOOK)
            try:
                await self.once()
            except StoreUnavailable as error:
                logger.warning("cannot look for secrets that are due: %s", error)

    async def once(self) -> None:
        """One look: three statements, however many applications there are."""
        now = self._now()
        if self._turns.free:
            await self._look_for_due(now)
        rows = await self._store.overlapping()
        uses: dict[str, dict[str, float]] = {row.id: {} for row in rows}
        incarnations = {row.id: row.incarnation for row in rows}
        for use in await self._store.uses(tuple(uses)):
            if use.incarnation == incarnations[use.application_id]:
                uses[use.application_id][use.credential] = use.used_at
        may_go = [row.id for row in rows if _may_go(row, uses[row.id], now)]
        self._ended = {row_id: self._ended[row_id] for row_id in may_go if row_id in self._ended}
        for row_id in may_go:
            if now - self._ended.get(row_id, float("-inf")) >= _AGAIN:
                self._ended[row_id] = now
                self._look_again(row_id)
        await self._overlaps.follow(rows, uses)

    async def _look_for_due(self, now: float) -> None:
        """Those first that were not tried yet: one that stays due for ever must not keep others from their turn."""
        due = await self._store.rotations_due(now, _MANY + len(self._tried))
        self._tried = {row_id: self._tried[row_id] for row_id in due if row_id in self._tried}
        never = float("-inf")
        ready = [row_id for row_id in due if now - self._tried.get(row_id, never) >= _AGAIN]
        ready.sort(key=lambda row_id: self._tried.get(row_id, never))
        for row_id in ready[: 1 if self._turns.spacing else _MANY]:
            self._tried[row_id] = now
            self._look_again(row_id)

    def _look_again(self, row_id: str) -> None:
        self._worklist.add(Key.of_row(ObjectKind.APPLICATION, row_id), quiet=True)


def _may_go(row: StoredApplication, uses: Mapping[str, float], now: float) -> bool:
    """Whether one of its secrets has ended, or is proven unused."""
    if any(not each.valid(now) for each in row.credentials):
        return True
    current = current_of(row.credentials)
    if current is None:
        return False
    history = History(rotation_of(row), uses=uses)
    return any(history.unused(each, current, now) for each in row.credentials if not each.current)


def rotation_of(row: StoredApplication) -> RotationSpec | None:
    """As its manifest has it; members of a newer version are ignored."""
    rotation = row.spec.get("rotation")
    return None if rotation is None else RotationSpec.model_validate(rotation, extra="ignore")
