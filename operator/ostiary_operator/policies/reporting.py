"""The status of each policy: whether it is in force, and how many namespaces it selects."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from ostiary_operator.cluster import ApiRefused, Cluster
from ostiary_operator.objects import GROUP, VERSION
from ostiary_operator.policies.held import POLICIES, HeldPolicy
from ostiary_operator.policies.watching import PolicyWatch
from ostiary_operator.reconcile.conditions import Reason, Type
from ostiary_operator.reconcile.outcome import Truth
from ostiary_operator.reconcile.secret_port import ClusterUnavailable
from ostiary_operator.reconcile.timestamps import timestamp
from ostiary_operator.status import MANAGER
from ostiary_state.policies.crd import POLICY

logger = logging.getLogger(__name__)

_TOGETHER = 1.0  # seconds between two reports: a hundred new namespaces are one
_AGAIN = 10.0  # seconds before what failed is tried again


class PolicyReporter:
    """Compares first: a restart over unchanged policies writes nothing."""

    def __init__(self, cluster: Cluster, now: Callable[[], float] = time.time) -> None:
        self._cluster, self._now = cluster, now
        self._wake = asyncio.Event()

    def changed(self) -> None:
        """There may be something to report."""
        self._wake.set()

    async def run(self, watch: PolicyWatch) -> None:
        """For ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            pause = _TOGETHER
            for policy in tuple(watch.policies.held.values()):
                try:
                    await self._report(policy, watch.selects(policy))
                except (ClusterUnavailable, ApiRefused) as error:
                    logger.warning("the status of policy %s could not be written: %s", policy.name, error)
                    self._wake.set()
                    pause = _AGAIN
                await asyncio.sleep(0)
            await asyncio.sleep(pause)

    async def _report(self, policy: HeldPolicy, selected: int | None) -> None:
        status: dict[str, Any] = {"observedGeneration": policy.generation, "conditions": [self._condition(policy)]}
        if selected is not None:
            status["selectedNamespaces"] = selected
        if status == dict(policy.status):
            return
        body = {
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": POLICY.name,
            "metadata": {"name": policy.name, "uid": policy.version.partition("/")[0]},
            "status": status,
        }
        try:
            await self._cluster.apply(f"{POLICIES}/{policy.name}/status", body, manager=MANAGER)
        except ApiRefused as refused:
            if refused.status not in (404, 409):  # gone, or made anew: its own event follows
                raise

    def _condition(self, policy: HeldPolicy) -> dict[str, Any]:
        good = policy.spec is not None
        status, reason = (Truth.TRUE, Reason.ACCEPTED) if good else (Truth.FALSE, Reason.INVALID_SPEC)
        before = next((each for each in policy.status.get("conditions", ()) if each["type"] == Type.ACCEPTED), None)
        same = before is not None and before["status"] == status
        return {
            "type": Type.ACCEPTED.value,
            "status": status.value,
            "reason": reason.value,
            "message": policy.problem,
            "observedGeneration": policy.generation,
            "lastTransitionTime": before["lastTransitionTime"] if before and same else timestamp(self._now()),
        }
