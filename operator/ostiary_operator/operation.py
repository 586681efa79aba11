"""One operator at work: what is observed goes onto the worklist, what was decided into status, events and metrics."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ostiary_operator.events import EventPoster
from ostiary_operator.failures import failure_of
from ostiary_operator.metrics import Metrics
from ostiary_operator.objects import Key, ObjectKind, Objects
from ostiary_operator.policies.deadlines import Deadlines
from ostiary_operator.policies.notices import policy_notices
from ostiary_operator.reconcile.application import ApplicationReconciler
from ostiary_operator.reconcile.conditions import Reason, Type
from ostiary_operator.reconcile.declared import Declared, DeclaredApplication, DeclaredUser
from ostiary_operator.reconcile.outcome import Condition, Notice, Outcome, Truth
from ostiary_operator.reconcile.policing import PolicedApplications, PolicedUsers
from ostiary_operator.reconcile.secret_port import ClusterUnavailable
from ostiary_operator.reconcile.user import UserReconciler
from ostiary_operator.reconcile.vanished import Vanished
from ostiary_operator.serving import ServingFollower
from ostiary_operator.status import StatusWriter, Target
from ostiary_operator.worklist import Job, Worklist
from ostiary_state.intent import StaleWriter

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reconcilers:
    """What decides."""

    application: ApplicationReconciler | PolicedApplications
    user: UserReconciler | PolicedUsers
    vanished: Vanished

    async def reconcile(self, declared: Declared) -> Outcome:
        """By its kind."""
        if isinstance(declared, DeclaredApplication):
            return await self.application.reconcile(declared)
        assert isinstance(declared, DeclaredUser)  # noqa: S101 - there is no third kind
        return await self.user.reconcile(declared)


class Addresses(Protocol):
    """Who makes addresses reachable."""

    def expect(self, target: Target, origin: str | None) -> None:
        """An application is stored at this origin; None: nothing is stored."""

    def forget(self, key: Key) -> None:
        """The object is gone."""


def _nobody(_: object) -> None:
    """Who is told nothing."""


class Operation:
    """The Intake of `handlers`, and the work of the worklist."""

    def __init__(
        self,
        objects: Objects,
        status: StatusWriter,
        serving: ServingFollower,
        events: EventPoster,
        metrics: Metrics,
        clock: Callable[[], float],
        *,
        parallelism: int,
    ) -> None:
        self._objects, self._status, self._serving = objects, status, serving
        self._events, self._metrics = events, metrics
        self._parallelism = parallelism
        self._reconcilers: Reconcilers | None = None
        self._vacated: Callable[[str], None] = _nobody
        self._gone: Callable[[Key], None] = _nobody
        self._addresses: Addresses | None = None
        self._contested: set[Key] = set()
        self._follows: dict[Key, str] = {}
        self._followers: defaultdict[tuple[str, str], set[Key]] = defaultdict(set)
        self.superseded = asyncio.Event()  # another operator has written since: stop
        self.worklist = Worklist(self._work, metrics, clock, parallelism=parallelism)
        self._deadlines = Deadlines(lambda key: self.worklist.add(key, quiet=True))

    @property
    def busy(self) -> bool:
        """More is waiting than can be worked on at once."""
        return len(self.worklist) > self._parallelism

    def begin(
        self,
        reconcilers: Reconcilers,
        vacated: Callable[[str], None] = _nobody,
        addresses: Addresses | None = None,
        gone: Callable[[Key], None] = _nobody,
    ) -> None:
        """What decides also needs what is made after this: Secrets, which tell of their changes.

        `vacated` is told of a namespace that may have lost its last object with a Secret, `gone` of each object.
        """
        self._reconcilers, self._vacated, self._gone = reconcilers, vacated, gone
        self._addresses = addresses

    def changed(self, kind: ObjectKind, body: Mapping[str, Any]) -> None:
        """See `handlers.Intake`. Quiet where status says that this generation was decided on: it only was there."""
        key, declared = Key.of(kind, body), kind.declared(body)
        self._status.observe(key, body)
        decided = (body.get("status") or {}).get("observedGeneration") == declared.generation
        self.worklist.add(key, declared, quiet=decided)

    async def deleted(self, kind: ObjectKind, body: Mapping[str, Any]) -> None:
        """See `handlers.Intake`."""
        key = Key.of(kind, body)
        self._status.observe(key, body)
        self.worklist.add(key, kind.declared(body))
        await self.worklist.finished(key)

    def stop(self) -> None:
        """Nothing is to be looked at later."""
        self._deadlines.stop()

    def route_changed(self, application_id: str) -> None:
        """Look again at an application that follows a route."""
        namespace, _, name = application_id.partition("/")
        self.worklist.add(Key(ObjectKind.APPLICATION, namespace, name), quiet=True)

    def secret_changed(self, namespace: str, name: str) -> None:
        """Look again at the objects that follow a Secret."""
        for key in tuple(self._followers.get((namespace, name), ())):
            self.worklist.add(key)

    async def _work(self, key: Key, job: Job) -> bool:
        """One attempt. The one place where an unforeseen error ends: it must not stop the other objects."""
        declared = job.declared
        try:
            declared = declared or await self._read(key)
            if declared is None:
                await self._vanished(key)
                return True
            assert self._reconcilers is not None  # noqa: S101 - `begin` came first
            outcome = await self._reconcilers.reconcile(declared)
            await self._report(key, declared, outcome, job)
            return not _unanswerable(outcome)
        except StaleWriter:
            self.superseded.set()
            return False
        except Exception as error:  # noqa: BLE001
            await self._failed(key, declared, error, job)
            return False

    async def _read(self, key: Key) -> Declared | None:
        body = await self._objects.get(key)
        if body is None:
            return None
        self._status.observe(key, body)
        return key.kind.declared(body)

    async def _report(self, key: Key, declared: Declared, outcome: Outcome, job: Job) -> None:
        target = Target(key, declared.uid, declared.generation)
        if outcome.gone:
            self._forget(key, declared.uid)
        else:
            self._follow(key, outcome)
            self._deadlines.expect(key, outcome.served_until)
            await self._decided(target, outcome, job)
        for name in outcome.clients:
            self.worklist.add(Key(ObjectKind.APPLICATION, key.namespace, name), quiet=True)
        if outcome.released:
            for waiting in tuple(self._contested - {key}):
                self.worklist.add(waiting)
        self._metrics.reconciles.labels(key.kind.value, _named(outcome)).inc()

    async def _decided(self, target: Target, outcome: Outcome, job: Job) -> None:
        for notice in self._notices(target, outcome):
            self._events.post(target, notice)
        self._status.decided(target, outcome)
        if self._addresses is None:
            self._status.addressed(target, None)
        else:
            self._addresses.expect(target, _stored_at(outcome))
        await self._serving.expect(target, outcome, job.since)

    def _notices(self, target: Target, outcome: Outcome) -> tuple[Notice, ...]:
        """What changed. A new application is one Event with its Secret: an Event costs half a write of status."""
        before = self._status.condition(target, Type.POLICY_ALLOWED)
        return (*self._of_acceptance(target, outcome), *policy_notices(before, outcome))

    def _of_acceptance(self, target: Target, outcome: Outcome) -> tuple[Notice, ...]:
        before, accepted = self._status.condition(target, Type.ACCEPTED), outcome.condition(Type.ACCEPTED)
        if accepted is None or (before is not None and not _differs(before, accepted)):
            return outcome.notices
        if accepted.status is not Truth.TRUE:
            return (Notice("Rejected", accepted.message, warning=True),)
        named = (f"client id {outcome.client_id}",) if outcome.client_id else ()
        texts = (*named, *(notice.message for notice in outcome.notices))
        return (Notice("Accepted", "; ".join(texts) or "stored"),)

    async def _vanished(self, key: Key) -> None:
        """Its finalizer was removed by hand, or it went while no operator ran."""
        assert self._reconcilers is not None  # noqa: S101 - `begin` came first
        uid = await self._reconcilers.vanished.end(key.id, application=key.kind is ObjectKind.APPLICATION)
        self._forget(key, uid)

    async def _failed(self, key: Key, declared: Declared | None, error: Exception, job: Job) -> None:
        failure = failure_of(error)
        if failure.reason is None:
            return
        self._metrics.errors.labels(failure.reason.value).inc()
        trace = error if failure.unforeseen else None
        logger.warning("%s %s: %s: %s", key.kind.value, key.id, failure.reason.value, error, exc_info=trace)
        if declared is None or job.quiet or isinstance(error, ClusterUnavailable):
            return
        target = Target(key, declared.uid, declared.generation)
        synced = Condition(Type.SYNCED, Truth.FALSE, failure.reason, failure.message)
        try:
            self._status.undecided(target, synced)
            await self._serving.undecided(target, synced)
        except ClusterUnavailable as unavailable:
            logger.warning("%s %s: status could not say so: %s", key.kind.value, key.id, unavailable)

    def _follow(self, key: Key, outcome: Outcome) -> None:
        (self._contested.add if outcome.contested else self._contested.discard)(key)
        before = self._follows.get(key)
        if before == outcome.follows:
            return
        self._unfollow(key)
        if outcome.follows is not None:
            self._follows[key] = outcome.follows
            self._followers[key.namespace, outcome.follows].add(key)

    def _unfollow(self, key: Key) -> None:
        if (name := self._follows.pop(key, None)) is not None:
            followers = self._followers[key.namespace, name]
            followers.discard(key)
            if not followers:
                del self._followers[key.namespace, name]
                self._vacated(key.namespace)

    def _forget(self, key: Key, uid: str | None) -> None:
        self._contested.discard(key)
        self._unfollow(key)
        self._deadlines.expect(key, None)
        self._gone(key)
        if self._addresses is not None:
            self._addresses.forget(key)
        self._status.forget(key)
        if uid is not None:
            self._serving.forget(uid)
            self._events.forget(uid)


def _differs(before: Mapping[str, Any], now: Condition) -> bool:
    return (before["status"], before["reason"], before["message"]) != (now.status, now.reason, now.message)


def _stored_at(outcome: Outcome) -> str | None:
    """The origin; None while nothing is stored, though the endpoints are known."""
    return outcome.endpoints.issuer if outcome.endpoints is not None and outcome.revision is not None else None


def _unanswerable(outcome: Outcome) -> bool:
    """No event tells that a right was granted: only trying again does. Those who follow routes do that themselves."""
    return any(
        each.reason is Reason.FORBIDDEN and each.type is not Type.CALLBACKS_RESOLVED for each in outcome.conditions
    )


def _named(outcome: Outcome) -> str:
    if outcome.gone:
        return "gone"
    failing = [each.type for each in outcome.conditions if each.status is not Truth.TRUE]
    return "refused" if {Type.ACCEPTED, Type.POLICY_ALLOWED} & set(failing) else "waiting" if failing else "stored"
