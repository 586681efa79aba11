"""Whose tokens authenticate an application, as a replica holds it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import orjson

if TYPE_CHECKING:
    from ostiary_state.applications.spec import OAuthApplicationSpec

CLUSTER: Final = ""  # the issuer of the cluster's own tokens, whose name only the cluster knows


@dataclass(frozen=True, slots=True)
class WorkloadIdentity:
    """One workload, of one issuer of tokens. Satisfies KeySource."""

    issuer: str
    subject: str
    audience: str | None = None  # None: the OAuth issuer
    jwks: bytes | None = None  # JSON
    jwks_url: str | None = None

    @property
    def has_keys(self) -> bool:
        """Whether the manifest says where its keys are; else the issuer's discovery does."""
        return self.jwks is not None or self.jwks_url is not None


@dataclass(frozen=True, slots=True)
class WorkloadIdentities:
    """Every one that an application trusts; none: it authenticates in another way."""

    service_account: str | None = None  # a name in the application's own namespace
    federated: tuple[WorkloadIdentity, ...] = ()

    def __bool__(self) -> bool:
        return self.service_account is not None or bool(self.federated)

    def of(self, application_id: str) -> tuple[WorkloadIdentity, ...]:
        """With the service account as the cluster's tokens name it: the namespace is never a manifest's to say."""
        if self.service_account is None:
            return self.federated
        namespace = application_id.partition("/")[0]
        subject = f"system:serviceaccount:{namespace}:{self.service_account}"
        return (WorkloadIdentity(CLUSTER, subject), *self.federated)

    @classmethod
    def from_spec(cls, spec: "OAuthApplicationSpec") -> "WorkloadIdentities":
        """`spec` has passed `rules`."""
        said = spec.client_authentication
        if said is None:
            return NO_WORKLOADS
        return cls(
            said.service_account_ref.name if said.service_account_ref is not None else None,
            tuple(
                WorkloadIdentity(
                    each.issuer,
                    each.subject,
                    each.audience,
                    orjson.dumps(each.jwks) if each.jwks is not None else None,
                    each.jwks_url,
                )
                for each in said.federated
            ),
        )


NO_WORKLOADS: Final = WorkloadIdentities()
