"""Whatever a change of policies or of a namespace's labels may concern is looked at again."""

import asyncio
import logging

from ostiary_operator.cluster import ApiRefused
from ostiary_operator.objects import Key, ObjectKind, Objects
from ostiary_operator.reconcile.secret_port import ClusterUnavailable
from ostiary_operator.worklist import Worklist

logger = logging.getLogger(__name__)

_TOGETHER = 0.1  # seconds in which changes are gathered: a folder of policies is applied at once
_AHEAD = 100  # objects on the worklist: what users change meanwhile comes soon after
_AGAIN = 2.0  # seconds before what failed is tried again
_FEW = 20  # namespaces that are listed one by one: beyond that one list of everything is cheaper


class Reevaluation:
    """Is told of namespaces, None being all of them, and lists their objects onto the worklist."""

    def __init__(self, objects: Objects, worklist: Worklist, namespaces: frozenset[str]) -> None:
        self._objects, self._worklist, self._watched = objects, worklist, namespaces
        self._due: set[str | None] = set()
        self._wake = asyncio.Event()

    def concerns(self, namespace: str | None) -> None:
        """Something may be judged otherwise there."""
        if not self._watched or namespace is None or namespace in self._watched:
            self._due.add(namespace)
            self._wake.set()

    async def run(self) -> None:
        """For ever."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(_TOGETHER)
            self._wake.clear()
            due, self._due = self._due, set()
            try:
                await self._look_at(due)
            except (ClusterUnavailable, ApiRefused) as error:
                logger.warning("objects could not be held against the policies, trying again: %s", error)
                self._due |= due
                self._wake.set()
                await asyncio.sleep(_AGAIN)

    async def _look_at(self, due: set[str | None]) -> None:
        named = {each for each in due if each is not None}
        scopes: list[str | None] = [*sorted(named)]
        if None in due or len(named) > _FEW:
            scopes = [*sorted(self._watched)] or [None]
        wanted = None if None in due else named
        for kind in ObjectKind:
            for scope in scopes:
                async for body in self._objects.all(kind, scope):
                    key = Key.of(kind, body)
                    if "deletionTimestamp" not in body["metadata"] and (wanted is None or key.namespace in wanted):
                        await self._worklist.below(_AHEAD)
                        self._worklist.add(key, quiet=True)
