"""kopf observes: one function for whatever appeared or changed, one for what is being deleted. Nothing else is its."""

import itertools
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Protocol

import kopf

from ostiary_operator.cluster import Credentials
from ostiary_operator.memory import DecidedGeneration, NoProgress
from ostiary_operator.objects import GROUP, VERSION, ObjectKind
from ostiary_operator.reconcile.secret_history import REVOKE, ROTATE

FINALIZER = f"{GROUP}/finalizer"


class Intake(Protocol):
    """Who takes what is observed."""

    def changed(self, kind: ObjectKind, body: Mapping[str, Any]) -> None:
        """An object appeared, changed, or was there when the operator started. Returns at once."""

    async def deleted(self, kind: ObjectKind, body: Mapping[str, Any]) -> None:
        """Returns when nothing of it is left, and the finalizer may go."""


class Backoffs:
    """Seconds between attempts of kopf's own requests, without end: giving up would end the operator."""

    def __iter__(self) -> Iterator[float]:
        return itertools.chain((0.1, 0.5, 1.0), itertools.repeat(2.0))


def settings() -> kopf.OperatorSettings:
    """kopf, reduced to watching and to our finalizer."""
    chosen = kopf.OperatorSettings()
    chosen.persistence.finalizer = FINALIZER
    chosen.persistence.diffbase_storage = DecidedGeneration()
    chosen.persistence.progress_storage = NoProgress()
    chosen.posting.enabled = False  # we post our own Events
    chosen.scanning.disabled = True  # the kinds are there before kopf starts; it needs no right to list CRDs
    chosen.queueing.worker_limit = None  # a limit halts whole batches; the worklist has its own
    chosen.queueing.idle_timeout = 1.0  # seconds that a worker task outlives its object's last event
    chosen.watching.chunk_size = 500  # objects in one answer of the first list
    chosen.watching.server_timeout = 290  # seconds: the API server ends watches at random otherwise
    chosen.watching.connect_timeout = 10.0
    chosen.networking.request_timeout = 30.0
    chosen.networking.connect_timeout = 10.0
    chosen.networking.error_backoffs = Backoffs()
    return chosen


def registry(intake: Intake, login: Callable[[], Awaitable[Credentials]]) -> kopf.OperatorRegistry:
    """The handlers, in a registry of their own."""
    handlers = kopf.OperatorRegistry()

    @kopf.on.login(registry=handlers)
    async def log_in(**_: Any) -> kopf.ConnectionInfo:
        found = await login()
        return kopf.ConnectionInfo(
            server=found.server,
            ca_path=found.ca_path,
            insecure=found.insecure,
            scheme=found.scheme,
            token=found.token,
            certificate_path=found.certificate_path,
            private_key_path=found.private_key_path,
        )

    for kind in ObjectKind:

        @kopf.on.resume(GROUP, VERSION, kind.plural, registry=handlers, param=kind, id="reconcile")
        @kopf.on.create(GROUP, VERSION, kind.plural, registry=handlers, param=kind, id="reconcile")
        @kopf.on.update(GROUP, VERSION, kind.plural, registry=handlers, param=kind, id="reconcile")
        async def changed(body: kopf.Body, param: Any = None, **_: Any) -> None:
            intake.changed(param, body)

        # a change of annotations is no new generation
        for annotation in (ROTATE, REVOKE):

            @kopf.on.event(
                GROUP, VERSION, kind.plural, registry=handlers, param=kind, annotations={annotation: kopf.PRESENT}
            )
            async def annotated(event: kopf.RawEvent, body: kopf.Body, param: Any = None, **_: Any) -> None:
                if event["type"] != "DELETED":
                    intake.changed(param, body)

        @kopf.on.delete(GROUP, VERSION, kind.plural, registry=handlers, param=kind, id="delete")
        async def deleted(body: kopf.Body, param: Any = None, **_: Any) -> None:
            await intake.deleted(param, body)

    return handlers
