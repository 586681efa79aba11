"""Rolls the workloads that read a Secret only when they start, one after the other, when it has changed.

An annotation of the pod template names the secret that it was rolled for, so that each is rolled once for each secret
whoever looks, and how often. Others annotate beside it, as `kubectl rollout restart` does.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from ostiary_operator.bindings import Bindings
from ostiary_operator.cluster import ApiRefused, Cluster
from ostiary_operator.labelled_watch import with_access
from ostiary_operator.reconcile.conditions import Reason, Type
from ostiary_operator.reconcile.outcome import Condition, Truth
from ostiary_operator.reconcile.timestamps import timestamp
from ostiary_state.applications.credentials import ClientCredential
from ostiary_state.applications.rotation_spec import RestartSpec
from ostiary_state.intent import StoredApplication


@dataclass(frozen=True, slots=True)
class Restarts:
    """Each `step` rolls at most one workload of an application, when the one before it has come up."""

    cluster: Cluster
    bindings: Bindings
    binds: bool  # the operator binds the role itself, while there is something to roll
    _rolled: dict[str, str] = field(default_factory=dict)  # application to the secret that all were rolled for
    _bound: set[str] = field(default_factory=set)

    async def step(
        self, row: StoredApplication, current: ClientCredential, workloads: tuple[RestartSpec, ...]
    ) -> Condition:
        """How far it is. Raises ClusterUnavailable; ApiRefused for what is not foreseen."""
        if self._rolled.get(row.id) != _named(row, current):
            for number, workload in enumerate(workloads, 1):
                place = f"{workload.kind} {workload.name} ({number} of {len(workloads)})"
                waiting = await self._roll(row, current, workload, place)
                if waiting is not None:
                    return waiting
            self._rolled[row.id] = _named(row, current)
        names = ", ".join(f"{each.kind} {each.name}" for each in workloads)
        return Condition(Type.WORKLOADS_RESTARTED, Truth.TRUE, Reason.RESTARTED, f"{names}: for secret {current.id}")

    async def keep(self, namespaces: frozenset[str]) -> None:
        """Nothing is to be rolled elsewhere: give the access back. Raises ClusterUnavailable."""
        for namespace in sorted(self._bound - namespaces):
            await self.bindings.unbind(namespace)
            self._bound.discard(namespace)

    async def take_over(self) -> None:
        """Know of the bindings that an earlier process left. Raises ClusterUnavailable and ApiRefused."""
        if self.binds:
            self._bound.update(await self.bindings.bound())

    async def _roll(
        self, row: StoredApplication, current: ClientCredential, workload: RestartSpec, place: str
    ) -> Condition | None:
        """None where nothing is left to do for it."""
        namespace, _, application = row.id.partition("/")
        path = f"/apis/apps/v1/namespaces/{namespace}/{workload.kind.lower()}s/{workload.name}"
        try:
            body = await self._allowed(namespace, partial(self.cluster.find, path))
            if body is None:
                text = f"{place} is not there: remove it from spec.rotation.restart, or create it"
                return _is_not(Reason.WORKLOAD_NOT_FOUND, text)
            if not _has(body, row, current):
                marked = {_mark(application): _named(row, current)}
                patch = {
                    "metadata": {"resourceVersion": body["metadata"]["resourceVersion"]},
                    "spec": {"template": {"metadata": {"annotations": marked}}},
                }
                await self.cluster.merge(path, patch)
                return _is_not(Reason.RESTARTING, f"{place} begins to roll")
        except ApiRefused as refused:
            if refused.status == 409:  # it was changed meanwhile
                return _is_not(Reason.RESTARTING, f"{place} is next")
            if refused.status != 403:
                raise
            text = f"the operator may not roll {place}: {self.bindings.command(namespace)}"
            return _is_not(Reason.FORBIDDEN, text)
        return None if _is_up(body) else _is_not(Reason.RESTARTING, f"{place} is rolling")

    async def _allowed(self, namespace: str, request: Callable[[], Any]) -> Any:
        async def bind() -> bool:
            if not self.binds:
                return False
            self._bound.add(namespace)
            return await self.bindings.bind(namespace)

        return await with_access(request, bind)


def _is_not(reason: Reason, message: str) -> Condition:
    return Condition(Type.WORKLOADS_RESTARTED, Truth.FALSE, reason, message)


def _mark(application: str) -> str:
    """One annotation an application: two that share a workload must not take turns in rolling it."""
    return f"ostiary.dev/secret-{hashlib.sha256(application.encode()).hexdigest()[:12]}"


def _named(row: StoredApplication, current: ClientCredential) -> str:
    """One secret and no other: an application that is made anew counts from 1 again."""
    return f"{row.id.partition('/')[2]}/{current.id} of {timestamp(current.created_at)}"


def _has(body: Mapping[str, Any], row: StoredApplication, current: ClientCredential) -> bool:
    """Rolled for this secret, or made since it came."""
    annotations = body["spec"]["template"].get("metadata", {}).get("annotations") or {}
    if annotations.get(_mark(row.id.partition("/")[2])) == _named(row, current):
        return True
    made = datetime.fromisoformat(body["metadata"]["creationTimestamp"]).timestamp()
    return made > current.created_at


def _is_up(body: Mapping[str, Any]) -> bool:
    """As `kubectl rollout status` has it: all of the newest template, and none of an older one."""
    status, wanted = body.get("status") or {}, body["spec"].get("replicas", 1)
    return bool(
        status.get("observedGeneration", 0) >= body["metadata"]["generation"]
        and status.get("updatedReplicas", 0) >= wanted
        and status.get("replicas", 0) <= wanted
        and status.get("readyReplicas", 0) >= wanted
    )
