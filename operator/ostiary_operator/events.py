"""Kubernetes Events about our objects: what changed, once, and never a secret."""

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ostiary_operator.cluster import ApiRefused, Cluster
from ostiary_operator.objects import GROUP, VERSION
from ostiary_operator.reconcile.outcome import Notice
from ostiary_operator.reconcile.secret_port import ClusterUnavailable
from ostiary_operator.status import Target

logger = logging.getLogger(__name__)

COMPONENT = "ostiary-operator"
_WAITING = 2_000  # events in memory: beyond that the newest are dropped, objects go first
_LATEST = 20.0  # seconds that one may wait while objects do
_PAUSE = 0.2
_MESSAGE = 1024  # characters, the API's limit


@dataclass(frozen=True, slots=True)
class _Posting:
    target: Target
    notice: Notice
    at: float


class EventPoster:
    """Posts behind the work, one at a time: an Event that comes late or never harms nobody."""

    def __init__(
        self,
        cluster: Cluster,
        now: Callable[[], float],
        dropped: Callable[[], None],
        busy: Callable[[], bool],
    ) -> None:
        self._cluster, self._now, self._dropped, self._busy = cluster, now, dropped, busy
        self._queue: asyncio.Queue[_Posting] = asyncio.Queue(_WAITING)
        self._last: dict[str, Notice] = {}  # by uid: the same thing is not told twice in a row

    def post(self, target: Target, notice: Notice) -> None:
        """Put it on the queue."""
        if self._last.get(target.uid) == notice:
            return
        self._last[target.uid] = notice
        try:
            self._queue.put_nowait(_Posting(target, notice, self._now()))
        except asyncio.QueueFull:
            self._dropped()

    def forget(self, uid: str) -> None:
        """The object is gone."""
        self._last.pop(uid, None)

    async def run(self) -> None:
        """For ever."""
        while True:
            posting = await self._queue.get()
            while self._busy() and self._now() - posting.at < _LATEST:  # noqa: ASYNC110 - idleness is no event
                await asyncio.sleep(_PAUSE)
            try:
                await self._cluster.create(f"/api/v1/namespaces/{posting.target.key.namespace}/events", _body(posting))
            except (ClusterUnavailable, ApiRefused) as error:
                self._dropped()
                logger.info("an Event of %s was not posted: %s", posting.target.key.id, error)


def _body(posting: _Posting) -> dict[str, Any]:
    target, at = posting.target, datetime.fromtimestamp(posting.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{target.key.name}.{secrets.token_hex(8)}", "namespace": target.key.namespace},
        "involvedObject": {
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": target.key.kind.value,
            "namespace": target.key.namespace,
            "name": target.key.name,
            "uid": target.uid,
        },
        "type": "Warning" if posting.notice.warning else "Normal",
        "reason": posting.notice.reason,
        "message": posting.notice.message[:_MESSAGE],
        "firstTimestamp": at,
        "lastTimestamp": at,
        "count": 1,
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
    }
