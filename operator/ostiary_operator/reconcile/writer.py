"""Where reconciling writes intent: concurrent reconciles share a transaction (group commit).

The revision is one locked row, so transactions queue behind each other; what arrives while one is on its way goes
together into the next. While others are on their way a transaction also waits a moment for them: each one costs the
operator, the database and every replica that follows it as much as it holds. A batch that conflicts is written again
one by one: a neighbour must not suffer.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ostiary_state.intent import IntentConflict, IntentStore, IntentWrite


class IntentWriter(Protocol):
    """Write one object's rows, all or nothing."""

    async def write(self, writes: Sequence[IntentWrite]) -> int:
        """The revision that holds them. Raises IntentConflict, StaleWriter or StoreUnavailable."""


@dataclass(slots=True, eq=False)
class _Batch:
    members: list[Sequence[IntentWrite]] = field(default_factory=list)
    commit: asyncio.Task[int] | None = None


@dataclass(slots=True, eq=False)
class GroupCommit:
    """An IntentWriter over one store, for one event loop."""

    store: IntentStore
    fence: Callable[[], int]  # the Lease's transition count; 0 without a Lease
    now: Callable[[], float]
    others_are_coming: Callable[[], bool] = lambda: False
    patience: float = 0.1  # seconds that a transaction waits for them; a change that comes alone does not wait
    largest: int = 100  # objects in a transaction: enough that commits no longer matter, few enough to answer soon
    _open: _Batch | None = None  # waits for the transaction on its way; takes more meanwhile
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def write(self, writes: Sequence[IntentWrite]) -> int:
        """One object's rows, with whatever else is waiting. Cancelling a caller does not cancel its neighbours."""
        batch = self._open
        if batch is None or len(batch.members) >= self.largest:
            batch = self._open = _Batch()
            batch.commit = asyncio.create_task(self._commit(batch))
        batch.members.append(writes)
        assert batch.commit is not None  # noqa: S101 - for the type checker
        try:
            return await asyncio.shield(batch.commit)
        except IntentConflict:
            if len(batch.members) == 1:
                raise
            return await self._alone(writes)

    async def _commit(self, batch: _Batch) -> int:
        async with self._turn:
            if self.others_are_coming():
                await asyncio.sleep(self.patience)
            if self._open is batch:
                self._open = None
            rows = [write for member in batch.members for write in member]
            return await self.store.write(rows, fence=self.fence(), now=self.now())

    async def _alone(self, writes: Sequence[IntentWrite]) -> int:
        async with self._turn:
            return await self.store.write(writes, fence=self.fence(), now=self.now())
