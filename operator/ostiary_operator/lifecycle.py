"""From start to end: probes first, then the Lease, then kopf; whatever ends first ends all of it."""

import asyncio
import contextlib
import logging
import os
import secrets
import signal
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import kopf

from ostiary_operator import cluster as kubernetes
from ostiary_operator import handlers
from ostiary_operator.assembly import Assembly, assemble
from ostiary_operator.cluster import ApiRefused, Cluster
from ostiary_operator.lease import Lease
from ostiary_operator.metrics import Metrics
from ostiary_operator.objects import ObjectKind, collection
from ostiary_operator.other_loop import OtherLoop
from ostiary_operator.policies.held import NAMESPACES, POLICIES
from ostiary_operator.probes import Probes
from ostiary_operator.reconcile.secret_port import ClusterUnavailable
from ostiary_operator.settings import OperatorSettings
from ostiary_state.errors import StoreUnavailable
from ostiary_state.intent import IntentStore

logger = logging.getLogger(__name__)

_PAUSE = 1.0  # seconds between looks at what is not there yet


class State(StrEnum):
    """What the process is doing, as the probes tell it."""

    STARTING = "starting"
    STANDBY = "standby"
    LEADING = "leading"
    ENDING = "ending"


@dataclass(frozen=True, slots=True)
class Tenure:
    """The time in which this process may write."""

    fence: Callable[[], int]
    ended: Callable[[], Coroutine[Any, Any, Any]]  # returns when it is over


class Lifecycle:
    """One operator process."""

    def __init__(
        self, settings: OperatorSettings, cluster: Cluster, store: IntentStore, fits: Callable[[], Awaitable[None]]
    ) -> None:
        self._settings, self._cluster, self._store = settings, cluster, store
        self._fits = fits  # raises SchemaMismatch where this binary and the database do not
        self._state = State.STARTING
        self._metrics = Metrics()
        self._stop = asyncio.Event()

    async def run(self) -> int:
        """Until SIGTERM (0), or until the Lease or anything that runs under it is lost (1)."""
        self._catch_signals()
        probes = Probes(
            self._metrics.registry,
            ready=lambda: self._state in (State.STANDBY, State.LEADING),
            state=lambda: self._state.value,
        )
        await probes.start(self._settings.probe_port)
        try:
            return await self._until_stopped(self._lead())
        finally:
            await probes.stop()

    def _catch_signals(self) -> None:
        """kopf installs its own when it starts, and then ends by itself."""
        loop = asyncio.get_running_loop()
        for caught in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(caught, self._stop.set)

    async def _until_stopped(self, work: Coroutine[Any, Any, int]) -> int:
        working, stopped = asyncio.create_task(work), asyncio.create_task(self._stop.wait())
        await asyncio.wait((working, stopped), return_when=asyncio.FIRST_COMPLETED)
        self._state = State.ENDING
        stopped.cancel()
        if working.done():
            return working.result()
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working
        return 0

    async def _lead(self) -> int:
        await self._ready()
        self._state = State.STANDBY
        async with self._leased() as tenure:
            self._state = State.LEADING
            self._metrics.leading.set(1)
            return await self._operate(tenure)

    async def _ready(self) -> None:
        """The kinds are served and the database answers; until then there is nothing to do but to wait."""
        while True:
            try:
                for kind in ObjectKind:
                    namespace = min(self._settings.watch_namespaces, default=None)
                    await self._cluster.get(collection(kind, namespace), {"limit": "1"})
                for path in (POLICIES, NAMESPACES) if self._settings.follows_policies else ():
                    await self._cluster.get(path, {"limit": "1"})
                await self._fits()
            except (ClusterUnavailable, StoreUnavailable) as error:
                logger.warning("waiting: %s", error)
            except ApiRefused as refused:
                hint = "install the CRDs: ostiary crds | kubectl apply -f -" if refused.status == 404 else str(refused)
                logger.warning("waiting: %s", hint)
            else:
                return
            await asyncio.sleep(_PAUSE)

    @contextlib.asynccontextmanager
    async def _leased(self) -> AsyncIterator[Tenure]:
        """Beside the loop that works: a thousand new objects at once would keep it from renewing in time."""
        if not self._settings.lease_name:
            yield Tenure(fence=lambda: 0, ended=asyncio.Event().wait)
            return
        identity = f"{socket.gethostname()}_{os.getpid()}_{secrets.token_hex(4)}"
        cluster = Cluster(self._cluster.configuration)
        lease = Lease(cluster, self._settings.namespace, self._settings.lease_name, identity, time.monotonic, time.time)
        with OtherLoop() as beside:
            try:
                await beside.run(lease.acquire())
                yield Tenure(fence=lambda: lease.fence, ended=lambda: beside.run(lease.hold()))
            finally:
                self._metrics.leading.set(0)
                await beside.run(lease.release())
                await beside.run(cluster.close())

    async def _operate(self, tenure: Tenure) -> int:
        assembly = assemble(self._settings, self._cluster, self._store, self._metrics, tenure.fence)
        watching = asyncio.create_task(self._watch(assembly), name="kopf")
        ends = [watching, *_background(assembly, tenure)]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            self._state = State.ENDING
            if watching.done():
                watching.result()
                return 0  # kopf caught a signal
            failed = [task.get_name() for task in ends if task.done()]
            logger.error("ended: %s", ", ".join(failed), exc_info=_error_of(ends))
            return 1
        finally:
            await assembly.stop()
            for task in ends:
                task.cancel()
            await asyncio.gather(*ends, return_exceptions=True)

    async def _watch(self, assembly: Assembly) -> None:
        if assembly.policies is not None:
            await assembly.policies.watch.known()
        namespaces = sorted(self._settings.watch_namespaces)
        await kopf.operator(
            registry=handlers.registry(assembly.operation, lambda: kubernetes.credentials(self._cluster.configuration)),
            settings=handlers.settings(),
            standalone=True,
            clusterwide=not namespaces,
            namespaces=namespaces,
        )


def _background(assembly: Assembly, tenure: Tenure) -> list[asyncio.Task[Any]]:
    running: dict[str, Coroutine[Any, Any, Any]] = {
        "the Lease": tenure.ended(),
        "a newer operator": assembly.operation.superseded.wait(),
        "serving": assembly.serving.run(),
        "events": assembly.events.run(),
        "resync": assembly.resync.run(),
        "vacancy": assembly.vacancy.run(),
        "registered clients": assembly.registrar.run(),
        "rotation": assembly.rotation.run(),
        "usage": assembly.usage.run(),
        "drift": assembly.drift.run(),
    }
    if assembly.policies is not None:
        running["policies"] = assembly.policies.run()
    if assembly.addresses is not None:
        running["addresses"] = assembly.addresses.run()
    return [asyncio.create_task(work, name=name) for name, work in running.items()]


def _error_of(tasks: list[asyncio.Task[Any]]) -> BaseException | None:
    errors = [task.exception() for task in tasks if task.done() and not task.cancelled()]
    return next((error for error in errors if error is not None), None)
