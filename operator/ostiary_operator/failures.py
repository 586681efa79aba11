"""What can keep a reconcile from deciding, how status names it, and whether it is tried again: one table."""

from dataclasses import dataclass

from ostiary_operator.cluster import ApiRefused
from ostiary_operator.reconcile.conditions import Reason
from ostiary_operator.reconcile.policing import PoliciesUnknown, PoliciesUnusable
from ostiary_operator.reconcile.rotating import ReplicasBehind
from ostiary_operator.reconcile.secret_port import ClusterUnavailable, SecretChanged, SecretForbidden
from ostiary_state.errors import StoreUnavailable


@dataclass(frozen=True, slots=True)
class Failure:
    """One kind of failure. Every one is tried again: what needs another manifest is a Refusal, not a failure."""

    reason: Reason | None  # of Synced=False; None: it passes by itself, status stays
    message: str = ""
    unforeseen: bool = False  # a defect: the log gets its trace


# First match wins; a subclass stands before its base.
FAILURES: tuple[tuple[type[Exception], Failure], ...] = (
    (StoreUnavailable, Failure(Reason.DATABASE_UNAVAILABLE, "the database does not answer; it is tried again")),
    (ClusterUnavailable, Failure(Reason.CLUSTER_UNAVAILABLE, "the Kubernetes API does not answer; it is tried again")),
    (SecretForbidden, Failure(Reason.FORBIDDEN, "the operator may not use Secrets here")),
    (SecretChanged, Failure(None)),
    (ReplicasBehind, Failure(None)),
    (PoliciesUnknown, Failure(None)),
    (PoliciesUnusable, Failure(Reason.POLICIES_UNKNOWN, "policies cannot be read")),
    (ApiRefused, Failure(Reason.INTERNAL_ERROR, "the Kubernetes API refused a request; the operator's log has it")),
)
UNEXPECTED = Failure(
    Reason.INTERNAL_ERROR, "the operator failed; its log has the error; it is tried again", unforeseen=True
)


def failure_of(error: Exception) -> Failure:
    """The row of the table for an error; what somebody has to see to brings a text of its own, which says how."""
    for kind, failure in FAILURES:
        if isinstance(error, kind):
            return Failure(failure.reason, str(error)) if kind in (SecretForbidden, PoliciesUnusable) else failure
    return UNEXPECTED
