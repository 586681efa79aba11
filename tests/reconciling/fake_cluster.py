"""A Kubernetes API in memory: objects by path, versions that rise, optimistic replace, apply by field manager."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from ostiary_operator.cluster import ApiRefused, Cluster
from ostiary_operator.reconcile.secret_port import ClusterUnavailable


@dataclass
class FakeApi:
    """What `Cluster` talks to. `requests` is every write that arrived."""

    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    away: bool = False
    _serial: Any = field(default_factory=lambda: itertools.count(1))

    def version(self) -> str:
        """The next resourceVersion."""
        return str(next(self._serial))

    def put(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Store as somebody else would."""
        stored = deepcopy(dict(body))
        stored.setdefault("metadata", {})["resourceVersion"] = self.version()
        self.objects[path] = stored
        return deepcopy(stored)


class FakeCluster(Cluster):
    """A Cluster without a network."""

    def __init__(self, api: FakeApi) -> None:
        self.api = api

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:  # noqa: ARG002
        self._answer()
        if path not in self.api.objects:
            raise ApiRefused(404, "not found")
        return deepcopy(self.api.objects[path])

    async def create(self, path: str, body: Mapping[str, Any]) -> Any:
        self._answer("POST", path)
        target = f"{path}/{body['metadata']['name']}"
        if target in self.api.objects:
            raise ApiRefused(409, "already exists")
        return self.api.put(target, body)

    async def replace(self, path: str, body: Mapping[str, Any]) -> Any:
        self._answer("PUT", path)
        before = await self.get(path)
        if body["metadata"].get("resourceVersion") != before["metadata"]["resourceVersion"]:
            raise ApiRefused(409, "the object has been modified")
        return self.api.put(path, body)

    async def apply(self, path: str, body: Mapping[str, Any], *, manager: str) -> Any:
        """Status only: each manager's half replaces its own former half."""
        self._answer("PATCH", path)
        stored = self.api.objects.get(path.removesuffix("/status"))
        if stored is None:
            raise ApiRefused(404, "not found")
        if stored["metadata"]["uid"] != body["metadata"]["uid"]:
            raise ApiRefused(409, "the uid in the precondition is another")
        halves = stored.setdefault("halves", {})
        halves[manager] = deepcopy(body["status"])
        conditions = [each for half in halves.values() for each in half["conditions"]]
        stored["status"] = {key: value for half in halves.values() for key, value in half.items()}
        stored["status"]["conditions"] = conditions
        stored["metadata"]["resourceVersion"] = self.api.version()
        return deepcopy(stored)

    def _answer(self, method: str = "", path: str = "") -> None:
        if self.api.away:
            raise ClusterUnavailable("the API does not answer")
        if method:
            self.api.requests.append((method, path))
