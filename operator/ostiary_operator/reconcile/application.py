"""An OAuthApplication, from its manifest to its row."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from ostiary_operator.reconcile import report
from ostiary_operator.reconcile.acceptance import Accepted, ApplicationAcceptance
from ostiary_operator.reconcile.callbacks import lacks_callbacks
from ostiary_operator.reconcile.client_secret import ClientSecrets, Credential
from ostiary_operator.reconcile.conditions import Reason
from ostiary_operator.reconcile.declared import DeclaredApplication
from ostiary_operator.reconcile.drift import Drifts, drifted
from ostiary_operator.reconcile.following import CallbackFollower
from ostiary_operator.reconcile.outcome import Condition, Outcome, Truth
from ostiary_operator.reconcile.refusal import PolicyRefusal, Refusal
from ostiary_operator.reconcile.registered import RegisteredClients, RegisteredObjects
from ostiary_operator.reconcile.rotating import Rotations, Turns
from ostiary_operator.reconcile.route_port import NoRoutes, RoutePort
from ostiary_operator.reconcile.secret_history import History
from ostiary_operator.reconcile.secret_port import SecretPort
from ostiary_operator.reconcile.writer import IntentWriter
from ostiary_state.applications.credentials import ClientCredential
from ostiary_state.applications.registered import object_name_of
from ostiary_state.applications.rotation_schedule import due_at
from ostiary_state.applications.spec import canonical
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
            history = await self._history(declared, accepted, held)
            before = held or accepted.adopted
            wanted = self._row(declared, accepted, self._settled(history, credential, before), held)
            if registered is not None and registered.registration.pending:
                wanted = replace(wanted, holds=registered.held)
            drift = self._drift(accepted, wanted, held)
            if drift is not None and drift.status is Truth.TRUE:
                assert held is not None  # noqa: S101 - a removed row is put back
                outcome = report.stored_application(
                    declared, accepted, credential, held.credentials, held.revision, moved=False, clients=()
                )
                return report.with_drift(outcome, drift)
            revision = await self._write(wanted, held, accepted.adopted)
            rotated = None
            if credential.condition.reason is Reason.GENERATED:
                put = partial(self._credentials.put, declared, accepted)
                rotated = await self._rotations.rotate(replace(wanted, holds=None), history, put)
        except Refusal as refusal:
            if refusal.reason is Reason.NOT_REGISTERED and held is not None:  # no replica serves it any more
                await self.writer.write([Tombstone(Kind.APPLICATION, held.id, held.incarnation)])
                held = None
            return report.refused_application(declared, refusal, held)
        except IntentConflict as conflict:
            return report.refused_application(declared, Refusal.of(conflict), held)
        if rotated is not None:
            wanted, revision = rotated.row, rotated.revision
            credential = replace(credential, notices=(*credential.notices, rotated.notice))
        moved = held is not None and held.origin != wanted.origin
        changed = held is None or held.revision != revision
        clients = await self._clients(declared) if changed and accepted.spec.dynamic_registration else ()
        known = wanted.credentials
        outcome = report.stored_application(
            declared, accepted, credential, known, revision, moved=moved, clients=clients
        )
        return outcome if drift is None else report.with_drift(outcome, drift)

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
    def _rotations(self) -> Rotations:
        return Rotations(self.store, self.writer, self.turns, self.new_secret, self.now)

    async def _history(
        self, declared: DeclaredApplication, accepted: Accepted, held: StoredApplication | None
    ) -> History:
        """What is in use only matters while there are several."""
        rotation, uses = accepted.spec.rotation, {}
        if held is not None and len(held.credentials) > 1 and rotation is not None and rotation.revoke == "WhenUnused":
            noted = await self.store.uses([held.id])
            uses = {use.credential: use.used_at for use in noted if use.incarnation == held.incarnation}
        return History(rotation, declared.annotations, uses)

    def _settled(
        self, history: History, credential: Credential, held: StoredApplication | None
    ) -> tuple[ClientCredential, ...]:
        known = held.credentials if held is not None else ()
        if credential.digest is not None:
            if held is not None and held.secrets_changed:  # by somebody else: the one in the Secret alone counts
                known = tuple(each for each in known if each.digest == credential.digest)
            return history.settled(known, credential.digest, self.now(), credential.hash)
        return () if credential.ready else history.without_secret(known, self.now())

    def _drift(self, accepted: Accepted, wanted: StoredApplication, held: StoredApplication | None) -> Condition | None:
        """What somebody changed in the store, and whether it is to be put right."""
        what = self.drifts.of(wanted, held)
        if not what:
            return None
        if held is not None and accepted.spec.drift_policy == "Report":
            return drifted(Reason.REPORTED, what)
        if held is not None and self.drifts.fought_over(wanted.id):
            return drifted(Reason.FOUGHT_OVER, what)
        self.drifts.corrected(wanted.id)
        return drifted(Reason.CORRECTED, what)

    def _row(
        self,
        declared: DeclaredApplication,
        accepted: Accepted,
        credentials: tuple[ClientCredential, ...],
        held: StoredApplication | None,
    ) -> StoredApplication:
        current = next((each for each in credentials if each.current), None)
        return StoredApplication(
            id=declared.id,
            incarnation=declared.uid,
            client_id=accepted.client_id,
            origin=accepted.origin,
            namespace=accepted.claimant,
            spec=canonical(accepted.spec),
            credentials=credentials,
            rotate_at=due_at(accepted.spec.rotation, current.created_at, self.now()) if current is not None else None,
            not_before=self._not_before(accepted, held),
        )

    def _not_before(self, accepted: Accepted, held: StoredApplication | None) -> float:
        """What an application holds ends when it is disabled or moves to another issuer."""
        if held is None:
            return 0.0
        disabled = held.spec.get("enabled", True) and not accepted.spec.enabled
        return self.now() if disabled or held.origin != accepted.origin else held.not_before

    async def _write(
        self, wanted: StoredApplication, held: StoredApplication | None, adopted: StoredApplication | None
    ) -> int:
        if held is not None and replace(held, revision=0, issuer_id="") == wanted:
            return held.revision
        ended = [Tombstone(Kind.APPLICATION, adopted.id, adopted.incarnation)] if adopted is not None else []
        return await self.writer.write([*ended, wanted])

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
