"""An OAuthApplication, from its manifest to its row."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from ostiary_operator.reconcile import report
from ostiary_operator.reconcile.acceptance import ApplicationAcceptance
from ostiary_operator.reconcile.callbacks import lacks_callbacks
from ostiary_operator.reconcile.client_secret import ClientSecrets, Credential
from ostiary_operator.reconcile.conditions import Reason
from ostiary_operator.reconcile.declared import DeclaredApplication
from ostiary_operator.reconcile.drift import Drifts
from ostiary_operator.reconcile.following import CallbackFollower
from ostiary_operator.reconcile.outcome import Outcome
from ostiary_operator.reconcile.refusal import PolicyRefusal, Refusal
from ostiary_operator.reconcile.registered import RegisteredClients, RegisteredObjects
from ostiary_operator.reconcile.rotating import Rotations, Turns
from ostiary_operator.reconcile.route_port import NoRoutes, RoutePort
from ostiary_operator.reconcile.secret_port import SecretPort
from ostiary_operator.reconcile.storing import Storing
from ostiary_operator.reconcile.writer import IntentWriter
from ostiary_state.applications.registered import object_name_of
from ostiary_state.intent import IntentConflict, IntentStore, Kind, StoredApplication, Tombstone
from ostiary_state.policies.verdict import Bounds


@dataclass(frozen=True, slots=True)
class ApplicationReconciler:
    """Makes the store hold what one OAuthApplication declares. Idempotent: unchanged input writes nothing."""

    store: IntentStore
    writer: IntentWriter
    secrets: SecretPort
    default_issuer: str | None  # origin; serves applications without an address of their own
    client_id_prefixes: frozenset[str]  # first labels that any namespace may use in an explicit client id
    now: Callable[[], float]
    new_secret: Callable[[], str]  # 256 random bits, base64url
    drifts: Drifts = field(default_factory=Drifts)
    turns: Turns = field(default_factory=lambda: Turns(0.0))  # when a secret may be replaced by schedule
    served_at: Callable[[str], str] = str  # the origin at which a declared address is reached
    registered_objects: RegisteredObjects | None = None  # of clients that register themselves; None: no cluster
    trusts_cluster: bool = False  # whether the server accepts tokens of the cluster's service accounts
    routes: RoutePort = field(default_factory=NoRoutes)  # whose hosts are callbacks

    async def reconcile(self, declared: DeclaredApplication, bounds: Bounds | None = None) -> Outcome:
        """Raises StoreUnavailable, StaleWriter, ClusterUnavailable, SecretChanged: nothing was decided, try again."""
        decide = partial(self._decide, bounds=bounds)
        return await CallbackFollower(self.routes, self.store, self.writer).reconcile(declared, decide)

    async def _decide(self, declared: DeclaredApplication, bounds: Bounds | None) -> Outcome:
        """`declared`: with what routes give among its callbackURLs, so that every check and policy sees them."""
        row = await self.store.application(declared.id)
        held = row if row is not None and row.incarnation == declared.uid and row.owned else None
        if declared.deleted:
            return await self._delete(declared, row)
        if declared.spec.get("suspend") is True:
            return report.suspended_application(declared, held)
        try:
            registered = await self._registered.find(declared)
            if registered is not None:
                declared = await self._registered.bring(registered, declared)
            accepted = await self._acceptance.accept(declared, held, registered)
            if bounds is not None:
                PolicyRefusal.of_any(bounds.of_application(accepted.spec))
            credential = await self._credentials.settle(declared, accepted, known=held is not None)
            _prove(accepted.adopted, credential, self.now())
            if not credential.ready and held is None:
                return report.waiting_application(declared, accepted, credential)
            if held is None and lacks_callbacks(accepted.spec):
                return report.waiting_for_callbacks(declared, accepted, credential)
            stored = await self._storing.store_it(declared, accepted, credential, held, registered)
        except Refusal as refusal:
            if refusal.reason is Reason.NOT_REGISTERED and held is not None:  # no replica serves it any more
                await self.writer.write([Tombstone(Kind.APPLICATION, held.id, held.incarnation)])
                held = None
            return report.refused_application(declared, refusal, held)
        except IntentConflict as conflict:
            return report.refused_application(declared, Refusal.of(conflict), held)
        moved = held is not None and held.origin != stored.row.origin
        changed = held is None or held.revision != stored.revision
        clients = await self._clients(declared) if changed and accepted.spec.dynamic_registration else ()
        outcome = report.stored_application(
            declared,
            accepted,
            replace(credential, notices=(*credential.notices, *stored.notices)),
            stored.row.credentials,
            stored.revision,
            moved=moved,
            clients=clients,
        )
        return outcome if stored.drift is None else report.with_drift(outcome, stored.drift)

    @property
    def _registered(self) -> RegisteredClients:
        return RegisteredClients(self.store, self.registered_objects)

    async def _clients(self, declared: DeclaredApplication) -> tuple[str, ...]:
        """Objects of those that registered themselves by this template."""
        clients = await self.store.clients_of(declared.id)
        return tuple(object_name_of(declared.name, client_id) for client_id in clients)

    @property
    def _acceptance(self) -> ApplicationAcceptance:
        return ApplicationAcceptance(
            self.store, self.default_issuer, self.client_id_prefixes, self.served_at, self.trusts_cluster
        )

    @property
    def _credentials(self) -> ClientSecrets:
        return ClientSecrets(self.secrets, self.new_secret)

    @property
    def _storing(self) -> Storing:
        rotations = Rotations(self.store, self.writer, self.turns, self.new_secret, self.now)
        return Storing(self.store, self.writer, self._credentials, rotations, self.drifts, self.now)

    async def _delete(self, declared: DeclaredApplication, row: StoredApplication | None) -> Outcome:
        """Another incarnation's row is left alone. One that is left behind keeps its Secret, which is nobody's then."""
        if row is None or row.incarnation != declared.uid:
            return report.gone(declared, released=False)
        policy = declared.spec.get("deletionPolicy")
        if policy not in ("Orphan", "Disable"):
            clients = await self._clients(declared) if "dynamicRegistration" in row.spec else ()
            await self.writer.write([Tombstone(Kind.APPLICATION, declared.id, declared.uid)])
            return report.gone(declared, released=True, clients=clients)
        if (name := report.stored_secret_name(row, declared.name)) is not None:
            await self._credentials.release(declared, name)
        if row.owned:
            left = replace(row, owned=False, revision=0, issuer_id="")
            if policy == "Disable":
                left = replace(left, spec={**row.spec, "enabled": False}, not_before=self.now())
            await self.writer.write([left])
        return report.gone(declared, released=False)


def _prove(adopted: StoredApplication | None, credential: Credential, now: float) -> None:
    """Whoever takes over a client that has secrets knows one that still counts. Raises Refusal."""
    if adopted is None or not adopted.credentials or not credential.ready:
        return
    if credential.digest not in [each.digest for each in adopted.credentials if each.valid(now)]:
        text = f"Secret {credential.name} does not hold the client secret of the application that is adopted"
        raise Refusal(Reason.ADOPTION_NOT_PROVEN, text)
