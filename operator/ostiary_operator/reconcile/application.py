"""An OAuthApplication, from its manifest to its row."""

from collections.abc import Callable
from dataclasses import dataclass

from ostiary_operator.reconcile.declared import DeclaredApplication
from ostiary_operator.reconcile.outcome import Outcome
from ostiary_operator.reconcile.secret_port import SecretPort
from ostiary_operator.reconcile.writer import IntentWriter
from ostiary_state.intent import IntentStore


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

    async def reconcile(self, declared: DeclaredApplication) -> Outcome:
        """Raises StoreUnavailable, StaleWriter, ClusterUnavailable: nothing was decided, try again."""
        raise NotImplementedError
