"""Removes what has expired, a small batch at a time, on any replica that comes first."""

import asyncio
import logging
import random
from collections.abc import Callable, Mapping
from typing import Protocol

from ostiary_server.metrics import Metrics
from ostiary_state.errors import StoreUnavailable

INTERVAL = 60.0  # seconds
BATCH = 500  # rows a statement: a few milliseconds in which nothing else waits
PAUSE = 0.05  # seconds between batches

log = logging.getLogger(__name__)


class Sweeper(Protocol):
    """The store's side: one short transaction a table, rows that another replica has locked left out."""

    async def sweep(self, now: float, limit: int) -> Mapping[str, int]:
        """Remove at most `limit` rows of each table; how many of each went."""


class Sweeping:
    """A round about every minute, each as long as there is something left."""

    def __init__(
        self,
        sweeper: Sweeper,
        *,
        clock: Callable[[], float],
        metrics: Metrics,
        interval: float = INTERVAL,
        batch: int = BATCH,
        pause: float = PAUSE,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._sweeper = sweeper
        self._clock = clock
        self._metrics = metrics
        self._interval = interval
        self._batch = batch
        self._pause = pause
        self._chance = chance

    async def run(self) -> None:
        """For ever; the jitter keeps replicas that started together from sweeping together."""
        while True:
            await asyncio.sleep(self._interval * (0.5 + self._chance()))
            try:
                await self.round()
            except StoreUnavailable:
                self._metrics.store_errors.labels("sweeping").inc()

    async def round(self) -> int:
        """Sweep until no table fills a batch; how many rows went. Raises StoreUnavailable."""
        total = 0
        while True:
            removed = await self._sweeper.sweep(self._clock(), self._batch)
            for table, count in removed.items():
                if count:
                    self._metrics.swept.labels(table).inc(count)
            total += sum(removed.values())
            if not any(count >= self._batch for count in removed.values()):
                if total:
                    log.info("swept %d expired rows", total)
                return total
            await asyncio.sleep(self._pause)
