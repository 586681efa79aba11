"""Registrations as the protocol writes them: served everywhere before the client is told, and forgotten when unused."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from ostiary_server.metrics import Metrics
from ostiary_server.replica.directory import Directory
from ostiary_state.applications.application import Application
from ostiary_state.applications.openid_rules import PREFIX
from ostiary_state.applications.registration import Registration
from ostiary_state.errors import StoreUnavailable
from ostiary_state.store.registrations import Registrations, TooManyRegistrations

PATIENCE: Final = 3.0  # seconds for other replicas to follow; a client hardly comes back sooner
LOOK: Final = 0.05  # seconds between two looks
ROUND: Final = 60.0  # seconds between two rounds of housekeeping
OFTEN_ENOUGH: Final = 3600.0  # seconds in which one note of a client's use suffices
BATCH: Final = 200

log = logging.getLogger(__name__)


class ServedRegistrations:
    """The protocol's `Registrations`, and the loop that keeps the ones that are used."""

    def __init__(
        self,
        rows: Registrations,
        directory: Directory,
        *,
        clock: Callable[[], float],
        metrics: Metrics,
        patience: float = PATIENCE,
    ) -> None:
        self._rows = rows
        self._directory = directory
        self.wake: Callable[[], None] = lambda: None  # this replica's own following, which is made after this
        self._clock = clock
        self._metrics = metrics
        self._patience = patience
        self._noted: dict[str, float] = {}  # client id: when its use was last noted
        self._used: dict[str, float] = {}  # to be written: until when it is kept

    async def add(self, registration: Registration, most: int) -> bool:
        """Insert; False where its template has `most` already. Raises StoreUnavailable."""
        try:
            value = await self._rows.add(registration, most)
        except TooManyRegistrations:
            return False
        await self._served(value)
        return True

    async def replace(self, registration: Registration) -> bool:
        """Write its metadata anew; False where it is gone. Raises StoreUnavailable."""
        value = await self._rows.replace(registration)
        if value is None:
            return False
        await self._served(value)
        return True

    async def remove(self, registration: Registration) -> None:
        """Delete. Raises StoreUnavailable."""
        await self._served(await self._rows.remove([registration]))

    def note(self, application: Application) -> None:
        """This client was given something just now; written with the next round, about once an hour at most."""
        client_id = application.client_id
        if not client_id.startswith(PREFIX):
            return  # of a manifest: it stays, used or not
        registration = self._directory.registration(application.issuer_id, client_id)
        template = self._directory.application_of_id(application.id)
        limits = template.openid.registration if template is not None else None
        if registration is None or limits is None:
            return
        now = self._clock()
        if now - self._noted.get(client_id, registration.used_at) >= min(OFTEN_ENOUGH, limits.unused_for / 4):
            self._noted[client_id] = now
            self._used[client_id] = now + limits.unused_for

    async def run(self, *, interval: float = ROUND) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(interval)
            try:
                await self.round()
            except StoreUnavailable:
                self._metrics.store_errors.labels("registrations").inc()

    async def round(self) -> int:
        """Write which clients were used, then remove those that were not; how many went. Raises StoreUnavailable."""
        if self._used:
            await self._rows.used(dict(self._used), self._clock())
            self._used.clear()
        expired = await self._rows.expired(self._clock(), BATCH)
        if expired:
            await self._rows.remove(expired)
            self.wake()
            log.info("removed %d registered clients that nobody used", len(expired))
        return len(expired)

    async def _served(self, value: int) -> None:
        self.wake()
        try:
            async with asyncio.timeout(self._patience):
                while not await self._rows.served_everywhere(value):  # noqa: ASYNC110 - other processes' progress
                    await asyncio.sleep(LOOK)
        except TimeoutError:
            log.warning("revision %d, with a registered client, is not served by every replica yet", value)
