"""An OAuthApplication, from its manifest to its row."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from ostiary_operator.reconcile import report
from ostiary_operator.reconcile.acceptance import Accepted, ApplicationAcceptance
from ostiary_operator.reconcile.client_secret import ClientSecrets, Credential
from ostiary_operator.reconcile.conditions import Reason
from ostiary_operator.reconcile.declared import DeclaredApplication
from ostiary_operator.reconcile.outcome import Outcome
from ostiary_operator.reconcile.refusal import PolicyRefusal, Refusal
from ostiary_operator.reconcile.registered import RegisteredClients, RegisteredObjects
from ostiary_operator.reconcile.secret_port import SecretPort
from ostiary_operator.reconcile.writer import IntentWriter
from ostiary_state.applications.registered import object_name_of
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
    served_at: Callable[[str], str] = str  # the origin at which a declared address is reached
    registered_objects: RegisteredObjects | None = None  # of clients that register themselves; None: no cluster

    async def reconcile(self, declared: DeclaredApplication, bounds: Bounds | None = None) -> Outcome:
        """Raises StoreUnavailable, StaleWriter, ClusterUnavailable, SecretChanged: nothing was decided, try again."""
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
            credential = await self._credentials.settle(
                declared, accepted.spec, accepted.client_id, accepted.origin, known=held is not None
            )
            if not credential.ready and held is None:
                return report.waiting_application(declared, accepted, credential)
            wanted = self._row(declared, accepted, credential, held)
            if registered is not None and registered.registration.pending:
                wanted = replace(wanted, holds=registered.held)
            revision = await self._write(wanted, held)
        except Refusal as refusal:
            if refusal.reason is Reason.NOT_REGISTERED and held is not None:  # no replica serves it any more
                await self.writer.write([Tombstone(Kind.APPLICATION, held.id, held.incarnation)])
                held = None
            return report.refused_application(declared, refusal, held)
        except IntentConflict as conflict:
            return report.refused_application(declared, Refusal.of(conflict), held)
        moved = held is not None and held.origin != wanted.origin
        changed = held is None or held.revision != revision
        clients = await self._clients(declared) if changed and accepted.spec.dynamic_registration else ()
        return report.stored_application(declared, accepted, credential, revision, moved=moved, clients=clients)

    @property
    def _registered(self) -> RegisteredClients:
        return RegisteredClients(self.store, self.registered_objects)

    async def _clients(self, declared: DeclaredApplication) -> tuple[str, ...]:
        """Objects of those that registered themselves by this template."""
        clients = await self.store.clients_of(declared.id)
        return tuple(object_name_of(declared.name, client_id) for client_id in clients)

    @property
    def _acceptance(self) -> ApplicationAcceptance:
        return ApplicationAcceptance(self.store, self.default_issuer, self.client_id_prefixes, self.served_at)

    @property
    def _credentials(self) -> ClientSecrets:
        return ClientSecrets(self.secrets, self.new_secret)

    def _row(
        self,
        declared: DeclaredApplication,
        accepted: Accepted,
        credential: Credential,
        held: StoredApplication | None,
    ) -> StoredApplication:
        return StoredApplication(
            id=declared.id,
            incarnation=declared.uid,
            client_id=accepted.client_id,
            origin=accepted.origin,
            namespace=accepted.claimant,
            spec=canonical(accepted.spec),
            secret_digests=credential.digests if credential.ready or held is None else held.secret_digests,
            not_before=self._not_before(accepted, held),
        )

    def _not_before(self, accepted: Accepted, held: StoredApplication | None) -> float:
        """What an application holds ends when it is disabled or moves to another issuer."""
        if held is None:
            return 0.0
        disabled = held.spec.get("enabled", True) and not accepted.spec.enabled
        return self.now() if disabled or held.origin != accepted.origin else held.not_before

    async def _write(self, wanted: StoredApplication, held: StoredApplication | None) -> int:
        if held is not None and replace(held, revision=0, issuer_id="") == wanted:
            return held.revision
        return await self.writer.write([wanted])

    async def _delete(self, declared: DeclaredApplication, row: StoredApplication | None) -> Outcome:
        """Another incarnation's row is left alone. An orphaned application keeps its Secret, now nobody's."""
        if row is None or row.incarnation != declared.uid:
            return report.gone(declared, released=False)
        if declared.spec.get("deletionPolicy") != "Orphan":
            clients = await self._clients(declared) if "dynamicRegistration" in row.spec else ()
            await self.writer.write([Tombstone(Kind.APPLICATION, declared.id, declared.uid)])
            return report.gone(declared, released=True, clients=clients)
        if (name := report.stored_secret_name(row, declared.name)) is not None:
            await self._credentials.release(declared, name)
        if row.owned:
            await self.writer.write([replace(row, owned=False, revision=0, issuer_id="")])
        return report.gone(declared, released=False)
