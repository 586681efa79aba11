"""How an application authenticates without a secret: by tokens that its workload has anyway."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from ostiary_state.applications.spec_types import Audience, Endpoint
from ostiary_state.applications.texts import ObjectName
from ostiary_state.kinds.checks import Check, Checks
from ostiary_state.kinds.manifest import EachKeyOnce, Manifest

SUBJECT = Checks.of(
    Check(r"^[^\x00-\x20\x7f]([^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?$", "write the sub as it is, without space around it"),
    Check(
        r"\*", "write the whole sub: there are no wildcards, which a stranger's repository could match", refuses=True
    ),
)
TRUSTED_ISSUER = Checks.of(
    Check(r"^https://[^/?#@]+(/[^?#]*)?$", "write the iss of its tokens: an https address without query and fragment")
)
Subject = Annotated[str, StringConstraints(min_length=1, max_length=512), SUBJECT]
TrustedIssuer = Annotated[str, StringConstraints(min_length=1, max_length=512), TRUSTED_ISSUER]


class ServiceAccountRefSpec(Manifest):
    """A service account of this application's own namespace."""

    name: ObjectName
    """Name of the service account. Always one of this object's own namespace."""


class FederatedIdentitySpec(Manifest):
    """A workload elsewhere, by what its tokens say of it."""

    issuer: TrustedIssuer
    """The iss of its tokens, such as https://token.actions.githubusercontent.com. Its keys are found by its discovery
    (OpenID Connect Discovery), unless jwksURL or jwks says where they are."""

    subject: Subject
    """The sub of its tokens, character by character, such as repo:example/shop:ref:refs/heads/main. No wildcards: what
    a pattern lets in is for others to decide."""

    audience: Audience | None = None
    """The aud of its tokens, which must have no other. Default: the issuer at which this application signs in."""

    jwks_url: Endpoint | None = None
    """https address of its keys as a JWK Set, where it has no discovery that the server can reach."""

    jwks: Annotated[dict[str, Any] | None, Field(max_length=1)] = None
    """Its public keys as a JWK Set (RFC 7517), instead of jwksURL; you replace them when it does."""


class ClientAuthenticationSpec(Manifest):
    """Whose tokens authenticate this application in place of a secret, as client assertions (RFC 7523)."""

    service_account_ref: ServiceAccountRefSpec | None = None
    """The service account that its pods run as: a projected token of it, with the issuer as its one audience, is what
    they present. The installation must trust the tokens of its cluster (server.clusterIssuer.enabled of the chart)."""

    federated: Annotated[
        tuple[FederatedIdentitySpec, ...], Field(max_length=16), EachKeyOnce("issuer", and_="subject")
    ] = ()
    """Workloads outside this cluster: pipelines, other clusters, clouds."""
