"""A Kubernetes API in memory that lists, watches, applies and deletes whole objects, and refuses what it is told to."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Mapping
from copy import deepcopy
from typing import Any

from ostiary_operator.cluster import ApiRefused, Cluster
from ostiary_operator.reconcile.secret_port import ClusterUnavailable

Refuses = Callable[[str, str], int | None]  # method and path to a status, or None


class FakeCollections(Cluster):
    """`requests` is every write that arrived; `refuses` and `away` decide what is answered to whom."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.requests: list[tuple[str, str]] = []
        self.refuses: Refuses = lambda *_: None
        self.away: Callable[[str, str], bool] = lambda *_: False
        self._watchers: list[tuple[str, asyncio.Queue[dict[str, Any]]]] = []
        self._serial = itertools.count(1)

    def put(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Store as anybody would."""
        before, stored = self.objects.get(path), deepcopy(dict(body))
        metadata = stored.setdefault("metadata", {})
        metadata["uid"] = before["metadata"]["uid"] if before else metadata.get("uid", f"uid-{next(self._serial)}")
        metadata["resourceVersion"] = str(next(self._serial))
        self.objects[path] = stored
        self._tell("MODIFIED" if before else "ADDED", path)
        return deepcopy(stored)

    def remove(self, path: str) -> None:
        """Delete as anybody would."""
        self.objects[path]["metadata"]["resourceVersion"] = str(next(self._serial))
        self._tell("DELETED", path)
        del self.objects[path]

    def within(self, collection: str) -> list[dict[str, Any]]:
        """The objects of a collection; of all namespaces where its path names none."""
        around, _, plural = collection.rpartition("/")
        return [
            deepcopy(body)
            for path, body in self.objects.items()
            if path.startswith(f"{around}/") and path.split("/")[-2] == plural
        ]

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        self._answer("GET", path)
        if path in self.objects:
            return deepcopy(self.objects[path])
        if path.rpartition("/")[0] in {each.rpartition("/")[0] for each in self.objects} and query is None:
            raise ApiRefused(404, "not found")
        selected = (query or {}).get("fieldSelector", "").partition("metadata.name=")[2]
        items = [each for each in self.within(path) if not selected or each["metadata"]["name"] == selected]
        return {"items": items, "metadata": {"resourceVersion": str(next(self._serial))}}

    async def create(self, path: str, body: Mapping[str, Any]) -> Any:
        self._answer("POST", path)
        target = f"{path}/{body['metadata']['name']}"
        if target in self.objects:
            raise ApiRefused(409, "already exists")
        return self.put(target, body)

    async def delete(self, path: str, *, uid: str | None = None) -> Any:
        self._answer("DELETE", path)
        if path not in self.objects:
            raise ApiRefused(404, "not found")
        if uid is not None and self.objects[path]["metadata"]["uid"] != uid:
            raise ApiRefused(409, "the uid in the precondition is another")
        self.remove(path)

    async def apply(self, path: str, body: Mapping[str, Any], *, manager: str) -> Any:  # noqa: ARG002
        self._answer("PATCH", path)
        if not path.endswith("/status"):
            return self.put(path, body)
        path = path.removesuffix("/status")
        return self.put(path, {**self.objects[path], "status": body["status"]})

    async def watch(self, path: str, query: Mapping[str, str]) -> AsyncIterator[Mapping[str, Any]]:  # noqa: ARG002
        self._answer("GET", path)
        events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._watchers.append((path, events))
        while True:
            yield await events.get()

    def _tell(self, kind: str, path: str) -> None:
        for collection, events in self._watchers:
            if path.rpartition("/")[0] == collection:
                events.put_nowait({"type": kind, "object": deepcopy(self.objects[path])})

    def _answer(self, method: str, path: str) -> None:
        if method != "GET":
            self.requests.append((method, path))
        if self.away(method, path):
            raise ClusterUnavailable("the API does not answer")
        if (status := self.refuses(method, path)) is not None:
            raise ApiRefused(status, f"{method} {path} is refused")
