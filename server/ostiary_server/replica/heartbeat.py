"""The row by which the operator knows that this replica lives, and up to which revision it serves."""

import asyncio
import logging
from collections.abc import Callable

from ostiary_server.metrics import Metrics
from ostiary_server.replica.backoff import Backoff
from ostiary_state.errors import StoreUnavailable
from ostiary_state.store.replicas import Replicas

INTERVAL = 3.0  # seconds between beats without a change; the row expires after 10, so two may fail
SHORTEST = 0.05  # seconds between two beats: a burst of a thousand changes is told in at most 20 writes a second

log = logging.getLogger(__name__)


class Heartbeat:
    """Writes the row on every change, and every few seconds; removes it when the replica has drained."""

    def __init__(
        self,
        replicas: Replicas,
        replica_id: str,
        applied: Callable[[], int],
        *,
        metrics: Metrics,
        interval: float = INTERVAL,
        shortest: float = SHORTEST,
    ) -> None:
        self._replicas = replicas
        self._replica_id = replica_id
        self._applied = applied
        self._metrics = metrics
        self._interval = interval
        self._shortest = shortest
        self._changed = asyncio.Event()

    def changed(self) -> None:
        """A later revision is served: tell it soon."""
        self._changed.set()

    async def run(self) -> None:
        """For ever. Starts once everything is loaded: before that this replica serves no revision."""
        backoff = Backoff()
        while True:
            self._changed.clear()
            try:
                await self._replicas.heartbeat(self._replica_id, self._applied())
            except StoreUnavailable:
                self._metrics.store_errors.labels("heartbeat").inc()
                await asyncio.sleep(backoff.failed())
                continue
            backoff.succeeded()
            await asyncio.sleep(self._shortest)
            try:
                async with asyncio.timeout(self._interval - self._shortest):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def leave(self) -> None:
        """The drain has ended: nobody need wait for this replica. Without a database the row expires by itself."""
        try:
            await self._replicas.remove(self._replica_id)
        except StoreUnavailable:
            log.info("the heartbeat row stays until it expires: the database does not answer")
