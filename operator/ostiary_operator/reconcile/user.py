"""An OAuthUser, from its manifest and password Secret to its row."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ostiary_operator.reconcile.declared import DeclaredUser
from ostiary_operator.reconcile.outcome import Outcome
from ostiary_operator.reconcile.secret_port import SecretPort
from ostiary_operator.reconcile.writer import IntentWriter
from ostiary_state.intent import IntentStore


class PasswordHasher(Protocol):
    """argon2id, off the event loop."""

    async def hash(self, password: str) -> str:
        """A PHC string."""

    async def matches(self, password_hash: str, password: str) -> bool:
        """True if the hash is of this password."""


@dataclass(frozen=True, slots=True)
class UserReconciler:
    """Makes the store hold what one OAuthUser declares. Idempotent: unchanged input writes nothing."""

    store: IntentStore
    writer: IntentWriter
    secrets: SecretPort
    hasher: PasswordHasher
    namespaces: frozenset[str] | None  # that may declare users; None: all
    now: Callable[[], float]

    async def reconcile(self, declared: DeclaredUser) -> Outcome:
        """Raises StoreUnavailable, StaleWriter, ClusterUnavailable: nothing was decided, try again."""
        raise NotImplementedError
