"""Hears of new revisions within milliseconds, and knows when it cannot hear.

Behind a transaction-mode pooler LISTEN succeeds and nothing ever arrives. So after LISTEN, and every 30 seconds, the
replica notifies itself through the pool that everybody writes through. Without an answer it counts as deaf: it is
followed by polling, and a fresh connection is tried at the next interval.
"""

import asyncio
import logging
import time
from collections.abc import Callable

from ostiary_server.metrics import Metrics
from ostiary_server.replica.backoff import Backoff
from ostiary_state.errors import StoreUnavailable
from ostiary_state.store.database import Database
from ostiary_state.store.notifications import Notifications, listen

CHECK = 30.0  # seconds between questions to oneself
ANSWER = 2.0  # seconds that an answer may take

log = logging.getLogger(__name__)


class Listening:
    """One connection that listens, on PostgreSQL; opened again for ever."""

    def __init__(
        self, database: Database, url: str, *, metrics: Metrics, check: float = CHECK, answer: float = ANSWER
    ) -> None:
        self._database = database
        self._url = url
        self._metrics = metrics
        self._check = check
        self._answer = answer
        self._complained = False
        self.hears = False

    async def run(self, wake: Callable[[], None], *, connected: Callable[[], None] | None = None) -> None:
        """For ever; `wake` is called for each revision, `connected` (default: `wake`) for what was missed before."""
        backoff = Backoff()
        while True:
            try:
                async with listen(self._database, self._url) as notifications:
                    backoff.succeeded()
                    (connected or wake)()
                    await self._hear(notifications, wake)
            except StoreUnavailable:
                self._metrics.store_errors.labels("listening").inc()
                self.hears = False
                await asyncio.sleep(backoff.failed())

    async def _hear(self, notifications: Notifications, wake: Callable[[], None]) -> None:
        """Until the connection is lost (StoreUnavailable), or it stayed silent for a whole interval."""
        while True:
            self._judge(await notifications.echo(self._answer))
            asked = time.monotonic()
            while (left := asked + self._check - time.monotonic()) > 0:
                if await notifications.wait(left):
                    wake()
            if not self.hears:
                return

    def _judge(self, hears: bool) -> None:
        self.hears = hears
        self._metrics.listener_deaf.set(not hears)
        if not hears and not self._complained:
            log.warning(
                "notifications do not arrive, so changes are polled for: is there a transaction-mode pooler? "
                "Set OSTIARY_LISTEN_URL to a direct connection"
            )
        self._complained = not hears
