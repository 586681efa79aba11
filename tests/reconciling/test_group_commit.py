"""Concurrent reconciles share transactions, and none suffers from another."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from ostiary_operator.reconcile.writer import GroupCommit
from ostiary_state.errors import StoreUnavailable
from ostiary_state.intent import IntentConflict, IntentWrite, StoredApplication
from tests.fakes import MemoryDatabase
from tests.reconciling.fakes import ISSUER, Store


@dataclass(frozen=True)
class SlowStore(Store):
    """Commits when it is let."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def write(self, writes: Sequence[IntentWrite], *, fence: int, now: float) -> int:
        await self.gate.wait()
        return await Store.write(self, writes, fence=fence, now=now)


def _row(number: int, client_id: str | None = None) -> StoredApplication:
    return StoredApplication(f"shop/{number}", "uid", client_id or f"shop.{number}", ISSUER, "", {})


async def _writes(writer: GroupCommit, rows: Sequence[StoredApplication]) -> list[int | BaseException]:
    return await asyncio.gather(*(writer.write([row]) for row in rows), return_exceptions=True)


async def test_what_waits_goes_together() -> None:
    store = SlowStore()
    writer = GroupCommit(store, lambda: 1, lambda: 0.0)
    writing = asyncio.ensure_future(_writes(writer, [_row(number) for number in range(50)]))
    await asyncio.sleep(0)
    store.gate.set()
    revisions = await writing
    assert len(store.rows) == 50
    assert len(store.batches) <= 2
    assert all(isinstance(revision, int) for revision in revisions)


async def test_while_others_are_coming_those_that_arrive_one_after_the_other_share_a_transaction() -> None:
    store = Store()
    writer = GroupCommit(store, lambda: 1, lambda: 0.0, others_are_coming=lambda: True, patience=0.05)
    first = asyncio.ensure_future(writer.write([_row(0)]))
    await asyncio.sleep(0.01)
    second = asyncio.ensure_future(writer.write([_row(1)]))
    assert await first == await second
    assert len(store.batches) == 1


async def test_a_change_that_comes_alone_waits_for_nobody() -> None:
    store = Store()
    writer = GroupCommit(store, lambda: 1, lambda: 0.0, others_are_coming=lambda: False, patience=3600.0)
    async with asyncio.timeout(5):
        await writer.write([_row(0)])


async def test_a_batch_is_never_larger_than_allowed() -> None:
    store = Store()
    await _writes(GroupCommit(store, lambda: 1, lambda: 0.0, largest=10), [_row(number) for number in range(35)])
    assert [len(batch) for batch in store.batches] == [10, 10, 10, 5]


async def test_neighbours_of_a_conflict_are_written() -> None:
    store = Store()
    rows = [_row(0), _row(1, "same"), _row(2, "same"), _row(3)]
    results = await _writes(GroupCommit(store, lambda: 1, lambda: 0.0), rows)
    assert [type(result) for result in results] == [int, int, IntentConflict, int]
    assert set(store.rows) == {"shop/0", "shop/1", "shop/3"}


async def test_everyone_learns_that_the_database_is_away_and_the_next_try_works() -> None:
    store = Store(MemoryDatabase(away=True))
    writer = GroupCommit(store, lambda: 1, lambda: 0.0)
    assert [type(each) for each in await _writes(writer, [_row(0), _row(1)])] == [StoreUnavailable] * 2
    store.database.away = False
    assert await _writes(writer, [_row(0), _row(1)]) == [1, 1]


async def test_a_caller_that_gives_up_takes_nobody_along() -> None:
    store = SlowStore()
    writer = GroupCommit(store, lambda: 1, lambda: 0.0)
    leaver, stayer = (asyncio.ensure_future(writer.write([_row(number)])) for number in (0, 1))
    await asyncio.sleep(0)
    leaver.cancel()
    store.gate.set()
    assert await stayer == 1
    with pytest.raises(asyncio.CancelledError):
        await leaver


async def test_the_fence_is_read_when_the_transaction_begins() -> None:
    store, fences = Store(), iter((3, 4))
    writer = GroupCommit(store, lambda: next(fences), lambda: 0.0)
    await writer.write([_row(0)])
    await writer.write([_row(1)])
    assert store.database.fence == 4
