"""The only place where the operator's parts are put together."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from ostiary_operator.addresses.publisher import Publisher
from ostiary_operator.bindings import Bindings, ServiceAccount
from ostiary_operator.cluster import Cluster
from ostiary_operator.credentials import KubernetesSecrets
from ostiary_operator.drift_watch import DriftWatch
from ostiary_operator.events import EventPoster
from ostiary_operator.metrics import Metrics
from ostiary_operator.objects import Key, ObjectKind, Objects
from ostiary_operator.operation import Operation, Reconcilers
from ostiary_operator.passwords import ThreadedHasher
from ostiary_operator.policies.following import PolicyFollower
from ostiary_operator.reconcile.application import ApplicationReconciler
from ostiary_operator.reconcile.client_secret import new_secret
from ostiary_operator.reconcile.drift import Drifts
from ostiary_operator.reconcile.policing import Grace, NoPolicies, PolicedApplications, PolicedUsers
from ostiary_operator.reconcile.rotating import Turns
from ostiary_operator.reconcile.user import UserReconciler
from ostiary_operator.reconcile.vanished import Vanished
from ostiary_operator.reconcile.writer import GroupCommit
from ostiary_operator.registrar import Registrar
from ostiary_operator.restarts import Restarts
from ostiary_operator.resync import Resync
from ostiary_operator.rotation import RotationScheduler
from ostiary_operator.routes.watching import RouteWatches
from ostiary_operator.serving import ServingFollower
from ostiary_operator.settings import OperatorSettings
from ostiary_operator.status import StatusWriter, Target
from ostiary_operator.usage import UsageReport
from ostiary_operator.vacancy import Vacancy
from ostiary_operator.verification import CredentialCheck
from ostiary_state.intent import IntentStore

_FEW = 2  # objects on the worklist: a person's edits; a pipeline's are more


@dataclass(frozen=True, slots=True)
class Assembly:
    """What runs while the Lease is held."""

    operation: Operation
    serving: ServingFollower
    events: EventPoster
    resync: Resync
    vacancy: Vacancy
    registrar: Registrar
    rotation: RotationScheduler
    usage: UsageReport
    drift: DriftWatch
    addresses: Publisher | None
    routes: RouteWatches
    policies: PolicyFollower | None
    secrets: KubernetesSecrets
    verifier: CredentialCheck | None

    async def stop(self) -> None:
        """Let nothing more be written."""
        self.secrets.stop()
        self.routes.stop()
        self.operation.stop()
        await self.operation.worklist.stop()
        if self.verifier is not None:
            await self.verifier.close()


def assemble(
    settings: OperatorSettings, cluster: Cluster, store: IntentStore, metrics: Metrics, fence: Callable[[], int]
) -> Assembly:
    """For one tenure of the Lease."""

    def served(target: Target, seconds: float) -> None:
        metrics.apply_to_serving.labels(target.key.kind.value).observe(seconds)

    objects = Objects(cluster)
    status = StatusWriter(cluster, time.time, metrics.status_writes.inc)
    events = EventPoster(cluster, time.time, metrics.events_dropped.inc, busy=lambda: operation.busy)
    account = ServiceAccount(settings.namespace, settings.service_account)
    bindings = Bindings(cluster, settings.secrets_cluster_role, account)

    def secret_changed(namespace: str, name: str) -> None:
        operation.secret_changed(namespace, name)

    held_secrets = KubernetesSecrets(cluster, secret_changed, bindings, binds=settings.bind_secrets)
    verifier = CredentialCheck(settings.server_url, held_secrets) if settings.server_url else None
    serving = ServingFollower(
        store,
        status,
        time.monotonic,
        served,
        store_is_back=lambda: operation.worklist.hurry(),
        verifier=verifier,
    )
    operation = Operation(objects, status, serving, events, metrics, time.monotonic, parallelism=settings.parallelism)
    vacancy = Vacancy(objects, held_secrets)
    exposure = settings.exposure
    addresses = Publisher(cluster, store, status, exposure, settings.default_issuer) if exposure is not None else None
    routes = RouteWatches(cluster, operation.route_changed, account)
    drifts = Drifts()
    turns = Turns(settings.rotation_spacing_seconds)
    writer = GroupCommit(store, fence, time.time, others_are_coming=lambda: len(operation.worklist) > _FEW)
    applications = ApplicationReconciler(
        store=store,
        writer=writer,
        secrets=held_secrets,
        default_issuer=settings.default_issuer,
        client_id_prefixes=settings.client_id_prefixes,
        now=time.time,
        new_secret=new_secret,
        turns=turns,
        drifts=drifts,
        registered_objects=objects,
        trusts_cluster=settings.cluster_issuer_discovery is not None,
        routes=routes,
    )
    users = UserReconciler(
        store=store,
        writer=writer,
        secrets=held_secrets,
        hasher=ThreadedHasher(),
        namespaces=settings.users_allowed_in,
        now=time.time,
    )
    policies = None
    if settings.follows_policies:
        policies = PolicyFollower(cluster, objects, operation.worklist, settings.watch_namespaces)
    bounding = policies.watch if policies is not None else NoPolicies()
    grace = Grace(writer, settings.policy_grace_seconds, time.time)
    reconcilers = Reconcilers(
        PolicedApplications(applications, bounding, store, grace),
        PolicedUsers(users, bounding, store, grace),
        Vanished(store, writer),
    )

    def gone(key: Key) -> None:
        if key.kind is ObjectKind.APPLICATION:
            routes.forget(key.id)
        if policies is not None:
            policies.gone(key)

    operation.begin(reconcilers, vacancy.suspect, addresses, gone)
    resync = Resync(
        objects,
        store,
        status,
        held_secrets,
        operation.worklist,
        vacancy.suspect,
        namespaces=settings.watch_namespaces,
        interval=settings.resync_seconds,
    )
    registrar = Registrar(
        store, objects, operation.worklist, events, time.monotonic, namespaces=settings.watch_namespaces
    )
    restarts = Restarts(
        cluster, Bindings(cluster, settings.restarts_cluster_role, account), binds=settings.bind_secrets
    )
    usage = UsageReport(
        store, status, restarts, time.time, settings.unused_after_days * 86400, counted=metrics.unused.set
    )
    drift = DriftWatch(store, operation.worklist, drifts)
    rotation = RotationScheduler(store, operation.worklist, turns, usage, time.time)
    return Assembly(
        operation=operation,
        serving=serving,
        events=events,
        resync=resync,
        vacancy=vacancy,
        registrar=registrar,
        rotation=rotation,
        usage=usage,
        drift=drift,
        addresses=addresses,
        routes=routes,
        policies=policies,
        secrets=held_secrets,
        verifier=verifier,
    )
