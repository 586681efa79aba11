"""Which applications of a namespace are the oldest: they keep their place where a policy has `maxApplications`."""

import asyncio
from collections import defaultdict
from collections.abc import Callable

from ostiary_operator.objects import ObjectKind, Objects

_LASTS = 10.0  # seconds that a count is believed


class Census:
    """Counts a namespace when it is asked, since only namespaces with a quota need it."""

    def __init__(self, objects: Objects, clock: Callable[[], float]) -> None:
        self._objects, self._clock = objects, clock
        self._counted: dict[str, tuple[float, dict[str, int]]] = {}
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)  # one list for many that ask

    async def place(self, namespace: str, uid: str, limit: int) -> int:
        """From 0 for the oldest, equally old ones by their names. Raises ClusterUnavailable and ApiRefused.

        One that came after the count is the youngest. Where there are `limit` older ones already, that is all that
        matters: a flood of objects must not cost a list each.
        """
        async with self._turns[namespace]:
            at, places = self._counted.get(namespace, (0.0, {}))
            if (uid not in places and len(places) < limit) or self._clock() - at > _LASTS:
                places = await self._count(namespace)
                self._counted[namespace] = self._clock(), places
        return places.get(uid, len(places))

    def forget(self, namespace: str) -> None:
        """One has gone: the others move up."""
        self._counted.pop(namespace, None)

    async def _count(self, namespace: str) -> dict[str, int]:
        found = []
        async for body in self._objects.all(ObjectKind.APPLICATION, namespace):
            metadata = body["metadata"]
            if "registeredBy" not in (body.get("spec") or {}):
                found.append((metadata["creationTimestamp"], metadata["name"], metadata["uid"]))
        return {uid: place for place, (_, _, uid) in enumerate(sorted(found))}
