"""Delivers logout tokens from the durable queue (OpenID Connect Back-Channel Logout section 2.5).

Any replica works off what any other has queued. An application that does not answer is tried again, ever more
rarely, for a day; one that refuses the token is not.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from ostiary_server.metrics import Metrics
from ostiary_server.protocol.errors import TemporarilyUnavailable
from ostiary_server.protocol.logout_notices import LogoutNotices, LogoutTokens
from ostiary_server.protocol.ports import Directory, FetchFailed, Outbound, Sessions
from ostiary_server.protocol.standing import end_of
from ostiary_state.applications.application import Application
from ostiary_state.errors import StoreUnavailable
from ostiary_state.runtime.issuer import Issuer
from ostiary_state.runtime.logout import LogoutDelivery
from ostiary_state.runtime.session import Session
from ostiary_state.users.user import User

POLL: Final = 2.0  # seconds until what another replica queued, or what has come due, is looked at
CLAIM: Final = 60.0  # seconds for which what was claimed is nobody else's; well beyond one request's timeout
BATCH: Final = 20  # at a time
LONGEST_DELAY: Final = 3600.0  # seconds
VOID_SINCE: Final = 24 * 3600.0  # seconds in which a disabled person's sessions are looked for

log = logging.getLogger(__name__)


class Queue(Protocol):
    """The store's side."""

    async def claim(self, now: float, until: float, limit: int) -> Sequence[LogoutDelivery]:
        """What is due, for this replica alone until `until`."""

    async def settle(self, delivery_id: str) -> None:
        """It was delivered, or will never be."""

    async def postpone(self, delivery_id: str, due_at: float) -> None:
        """Try it again then."""

    async def waiting(self) -> int:
        """How many are not settled."""


class VoidSessions(Sessions, Protocol):
    """The store's sessions, with those that ended without anybody signing out."""

    async def void(self, now: float, since: float, limit: int) -> Sequence[tuple[Session, User]]:
        """Live sessions of people who were disabled or deleted."""


class LogoutDeliveries:
    """One replica's loop."""

    def __init__(
        self,
        queue: Queue,
        sessions: VoidSessions,
        directory: "Issuers",
        notices: LogoutNotices,
        tokens: LogoutTokens,
        outbound: Outbound,
        *,
        clock: Callable[[], float],
        metrics: Metrics,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._queue = queue
        self._sessions = sessions
        self._directory = directory
        self._notices = notices
        self._tokens = tokens
        self._outbound = outbound
        self._clock = clock
        self._metrics = metrics
        self._chance = chance

    async def run(self, *, poll: float = POLL) -> None:
        """For ever."""
        while True:
            try:
                await self.end_void_sessions()
                while await self.round() == BATCH:
                    pass
                self._metrics.logouts_waiting.set(await self._queue.waiting())
            except StoreUnavailable:
                self._metrics.store_errors.labels("logout").inc()
            await asyncio.sleep(poll)

    async def end_void_sessions(self) -> None:
        """Tell applications of people who were disabled, as if these had signed out. Raises StoreUnavailable."""
        now = self._clock()
        for session, user in await self._sessions.void(now, now - VOID_SINCE, BATCH):
            announce = await self._notices.prepare(session, user, now)
            await self._sessions.end(session.id, end_of(session, now), now, announce)

    async def round(self) -> int:
        """Deliver what is due; how many were tried. Raises StoreUnavailable."""
        now = self._clock()
        due = await self._queue.claim(now, now + CLAIM, BATCH)
        async with asyncio.TaskGroup() as tasks:
            for delivery in due:
                tasks.create_task(self._deliver(delivery))
        return len(due)

    async def _deliver(self, delivery: LogoutDelivery) -> None:
        try:
            outcome = await self._outcome(delivery)
            if outcome == "retried":
                delay = min(LONGEST_DELAY, 2.0 ** min(delivery.attempts, 12)) * (0.5 + self._chance())
                await self._queue.postpone(delivery.id, self._clock() + delay)
            else:
                await self._queue.settle(delivery.id)
        except StoreUnavailable:
            return  # due again when the claim ends: an application must bear to be told twice (section 2.6)
        self._metrics.logouts.labels(outcome).inc()

    async def _outcome(self, delivery: LogoutDelivery) -> str:
        application = self._directory.application_of_id(delivery.application_id)
        issuer = self._directory.issuer(delivery.issuer_id)
        if issuer is None or application is None or not _stands(application, delivery):
            return "withdrawn"
        url = application.openid.logout.back_channel
        if url is None:
            return "withdrawn"
        if delivery.expires_at <= self._clock():
            log.warning("%s was not told of a logout for a day: given up", application.id)
            return "given_up"
        try:
            token = await self._tokens.token(delivery, application, issuer, self._clock())
            status = await self._outbound.post(url, {"logout_token": token})
        except (FetchFailed, TemporarilyUnavailable) as error:
            log.info("%s was not told of a logout, attempt %d: %s", application.id, delivery.attempts, error)
            return "retried"
        if 200 <= status < 300:
            return "delivered"
        if status >= 500 or status in {408, 425, 429}:
            log.info("%s was not told of a logout, attempt %d: %d", application.id, delivery.attempts, status)
            return "retried"
        log.warning("%s refused a logout token: %d", application.id, status)
        return "refused"


class Issuers(Directory, Protocol):
    """The directory, by an issuer's id."""

    def issuer(self, issuer_id: str) -> Issuer | None:
        """None: not served."""


def _stands(application: Application, delivery: LogoutDelivery) -> bool:
    return application.enabled and application.incarnation == delivery.application_incarnation
