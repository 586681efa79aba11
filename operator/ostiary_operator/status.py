"""The one writer of status: server-side apply, one field manager for each half.

`ostiary-reconcile` reports what was decided, `ostiary-serving` what replicas serve, each its own conditions, so
that neither erases the other's. What the API already has is not sent again, and a condition's time moves only with
its status.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from ostiary_operator.cluster import ApiRefused, Cluster
from ostiary_operator.objects import GROUP, VERSION, Key
from ostiary_operator.reconcile.conditions import Type
from ostiary_operator.reconcile.outcome import Condition, Outcome, Truth

RECONCILE, SERVING = "ostiary-reconcile", "ostiary-serving"
_MESSAGE = 4096  # characters, as the CRD has it
_SERVING_TYPES = frozenset({Type.SERVING, Type.READY})
_FIELDS = ("observedGeneration", "clientID", "secretName", "revision", "endpoints")


@dataclass(frozen=True, slots=True)
class Target:
    """Whose status: the object, in this incarnation and generation."""

    key: Key
    uid: str
    generation: int


@dataclass(slots=True)
class _Known:
    """Both halves as the API has them, packed: there is one of these for each object."""

    uid: str
    version: int
    halves: dict[str, bytes]


class StatusWriter:
    """Remembers what the API has, so that a restart and a resync write nothing."""

    def __init__(self, cluster: Cluster, now: Callable[[], float], counted: Callable[[str], None]) -> None:
        self._cluster, self._now, self._counted = cluster, now, counted
        self._known: dict[Key, _Known] = {}

    def observe(self, key: Key, body: Mapping[str, Any]) -> None:
        """Take note of an object's status as the API has it; older sightings than our own writes are ignored."""
        metadata, status = body["metadata"], body.get("status") or {}
        version, known = int(metadata["resourceVersion"]), self._known.get(key)
        if known is not None and known.uid == metadata["uid"] and known.version >= version:
            return
        halves: dict[str, dict[str, Any]] = {RECONCILE: {}, SERVING: {}}
        halves[RECONCILE] |= {name: status[name] for name in _FIELDS if name in status}
        for condition in status.get("conditions") or ():
            half = SERVING if condition["type"] in _SERVING_TYPES else RECONCILE
            halves[half].setdefault("conditions", []).append(condition)
        self._known[key] = _Known(metadata["uid"], version, {name: _packed(half) for name, half in halves.items()})

    def forget(self, key: Key) -> None:
        """The object is gone."""
        self._known.pop(key, None)

    def keys(self) -> Iterable[Key]:
        """Every object that is known."""
        return tuple(self._known)

    def condition(self, target: Target, type_: Type) -> Mapping[str, Any] | None:
        """A condition as the API has it."""
        half = self._half(target, SERVING if type_ in _SERVING_TYPES else RECONCILE)
        return next((each for each in half.get("conditions", ()) if each["type"] == type_), None)

    async def decided(self, target: Target, outcome: Outcome) -> None:
        """All of `ostiary-reconcile`. Raises ClusterUnavailable or ApiRefused."""
        content: dict[str, Any] = {"observedGeneration": outcome.generation}
        if outcome.client_id is not None:
            content["clientID"] = outcome.client_id
        if outcome.secret_name is not None:
            content["secretName"] = outcome.secret_name
        if outcome.revision is not None:
            content["revision"] = outcome.revision
        if outcome.endpoints is not None:
            content["endpoints"] = asdict(outcome.endpoints)
        await self._apply(target, RECONCILE, content, outcome.conditions)

    async def undecided(self, target: Target, synced: Condition) -> None:
        """Nothing could be decided: what was reported stays, observedGeneration too, with another `Synced`."""
        half = self._half(target, RECONCILE)
        kept = [each for each in half.get("conditions", ()) if each["type"] != Type.SYNCED]
        content = {name: value for name, value in half.items() if name != "conditions"}
        await self._apply(target, RECONCILE, content, (synced,), kept)

    async def serving(self, target: Target, *conditions: Condition) -> bool:
        """All of `ostiary-serving`. True if it was news."""
        return await self._apply(target, SERVING, {}, conditions)

    async def _apply(
        self,
        target: Target,
        manager: str,
        content: dict[str, Any],
        conditions: Iterable[Condition],
        kept: Iterable[Mapping[str, Any]] = (),
    ) -> bool:
        before = self._half(target, manager)
        timed = [*kept, *(self._timed(target, each, before) for each in conditions)]
        status = {**content, "conditions": timed}
        if _packed(status) == _packed(before):
            return False
        body = {
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": target.key.kind.value,
            # with the uid, another incarnation of the same name is refused as a conflict
            "metadata": {"name": target.key.name, "namespace": target.key.namespace, "uid": target.uid},
            "status": status,
        }
        try:
            applied = await self._cluster.apply(f"{target.key.path}/status", body, manager=manager)
        except ApiRefused as refused:
            if refused.status in (404, 409):  # gone, or re-created: its own event follows
                return False
            raise
        self._counted(manager)
        known = self._known.get(target.key)
        if known is None or known.uid != target.uid:
            known = self._known[target.key] = _Known(target.uid, 0, {})
        known.version = max(known.version, int(applied["metadata"]["resourceVersion"]))
        known.halves[manager] = _packed(status)
        return True

    def _half(self, target: Target, manager: str) -> dict[str, Any]:
        known = self._known.get(target.key)
        if known is None or known.uid != target.uid or manager not in known.halves:
            return {}
        half: dict[str, Any] = orjson.loads(known.halves[manager])
        return half

    def _timed(self, target: Target, condition: Condition, half: Mapping[str, Any]) -> dict[str, Any]:
        before = next((each for each in half.get("conditions", ()) if each["type"] == condition.type), None)
        same = before is not None and before["status"] == condition.status
        return {
            "type": condition.type.value,
            "status": condition.status.value,
            "reason": condition.reason.value,
            "message": condition.message[:_MESSAGE],
            "observedGeneration": target.generation,
            "lastTransitionTime": before["lastTransitionTime"] if before and same else self._time(),
        }

    def _time(self) -> str:
        return datetime.fromtimestamp(self._now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def not_ready(failing: Condition) -> Condition:
    """`Ready` repeats the condition that keeps an object from it."""
    status = Truth.UNKNOWN if failing.status is Truth.UNKNOWN else Truth.FALSE
    return Condition(Type.READY, status, failing.reason, failing.message)


def _packed(half: Mapping[str, Any]) -> bytes:
    """Equal for equal content, whatever the order of keys and conditions."""
    conditions = sorted(half.get("conditions", ()), key=lambda each: str(each["type"]))
    return orjson.dumps({**half, "conditions": conditions}, option=orjson.OPT_SORT_KEYS)
