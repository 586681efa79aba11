"""The row is written on every change, at most twenty times a second, and every few seconds without one."""

import asyncio
from collections.abc import Callable

from ostiary_server.metrics import Metrics
from ostiary_server.replica.heartbeat import Heartbeat
from ostiary_state.errors import StoreUnavailable
from tests.server.polling import running, until


class FakeReplicas:
    def __init__(self) -> None:
        self.beats: list[tuple[str, int]] = []
        self.removed: list[str] = []
        self.away = False

    async def heartbeat(self, replica_id: str, applied_revision: int) -> None:
        if self.away:
            raise StoreUnavailable("away")
        self.beats.append((replica_id, applied_revision))

    async def remove(self, replica_id: str) -> None:
        if self.away:
            raise StoreUnavailable("away")
        self.removed.append(replica_id)


def heartbeat(replicas: FakeReplicas, applied: Callable[[], int], *, interval: float = 60.0) -> Heartbeat:
    return Heartbeat(replicas, "r1", applied, metrics=Metrics(), interval=interval, shortest=0.02)


async def test_a_change_is_told_at_once() -> None:
    replicas, served = FakeReplicas(), [7]
    beats = heartbeat(replicas, lambda: served[0])
    async with running(beats.run()):
        await until(lambda: replicas.beats == [("r1", 7)])
        served[0] = 8
        beats.changed()
        await until(lambda: replicas.beats[-1] == ("r1", 8))


async def test_a_burst_of_changes_is_told_in_few_writes_and_its_last_is_told() -> None:
    replicas, served = FakeReplicas(), [0]
    beats = heartbeat(replicas, lambda: served[0])
    async with running(beats.run()):
        for revision in range(1, 301):
            served[0] = revision
            beats.changed()
            if revision % 10 == 0:
                await asyncio.sleep(0)
        await until(lambda: replicas.beats[-1:] == [("r1", 300)])
    assert len(replicas.beats) < 10


async def test_without_a_change_the_row_is_renewed() -> None:
    replicas = FakeReplicas()
    async with running(heartbeat(replicas, lambda: 7, interval=0.05).run()):
        await until(lambda: len(replicas.beats) >= 3)


async def test_a_lost_database_ends_nothing_and_is_told_when_it_is_back() -> None:
    replicas = FakeReplicas()
    replicas.away = True
    beats = heartbeat(replicas, lambda: 7)
    async with running(beats.run()):
        await asyncio.sleep(0.05)
        assert replicas.beats == []
        replicas.away = False
        await until(lambda: replicas.beats == [("r1", 7)])


async def test_a_drained_replica_leaves_and_a_lost_database_does_not_keep_it() -> None:
    replicas = FakeReplicas()
    beats = heartbeat(replicas, lambda: 7)
    await beats.leave()
    assert replicas.removed == ["r1"]
    replicas.away = True
    await beats.leave()
