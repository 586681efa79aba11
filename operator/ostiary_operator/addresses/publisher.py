"""Keeps the objects equal to the addresses in use, and the applications' status equal to what became of them."""

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ostiary_operator.addresses.exposure import LABEL, Exposure, has_name, is_public, object_name, says
from ostiary_operator.addresses.in_use import InUse
from ostiary_operator.addresses.progress import condition
from ostiary_operator.cluster import ApiRefused, Cluster
from ostiary_operator.labelled_watch import LabelledWatch
from ostiary_operator.objects import Key, version_of
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
        return cls(body["metadata"]["name"], version_of(body), body)


class Publisher:
    """Told of every application; `run` does the work. Objects are looked at by name, each when there is a reason."""

    def __init__(
        self, cluster: Cluster, store: IntentStore, status: StatusWriter, exposure: Exposure, own: str | None
    ) -> None:
        self._cluster, self._store, self._status, self._exposure = cluster, store, status, exposure
        self._own = own  # the default issuer, which the installation makes reachable itself
        self._in_use: InUse[Key] = InUse()
        self._kept: dict[str, str] = {}  # addresses of applications that `Orphan` left, by the name of the object
        self._targets: dict[Key, Target] = {}
        self._told: dict[str, Condition] = {}
        self._unsent: set[Key] = set()  # the status of these is not in the API yet
        self._refusals: dict[str, ApiRefused] = {}
        self._dirty: set[str] = set()  # to be looked at now
        self._due: dict[str, float] = {}  # to be looked at then; without a user it is given up
        self._wake = asyncio.Event()
        self._watch = LabelledWatch(
            cluster, exposure.collection, LABEL, Published.parse, self._look_at, turned=self._look_at_all
        )

    def expect(self, target: Target, origin: str | None) -> None:
        """An application is stored at this address, or (None) at none; its condition joins its next status."""
        origin = origin if origin is not None and self._publishes(origin) else None
        self._move(target.key, origin)
        if origin is None:
            self._status.addressed(target, None)
            return
        self._targets[target.key] = target
        if self._knows:  # until then status says what was so before
            self._status.addressed(target, self._condition(origin))
        self._look_at(object_name(origin))

    def forget(self, key: Key) -> None:
        """The application is gone."""
        self._move(key, None)

    async def run(self) -> None:
        """For ever."""
        self._watch.start()
        await self._watch.listed()
        try:
            while True:
                await self._rest()
                await self._settle()
        finally:
            self._watch.stop()

    @property
    def _knows(self) -> bool:
        return self._watch.is_listed or self._watch.refusal is not None

    def _publishes(self, origin: str) -> bool:
        return is_public(origin) and origin != self._own

    def _move(self, key: Key, origin: str | None) -> None:
        if origin is None:
            self._targets.pop(key, None)
            self._unsent.discard(key)
        if (left := self._in_use.move(key, origin)) is not None:
            name = object_name(left)
            self._told.pop(left, None)
            self._kept.pop(name, None)  # the store says anew who else is there
            self._look_later((name,), _LINGER)

    def _look_at(self, name: str) -> None:
        self._dirty.add(name)
        self._wake.set()

    def _look_at_all(self) -> None:
        """The watch knows what there is, or knows it no more."""
        self._dirty |= self._in_use.names() | self._kept.keys() | self._watch.held.keys()
        self._wake.set()

    def _look_later(self, names: Iterable[str], seconds: float) -> None:
        self._due |= dict.fromkeys(names, asyncio.get_running_loop().time() + seconds)
        self._wake.set()

    async def _rest(self) -> None:
        """Until there is something to do."""
        first = min(self._due.values(), default=None)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(first):
                await self._wake.wait()
                self._wake.clear()
                await asyncio.sleep(_TOGETHER)

    async def _settle(self) -> None:
        now = asyncio.get_running_loop().time()
        due = {name for name, then in self._due.items() if then <= now}
        names, self._dirty = self._dirty | due, set()
        for name in due:
            del self._due[name]
        try:
            for name in sorted(names):
                await self._look(name, name in due)
            await self._give_up({name for name in due if self._origin(name) is None and name in self._watch.held})
        except (ClusterUnavailable, StoreUnavailable) as error:
            logger.warning("addresses: %s", error)
            self._look_later(names, _AGAIN)

    async def _look(self, name: str, has_lingered: bool) -> None:
        if not self._knows:
            return  # as soon as it does, all are looked at
        if (origin := self._origin(name)) is not None:
            if self._watch.is_listed:
                await self._publish(name, origin)
            await self._tell(origin)
        elif name in self._watch.held and name not in self._due and not has_lingered:
            self._look_later((name,), _LINGER)

    def _origin(self, name: str) -> str | None:
        return self._in_use.named(name) or self._kept.get(name)

    async def _publish(self, name: str, origin: str) -> None:
        """Make the object what it should be; nothing is sent where it is."""
        wanted, held = self._exposure.body(origin), self._watch.held.get(name)
        if not has_name(origin):
            return
        if held is not None and says(wanted, held.body):
            self._refusals.pop(name, None)
            return
        try:
            with self._watch.writing(name):
                applied = await self._cluster.apply(f"{self._exposure.collection}/{name}", wanted, manager=MANAGER)
        except ApiRefused as refused:
            self._refused(name, refused)
            return
        self._refusals.pop(name, None)
        self._watch.wrote(Published.parse(applied))

    def _refused(self, name: str, refused: ApiRefused) -> None:
        """It may be allowed some day, and no event will tell."""
        if str(refused) != str(self._refusals.get(name)):
            logger.warning("cannot keep or remove %s %s: %s", self._exposure.kind, name, refused)
        self._refusals[name] = refused
        self._look_later((name,), _REFUSED)

    async def _tell(self, origin: str) -> None:
        now = self._condition(origin)
        if self._told.get(origin) == now:
            return
        for key in self._in_use.users(origin):
            if (target := self._targets.get(key)) is None:  # it went while others were told
                continue
            if self._status.addressed(target, now) or key in self._unsent:
                self._unsent.add(key)
                try:
                    await self._status.send(target)
                except ApiRefused as refused:
                    logger.warning("cannot report the address of %s: %s", key.id, refused)
                self._unsent.discard(key)
        if self._in_use.users(origin):
            self._told[origin] = now

    async def _give_up(self, names: set[str]) -> None:
        """Delete what no stored application uses: one left by `Orphan` still does, though no object declares it."""
        if not names:
            return
        rows = [row for row in await self._store.applications() if self._publishes(row.origin)]
        self._kept = {object_name(row.origin): row.origin for row in rows if not row.owned}
        for name in names - {object_name(row.origin) for row in rows}:
            if (held := self._watch.held.get(name)) is None:
                continue
            path = f"{self._exposure.collection}/{name}"
            try:
                await self._cluster.delete(path, uid=held.version.partition("/")[0])
            except ApiRefused as refused:
                if refused.status not in (404, 409):
                    self._refused(name, refused)
                    continue
            self._refusals.pop(name, None)

    def _condition(self, origin: str) -> Condition:
        name = object_name(origin)
        held = self._watch.held.get(name)
        refusal = self._watch.refusal or self._refusals.get(name)
        return condition(origin, self._exposure, None if held is None else held.body, refusal)
