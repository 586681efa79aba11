"""An OAuthUser, from its manifest and password Secret to its row."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from ostiary_operator.reconcile import report
from ostiary_operator.reconcile.acceptance import UserAcceptance
from ostiary_operator.reconcile.conditions import Reason
from ostiary_operator.reconcile.declared import DeclaredUser
from ostiary_operator.reconcile.outcome import Outcome
from ostiary_operator.reconcile.password import Password, PasswordHasher, Passwords
from ostiary_operator.reconcile.refusal import PolicyRefusal, Refusal
from ostiary_operator.reconcile.secret_port import SecretPort
from ostiary_operator.reconcile.writer import IntentWriter
from ostiary_state.intent import IntentConflict, IntentStore, Kind, StoredUser, Tombstone
from ostiary_state.policies.verdict import Bounds
from ostiary_state.users.spec import OAuthUserSpec, canonical


@dataclass(frozen=True, slots=True)
class UserReconciler:
    """Makes the store hold what one OAuthUser declares. Idempotent: unchanged input writes nothing."""

    store: IntentStore
    writer: IntentWriter
    secrets: SecretPort
    hasher: PasswordHasher
    namespaces: frozenset[str] | None  # that may declare users; None: all
    now: Callable[[], float]

    async def reconcile(self, declared: DeclaredUser, bounds: Bounds | None = None) -> Outcome:
        """Raises StoreUnavailable, StaleWriter, ClusterUnavailable: nothing was decided, try again."""
        row = await self.store.user(declared.id)
        held = row if row is not None and row.incarnation == declared.uid else None
        if declared.deleted:
            return await self._delete(declared, held)
        try:
            spec = await UserAcceptance(self.store, self.namespaces).accept(declared, held)
            if bounds is not None:
                PolicyRefusal.of_any(bounds.of_user(spec))
            password = await Passwords(self.secrets, self.hasher).settle(declared, spec, held)
            wanted = self._row(declared, spec, password, held)
            revision = await self._write(wanted, held)
        except Refusal as refusal:
            return await self._refuse(declared, refusal, held)
        except IntentConflict as conflict:
            return await self._refuse(declared, Refusal.of(conflict), held)
        renamed = held is not None and held.username != wanted.username
        follows = spec.password_secret_ref.name if spec.password_secret_ref is not None else None
        return report.stored_user(declared, revision, password.condition, follows=follows, released=renamed)

    def _row(
        self, declared: DeclaredUser, spec: OAuthUserSpec, password: Password, held: StoredUser | None
    ) -> StoredUser:
        return StoredUser(
            id=declared.id,
            incarnation=declared.uid,
            username=spec.username,
            spec=canonical(spec),
            password_hash=password.hash,
            password_version=password.version,
            not_before=self._not_before(spec, password, held),
        )

    def _not_before(self, spec: OAuthUserSpec, password: Password, held: StoredUser | None) -> float:
        """Whoever knew the old password, or had signed in before being disabled, is signed out."""
        if held is None:
            return 0.0
        disabled = held.spec.get("enabled", True) and not spec.enabled
        changed = held.password_hash is not None and password.hash != held.password_hash
        return self.now() if disabled or changed else held.not_before

    async def _write(self, wanted: StoredUser, held: StoredUser | None) -> int:
        if held is not None and replace(held, revision=0, subject="") == wanted:
            return held.revision
        return await self.writer.write([wanted])

    async def _refuse(self, declared: DeclaredUser, refusal: Refusal, held: StoredUser | None) -> Outcome:
        """A namespace that may declare users no more loses those it declared; any other refusal changes nothing."""
        if refusal.reason is not Reason.NAMESPACE_NOT_ALLOWED or held is None:
            return report.refused_user(declared, refusal, held)
        await self.writer.write([Tombstone(Kind.USER, held.id, held.incarnation)])
        return report.refused_user(declared, refusal, None, released=True)

    async def _delete(self, declared: DeclaredUser, held: StoredUser | None) -> Outcome:
        """Another incarnation's row is left alone."""
        if held is None:
            return report.gone(declared, released=False)
        await self.writer.write([Tombstone(Kind.USER, held.id, held.incarnation)])
        return report.gone(declared, released=True)
