"""The parts that follow policies, put together."""

import asyncio
import time

from ostiary_operator.cluster import Cluster
from ostiary_operator.objects import Key, ObjectKind, Objects
from ostiary_operator.policies.census import Census
from ostiary_operator.policies.reevaluation import Reevaluation
from ostiary_operator.policies.reporting import PolicyReporter
from ostiary_operator.policies.watching import PolicyWatch
from ostiary_operator.worklist import Worklist


class PolicyFollower:
    """Runs them."""

    def __init__(self, cluster: Cluster, objects: Objects, worklist: Worklist, namespaces: frozenset[str]) -> None:
        self._census = Census(objects, time.monotonic)
        self._reevaluation = Reevaluation(objects, worklist, namespaces)
        self._reporter = PolicyReporter(cluster)
        self.watch = PolicyWatch(
            cluster, self._census, self._reevaluation.concerns, self._reporter.changed, worklist.hurry
        )

    def gone(self, key: Key) -> None:
        """An object has gone: another application may have its place."""
        if key.kind is ObjectKind.APPLICATION and self.watch.has_quota(key.namespace):
            self._census.forget(key.namespace)
            self._reevaluation.concerns(key.namespace)

    async def run(self) -> None:
        """For ever."""
        self.watch.start()
        try:
            async with asyncio.TaskGroup() as together:
                together.create_task(self._reevaluation.run())
                together.create_task(self._reporter.run(self.watch))
        finally:
            self.watch.stop()
