"""Expired rows go in small batches until nothing is left, and a lost database ends nothing."""

from collections.abc import Mapping

from prometheus_client import generate_latest

from ostiary_server.metrics import Metrics
from ostiary_server.replica.sweeping import Sweeping
from ostiary_state.errors import StoreUnavailable
from tests.server.polling import running, until


class FakeSweeper:
    def __init__(self, expired: int) -> None:
        self.expired = expired
        self.largest = 0
        self.away = False

    async def sweep(self, now: float, limit: int) -> Mapping[str, int]:
        if self.away:
            raise StoreUnavailable("away")
        removed = min(limit, self.expired) if now >= 100.0 else 0
        self.expired -= removed
        self.largest = max(self.largest, removed)
        return {"grants": removed, "sessions": 0}


def sweeping(sweeper: FakeSweeper, metrics: Metrics) -> Sweeping:
    return Sweeping(
        sweeper, clock=lambda: 100.0, metrics=metrics, interval=0.01, batch=10, pause=0.0, chance=lambda: 0.5
    )


async def test_a_round_goes_on_in_small_batches_until_nothing_is_left() -> None:
    sweeper, metrics = FakeSweeper(35), Metrics()
    assert await sweeping(sweeper, metrics).round() == 35
    assert sweeper.largest == 10
    assert 'ostiary_swept_rows_total{table="grants"} 35.0' in generate_latest(metrics.registry).decode()


async def test_rounds_go_on_after_the_database_was_away() -> None:
    sweeper, metrics = FakeSweeper(5), Metrics()
    sweeper.away = True
    async with running(sweeping(sweeper, metrics).run()):
        await until(lambda: b'ostiary_store_unavailable_total{part="sweeping"}' in generate_latest(metrics.registry))
        sweeper.away = False
        await until(lambda: sweeper.expired == 0)
