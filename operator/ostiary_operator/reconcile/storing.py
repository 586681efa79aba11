"""What is accepted becomes a row: with the secrets that authenticate it now, told from what somebody else wrote."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from ostiary_operator.reconcile.acceptance import Accepted
from ostiary_operator.reconcile.client_secret import ClientSecrets, Credential
from ostiary_operator.reconcile.conditions import Reason
from ostiary_operator.reconcile.declared import DeclaredApplication
from ostiary_operator.reconcile.drift import Drifts, drifted
from ostiary_operator.reconcile.outcome import Condition, Notice, Truth
from ostiary_operator.reconcile.registered import RegisteredClient
from ostiary_operator.reconcile.rotating import Rotations
from ostiary_operator.reconcile.secret_history import History
from ostiary_operator.reconcile.writer import IntentWriter
from ostiary_state.applications.credentials import ClientCredential, current_of
from ostiary_state.applications.rotation_schedule import due_at
from ostiary_state.applications.spec import canonical
from ostiary_state.intent import IntentStore, Kind, StoredApplication, Tombstone

_UNTOLD = "client secrets were changed, and which are the application's is not known while its Secret cannot be read"


@dataclass(frozen=True, slots=True)
class Stored:
    """What the store holds of an application in the end."""

    row: StoredApplication
    revision: int
    notices: tuple[Notice, ...] = ()
    drift: Condition | None = None  # what somebody else had changed


@dataclass(frozen=True, slots=True)
class Storing:
    """Writes the row of one application at a time. Idempotent: what is as it should be is not written."""

    store: IntentStore
    writer: IntentWriter
    secrets: ClientSecrets
    rotations: Rotations
    drifts: Drifts
    now: Callable[[], float]

    async def store_it(
        self,
        declared: DeclaredApplication,
        accepted: Accepted,
        credential: Credential,
        held: StoredApplication | None,
        registered: RegisteredClient | None,
    ) -> Stored:
        """Then replace its secret, where that is due. Raises IntentConflict, and what the store and Secrets raise."""
        if held is not None and held.secrets_changed and not credential.ready:
            # whose they are only the Secret tells: to write them would make them ours
            return Stored(held, held.revision, drift=drifted(Reason.REPORTED, _UNTOLD))
        history = await self._history(declared, accepted, held)
        credentials = self._settled(history, credential, held or accepted.adopted)
        wanted = self._row(declared, accepted, credentials, held)
        if registered is not None and registered.registration.pending:
            wanted = replace(wanted, holds=registered.held)
        drift = self._drift(accepted, wanted, held)
        if drift is not None and drift.status is Truth.TRUE:
            assert held is not None  # noqa: S101 - a removed row is put back
            return Stored(held, held.revision, drift=drift)
        revision = await self._write(wanted, held, accepted.adopted)
        if credential.condition.reason is Reason.GENERATED:
            put = partial(self.secrets.put, declared, accepted)
            rotated = await self.rotations.rotate(replace(wanted, holds=None), history, put)
            if rotated is not None:
                return Stored(rotated.row, rotated.revision, (rotated.notice,), drift)
        return Stored(wanted, revision, drift=drift)

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
        current = current_of(credentials)
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
