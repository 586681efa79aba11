"""The objects of one collection that have a label, or all of them, kept as the API has them."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Generic, Protocol, TypeVar

from ostiary_operator.cluster import ApiRefused, Cluster
from ostiary_operator.reconcile.secret_port import ClusterUnavailable

logger = logging.getLogger(__name__)

# Authorizers hear of a new binding a moment after it was made.
_BOUND_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
_PATIENCE = 5.0  # seconds to wait for the first list; then an object is read by itself
_BROKEN_PAUSES = (0.2, 1.0, 2.0, 5.0)  # seconds, growing while the API stays away
# An API server that just started refuses for a moment what it will allow; after that someone may grant it some day.
_REFUSED_PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)

Answer = TypeVar("Answer")


async def with_access(request: Callable[[], Awaitable[Answer]], ask: Callable[[], Awaitable[bool]]) -> Answer:
    """A request; where it is refused, access is asked for, which takes a moment to count. Raises what it raises."""
    try:
        return await request()
    except ApiRefused as refused:
        if refused.status != 403 or not await ask():
            raise
    for pause in _BOUND_PAUSES:
        await asyncio.sleep(pause)
        try:
            return await request()
        except ApiRefused as refused:
            if refused.status != 403:
                raise
    return await request()


class Held(Protocol):
    """One object as it was seen."""

    @property
    def name(self) -> str:
        """Within its namespace."""

    @property
    def version(self) -> str:
        """`<uid>/<resourceVersion>`."""


Item = TypeVar("Item", bound=Held)


async def _refused() -> bool:
    return False


def _nobody() -> None:
    """Who is told nothing."""


class LabelledWatch(Generic[Item]):
    """List, then watch, for ever. What this process writes itself is held and not announced."""

    def __init__(
        self,
        cluster: Cluster,
        path: str,
        label: str | None,  # = "true"; None: every object
        parse: Callable[[Mapping[str, Any]], Item],
        changed: Callable[[str], None],  # is told the name
        bind: Callable[[], Awaitable[bool]] = _refused,  # asks for access where it is refused
        turned: Callable[[], None] = _nobody,  # is told that `held` is known now, or no more
    ) -> None:
        self.held: dict[str, Item] = {}
        self.refusal: ApiRefused | None = None  # why nothing can be listed; an API server that just started means none
        self._cluster, self._path = cluster, path
        self._selector = {"labelSelector": f"{label}=true"} if label is not None else {}
        self._parse, self._changed, self._bind, self._turned = parse, changed, bind, turned
        self._refused: ApiRefused | None = None  # the last answer
        self._writing: dict[str, int] = {}
        self._listed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to follow."""
        self._task = asyncio.create_task(self._follow(), name=f"watching {self._path}")

    def stop(self) -> None:
        """End it."""
        if self._task is not None:
            self._task.cancel()

    @property
    def is_listed(self) -> bool:
        """Whether `held` is what the API had at some time."""
        return self._listed.is_set() and self._refused is None

    @property
    def is_refused(self) -> bool:
        """Whether the last list was, be it meant or not."""
        return self._refused is not None

    async def listed(self) -> "LabelledWatch[Item]":
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

    def wrote(self, item: Item) -> Item:
        """Hold what the API answered to our write; its event then brings nothing new."""
        before = self.held.get(item.name)
        if before is None or _revision(before) <= _revision(item):
            self.held[item.name] = item
        return item

    async def _follow(self) -> None:
        broken, refusals = iter(_BROKEN_PAUSES), iter(_REFUSED_PAUSES)
        while True:
            try:
                version: str | None = await with_access(self._list, self._bind)
                broken, refusals = iter(_BROKEN_PAUSES), iter(_REFUSED_PAUSES)
                while version is not None:
                    version = await self._watch(version)
            except ApiRefused as refused:
                if str(refused) != str(self._refused):
                    logger.warning("cannot list %s: %s", self._path, refused)
                self._refused = refused
                self._listed.set()
                pause = next(refusals, _REFUSED_PAUSES[-1])
                if pause > _BROKEN_PAUSES[-1]:
                    self._lose(refused)
                await asyncio.sleep(pause)
            except ClusterUnavailable:
                await asyncio.sleep(next(broken, _BROKEN_PAUSES[-1]))

    def _lose(self, refused: ApiRefused) -> None:
        """It is meant: what is held grows old."""
        self.held.clear()
        if str(refused) != str(self.refusal):
            self.refusal = refused
            self._turned()

    async def _list(self) -> str:
        """The version to watch from; announces what a lost watch did not."""
        page = await self._cluster.get(self._path, self._selector)
        turned = not self.is_listed
        self._refused = self.refusal = None
        before, self.held = self.held, {each.name: each for each in map(self._parse, page["items"])}
        for name in before.keys() | self.held.keys():
            now, then = self.held.get(name), before.get(name)
            if self._listed.is_set() and (now and now.version) != (then and then.version):
                self._announce(name)
        self._listed.set()
        if turned:
            self._turned()
        return str(page["metadata"]["resourceVersion"])

    async def _watch(self, version: str) -> str | None:
        """The version that the next watch goes on from; None: list again."""
        async for event in self._cluster.watch(self._path, {**self._selector, "resourceVersion": version}):
            if event["type"] == "ERROR":
                return None
            version = event["object"]["metadata"]["resourceVersion"]
            if event["type"] == "BOOKMARK":
                continue
            item = self._parse(event["object"])
            before = self.held.get(item.name)
            if event["type"] == "DELETED":
                if before is None or _revision(before) <= _revision(item):
                    self.held.pop(item.name, None)
                    self._announce(item.name)
            elif before is None or _revision(before) < _revision(item):
                self.held[item.name] = item
                self._announce(item.name)
        return version

    def _announce(self, name: str) -> None:
        if name not in self._writing:
            self._changed(name)


def _revision(item: Held) -> int:
    """Versions of one kind of object compare as numbers (KEP-5504)."""
    return int(item.version.partition("/")[2])
