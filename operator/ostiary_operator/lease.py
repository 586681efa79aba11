"""Leader election by one coordination.k8s.io Lease: one operator works, the others stand by.

Each step is an optimistic replace on the resourceVersion that was read. Another's claim counts as expired when the
Lease has not changed for its duration by our own monotonic clock, so that clocks need not agree. The number of
transitions is the fence that every write to the store carries.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ostiary_operator.cluster import ApiRefused, Cluster
from ostiary_operator.reconcile.secret_port import ClusterUnavailable

logger = logging.getLogger(__name__)

DURATION = 15.0  # seconds that a claim holds without being renewed
DEADLINE = 10.0  # seconds without a renewal after which the holder gives up, well before anybody else may claim
RETRY = 2.0  # seconds between attempts
_TIMEOUT = 1.5  # seconds for one request: a hanging API must not stop the counting


@dataclass(slots=True)
class _Seen:
    lease: Mapping[str, Any]
    at: float  # by our clock, when it last changed


class Lease:
    """`acquire`, then `hold` until it returns: from then on nothing may be written."""

    def __init__(
        self,
        cluster: Cluster,
        namespace: str,
        name: str,
        identity: str,
        clock: Callable[[], float],
        now: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._cluster, self._name, self._identity = cluster, name, identity
        self._namespace = namespace
        self._collection = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
        self._clock, self._now, self._sleep = clock, now, sleep
        self._seen: _Seen | None = None
        self._renewed = 0.0
        self.fence = 0  # valid while held

    async def acquire(self) -> None:
        """Returns once this process holds the Lease."""
        while not await self._try():
            await self._sleep(RETRY)
        logger.info("holding the Lease %s/%s, transition %d", self._namespace, self._name, self.fence)

    async def hold(self) -> None:
        """Renews until another holds it, or it could not be renewed in time."""
        while self._clock() - self._renewed < DEADLINE:
            await self._sleep(RETRY)
            if not await self._try() and self._holder() not in (self._identity, None):
                break
        logger.error("lost the Lease %s/%s to %s", self._namespace, self._name, self._holder() or "nobody in time")

    async def release(self) -> None:
        """Let the next one take over at once. A failure only means that it waits."""
        if self._seen is None or self._holder() != self._identity:
            return
        try:
            await self._replace(self._seen.lease, holder="", transitions=self.fence)
        except (ApiRefused, ClusterUnavailable, TimeoutError) as error:
            logger.warning("could not release the Lease: %s", error)

    async def _try(self) -> bool:
        """One attempt to take or to renew it."""
        try:
            return await self._take()
        except ApiRefused as refused:
            if refused.status == 409:
                return False  # somebody was faster
            logger.warning("cannot use the Lease %s/%s: %s", self._namespace, self._name, refused)
        except (ClusterUnavailable, TimeoutError) as error:
            logger.warning("cannot reach the Lease %s/%s: %s", self._namespace, self._name, error or "timed out")
        return False

    async def _take(self) -> bool:
        asked = self._clock()  # the claim counts from before the request: it may take long to answer
        lease = await self._read()
        if lease is None:
            # A Lease that was deleted must not begin at 0 again: the store refuses smaller fences than it has seen.
            created = self._body({}, self._identity, transitions=int(self._now() // 60))
            return self._held(await self._limited(self._cluster.create(self._collection, created)), asked)
        spec = lease["spec"]
        holder, transitions = spec.get("holderIdentity"), int(spec.get("leaseTransitions") or 0)
        if holder == self._identity:
            return self._held(await self._replace(lease, holder=self._identity, transitions=transitions), asked)
        if holder and not self._expired(spec):
            return False
        return self._held(await self._replace(lease, holder=self._identity, transitions=transitions + 1), asked)

    async def _read(self) -> Mapping[str, Any] | None:
        lease: Mapping[str, Any] | None = await self._limited(self._cluster.find(f"{self._collection}/{self._name}"))
        if lease is not None:
            self._see(lease)
        return lease

    async def _replace(self, lease: Mapping[str, Any], *, holder: str, transitions: int) -> Mapping[str, Any]:
        body = self._body(lease, holder, transitions=transitions)
        replaced: Mapping[str, Any] = await self._limited(
            self._cluster.replace(f"{self._collection}/{self._name}", body)
        )
        return replaced

    async def _limited(self, request: Any) -> Any:
        async with asyncio.timeout(_TIMEOUT):
            return await request

    def _held(self, lease: Mapping[str, Any], asked: float) -> bool:
        self._see(lease)
        self._renewed, self.fence = asked, int(lease["spec"]["leaseTransitions"])
        return True

    def _see(self, lease: Mapping[str, Any]) -> None:
        version = lease["metadata"]["resourceVersion"]
        if self._seen is None or self._seen.lease["metadata"]["resourceVersion"] != version:
            self._seen = _Seen(lease, self._clock())

    def _expired(self, spec: Mapping[str, Any]) -> bool:
        seen = self._seen.at if self._seen is not None else self._clock()
        return self._clock() - seen >= float(spec.get("leaseDurationSeconds") or DURATION)

    def _holder(self) -> str | None:
        return None if self._seen is None else self._seen.lease["spec"].get("holderIdentity")

    def _body(self, lease: Mapping[str, Any], holder: str, *, transitions: int) -> dict[str, Any]:
        now = datetime.fromtimestamp(self._now(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spec = dict(lease.get("spec") or {})
        if spec.get("holderIdentity") != holder:
            spec["acquireTime"] = now
        spec |= {
            "holderIdentity": holder,
            "leaseDurationSeconds": int(DURATION),
            "renewTime": now,
            "leaseTransitions": transitions,
        }
        metadata = lease.get("metadata") or {"name": self._name, "namespace": self._namespace}
        return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}
