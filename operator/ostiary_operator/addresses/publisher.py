"""Keeps the objects equal to the addresses in use, and the applications' status equal to what became of them."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ostiary_operator.addresses.exposure import ADDRESS, LABEL, Exposure, has_name, is_public, object_name, says
from ostiary_operator.addresses.progress import condition
from ostiary_operator.cluster import ApiRefused, Cluster
from ostiary_operator.labelled_watch import LabelledWatch
from ostiary_operator.objects import Key
from ostiary_operator.reconcile.outcome import Condition
from ostiary_operator.reconcile.secret_port import ClusterUnavailable
from ostiary_operator.status import StatusWriter, Target
from ostiary_state.errors import StoreUnavailable
from ostiary_state.intent import IntentStore

logger = logging.getLogger(__name__)

MANAGER = "ostiary-addresses"
_TOGETHER = 0.2  # seconds in which what concerns several addresses is gathered
_LINGER = 3.0  # seconds before an address that lost its last application is given up
_REFUSED = 30.0  # seconds before what was refused is tried again
_AGAIN = 5.0  # seconds before what failed is tried again


@dataclass(frozen=True, slots=True)
class Published:
    """One object as the API has it."""

    name: str
    version: str
    body: Mapping[str, Any]

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> "Published":
        """From the API."""
        metadata = body["metadata"]
        return cls(metadata["name"], f"{metadata['uid']}/{metadata['resourceVersion']}", body)

    @property
    def origin(self) -> str:
        """The address that it is for; empty where somebody took that away."""
        return str((self.body["metadata"].get("annotations") or {}).get(ADDRESS, ""))


class Publisher:
    """Told of every application; `run` does the work."""

    def __init__(
        self, cluster: Cluster, store: IntentStore, status: StatusWriter, exposure: Exposure, own: str | None
    ) -> None:
        self._cluster, self._store, self._status, self._exposure = cluster, store, status, exposure
        self._own = own  # the default issuer, which the installation makes reachable itself
        self._targets: dict[Key, Target] = {}
        self._origins: dict[Key, str] = {}
        self._users: defaultdict[str, set[Key]] = defaultdict(set)
        self._told: dict[str, Condition] = {}
        self._dirty: set[str] = set()  # names of objects to look at
        self._vacant: dict[str, float] = {}  # origin that may be in use no more, since when
        self._wake = asyncio.Event()
        self._watch = LabelledWatch(cluster, exposure.collection, LABEL, Published.parse, self._look_at)
        self._refusal: ApiRefused | None = None

    def expect(self, target: Target, origin: str | None) -> None:
        """An application is stored at this address, or (None) at none; its condition joins its next status."""
        origin = origin if origin is not None and is_public(origin) and origin != self._own else None
        before = self._origins.get(target.key)
        if before is not None and before != origin:
            self._leave(target.key, before)
        if origin is None:
            self._status.addressed(target, None)
            return
        self._targets[target.key], self._origins[target.key] = target, origin
        self._users[origin].add(target.key)
        self._vacant.pop(origin, None)
        if self._watch.is_listed:  # until then status says what was so before
            self._status.addressed(target, self._condition(origin))
        self._look_at(object_name(origin))

    def forget(self, key: Key) -> None:
        """The application is gone."""
        if (origin := self._origins.get(key)) is not None:
            self._leave(key, origin)

    async def run(self) -> None:
        """For ever."""
        self._watch.start()
        await self._watch.listed()
        for held in tuple(self._watch.held.values()):
            self._suspect(held.origin or held.name)
        self._look_at_all()
        try:
            while True:
                await self._rest()
                await self._settle()
        finally:
            self._watch.stop()

    def _leave(self, key: Key, origin: str) -> None:
        self._origins.pop(key, None)
        self._targets.pop(key, None)
        self._users[origin].discard(key)
        if not self._users[origin]:
            del self._users[origin]
            self._told.pop(origin, None)
            self._suspect(origin)

    def _suspect(self, origin: str) -> None:
        self._vacant.setdefault(origin, asyncio.get_running_loop().time())
        self._wake.set()

    def _look_at(self, name: str) -> None:
        self._dirty.add(name)
        self._wake.set()

    def _look_at_all(self) -> None:
        self._dirty.update(map(object_name, self._users))
        self._wake.set()

    async def _rest(self) -> None:
        """Until there is something to do; what was refused may be allowed, or installed, some day."""
        refused = self._watch.refusal or self._refusal
        pause = _LINGER if self._vacant else _REFUSED if refused else None
        try:
            async with asyncio.timeout(pause):
                await self._wake.wait()
        except TimeoutError:
            if refused:
                self._look_at_all()
            return
        self._wake.clear()
        await asyncio.sleep(_TOGETHER)

    async def _settle(self) -> None:
        dirty, self._dirty = self._dirty, set()
        by_name = {object_name(origin): origin for origin in self._users}
        try:
            for name in sorted(dirty):
                if (origin := by_name.get(name)) is not None:
                    await self._publish(origin)
                    await self._tell(origin)
                elif (held := self._watch.held.get(name)) is not None:
                    self._suspect(held.origin or held.name)
            await self._give_up()
        except (ClusterUnavailable, StoreUnavailable) as error:
            logger.warning("addresses: %s", error)
            self._dirty |= dirty
            await asyncio.sleep(_AGAIN)
            self._wake.set()

    async def _publish(self, origin: str) -> None:
        """Make the object what it should be; nothing is sent where it is."""
        wanted, held = self._exposure.body(origin), self._watch.held.get(object_name(origin))
        if not has_name(origin) or (held is not None and says(wanted, held.body)):
            return
        path = f"{self._exposure.collection}/{object_name(origin)}"
        try:
            with self._watch.writing(object_name(origin)):
                applied = await self._cluster.apply(path, wanted, manager=MANAGER)
        except ApiRefused as refused:
            if str(refused) != str(self._refusal):
                logger.warning("cannot keep %s: %s", path, refused)
            self._refusal = refused
            return
        self._refusal = None
        self._watch.wrote(Published.parse(applied))

    async def _tell(self, origin: str) -> None:
        now = self._condition(origin)
        if self._told.get(origin) == now:
            return
        for key in tuple(self._users.get(origin, ())):
            target = self._targets[key]
            if self._status.addressed(target, now):
                try:
                    await self._status.send(target)
                except ApiRefused as refused:
                    logger.warning("cannot report the address of %s: %s", key.id, refused)
        self._told[origin] = now

    async def _give_up(self) -> None:
        """Delete what no stored application uses: one left by `Orphan` still does, though no object declares it."""
        now = asyncio.get_running_loop().time()
        due = {origin for origin, since in self._vacant.items() if now - since >= _LINGER}
        if not due:
            return
        used = {row.origin for row in await self._store.applications()}
        for origin in due:
            self._vacant.pop(origin, None)
            name = object_name(origin) if "://" in origin else origin
            if origin in used or (held := self._watch.held.get(name)) is None:
                continue
            try:
                await self._cluster.delete(f"{self._exposure.collection}/{name}", uid=held.version.partition("/")[0])
            except ApiRefused as refused:
                if refused.status not in (404, 409):
                    logger.warning("cannot delete %s %s: %s", self._exposure.kind, name, refused)

    def _condition(self, origin: str) -> Condition:
        held = self._watch.held.get(object_name(origin))
        refusal = self._watch.refusal or (self._refusal if held is None else None)
        return condition(origin, self._exposure, None if held is None else held.body, refusal)
