"""The labelled Secrets of one namespace, kept as the API has them."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

from ostiary_operator.cluster import ApiRefused, Cluster
from ostiary_operator.reconcile.secret_port import LABEL, ClusterUnavailable, HeldSecret

logger = logging.getLogger(__name__)

_SELECTOR = {"labelSelector": f"{LABEL}=true"}
# Authorizers hear of a new binding a moment after it was made.
_BOUND_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
_PATIENCE = 5.0  # seconds to wait for the first list; then a Secret is read by itself
_BROKEN_PAUSES = (0.2, 1.0, 2.0, 5.0)  # seconds, growing while the API stays away
# An API server that just started refuses for a moment what it will allow; after that someone may grant it some day.
_REFUSED_PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)


class SecretWatch:
    """List, then watch, for ever. What this process writes itself is held and not announced."""

    def __init__(
        self,
        cluster: Cluster,
        namespace: str,
        path: str,
        parse: Callable[[Mapping[str, Any]], HeldSecret],
        changed: Callable[[str, str], None],
        bind: Callable[[], Awaitable[bool]],
    ) -> None:
        self.held: dict[str, HeldSecret] = {}
        self._cluster, self._namespace, self._path = cluster, namespace, path
        self._parse, self._changed, self._bind = parse, changed, bind
        self._writing: dict[str, int] = {}
        self._listed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to follow."""
        self._task = asyncio.create_task(self._follow(), name=f"secrets of {self._namespace}")

    def stop(self) -> None:
        """End it."""
        if self._task is not None:
            self._task.cancel()

    async def listed(self) -> "SecretWatch":
        """Itself, once the first list is there or known to be refused."""
        if not self._listed.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._listed.wait(), _PATIENCE)
        return self

    @contextlib.contextmanager
    def writing(self, name: str) -> Iterator[None]:
        """Events about `name` meanwhile are our own."""
        self._writing[name] = self._writing.get(name, 0) + 1
        try:
            yield
        finally:
            self._writing[name] -= 1
            if not self._writing[name]:
                del self._writing[name]

    def wrote(self, secret: HeldSecret) -> HeldSecret:
        """Hold what the API answered to our write; its event then brings nothing new."""
        before = self.held.get(secret.name)
        if before is None or _revision(before) <= _revision(secret):
            self.held[secret.name] = secret
        return secret

    async def _follow(self) -> None:
        broken, refusals = iter(_BROKEN_PAUSES), iter(_REFUSED_PAUSES)
        while True:
            try:
                version: str | None = await self._list_or_bind()
                broken, refusals = iter(_BROKEN_PAUSES), iter(_REFUSED_PAUSES)
                while version is not None:
                    version = await self._watch(version)
            except ApiRefused as refused:
                logger.warning("cannot list Secrets of %s: %s", self._namespace, refused)
                self._listed.set()
                pause = next(refusals, _REFUSED_PAUSES[-1])
                if pause > _BROKEN_PAUSES[-1]:
                    self.held.clear()  # it is meant: what is held grows old
                await asyncio.sleep(pause)
            except ClusterUnavailable:
                await asyncio.sleep(next(broken, _BROKEN_PAUSES[-1]))

    async def _list_or_bind(self) -> str:
        """Where Secrets are refused, access is asked for first."""
        try:
            return await self._list()
        except ApiRefused as refused:
            if refused.status != 403 or not await self._bind():
                raise
        for pause in _BOUND_PAUSES:
            await asyncio.sleep(pause)
            with contextlib.suppress(ApiRefused):
                return await self._list()
        return await self._list()

    async def _list(self) -> str:
        """The version to watch from; announces what a lost watch did not."""
        page = await self._cluster.get(self._path, _SELECTOR)
        before, self.held = self.held, {each.name: each for each in map(self._parse, page["items"])}
        for name in before.keys() | self.held.keys():
            now, then = self.held.get(name), before.get(name)
            if self._listed.is_set() and (now and now.version) != (then and then.version):
                self._announce(name)
        self._listed.set()
        return str(page["metadata"]["resourceVersion"])

    async def _watch(self, version: str) -> str | None:
        """The version that the next watch goes on from; None: list again."""
        async for event in self._cluster.watch(self._path, {**_SELECTOR, "resourceVersion": version}):
            if event["type"] == "ERROR":
                return None
            version = event["object"]["metadata"]["resourceVersion"]
            if event["type"] == "BOOKMARK":
                continue
            secret = self._parse(event["object"])
            before = self.held.get(secret.name)
            if event["type"] == "DELETED":
                if before is None or _revision(before) <= _revision(secret):
                    self.held.pop(secret.name, None)
                    self._announce(secret.name)
            elif before is None or _revision(before) < _revision(secret):
                self.held[secret.name] = secret
                self._announce(secret.name)
        return version

    def _announce(self, name: str) -> None:
        if name not in self._writing:
            self._changed(self._namespace, name)


def _revision(secret: HeldSecret) -> int:
    """Versions of one kind of object compare as numbers (KEP-5504)."""
    return int(secret.version.partition("/")[2])
