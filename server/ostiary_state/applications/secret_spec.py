"""The Secret of an application, as its manifest has it."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ostiary_state.applications.texts import ObjectName
from ostiary_state.kinds.checks import Check, Checks
from ostiary_state.kinds.manifest import EachKeyOnce, Manifest

SecretValue = Literal[
    "clientID", "clientSecret", "issuer", "authorizationEndpoint", "tokenEndpoint", "userinfoEndpoint", "jwksURI",
    "endSessionEndpoint", "introspectionEndpoint", "revocationEndpoint",
]  # fmt: skip
SECRET_KEY = Checks.of(Check(r"^[A-Za-z0-9._-]+$", "use letters, digits and - . _ only"))
SecretKey = Annotated[str, StringConstraints(min_length=1, max_length=253), SECRET_KEY]
SECRET_TYPE = Checks.of(
    Check(
        r"^(kubernetes\.io/service-account-token|bootstrap\.kubernetes\.io/token)$",
        "write another type: with this one the cluster itself would make credentials of the Secret",
        refuses=True,
    )
)
SecretType = Annotated[str, StringConstraints(min_length=1, max_length=253), SECRET_TYPE]
LabelValue = Annotated[str, StringConstraints(max_length=63)]
AnnotationValue = Annotated[str, StringConstraints(max_length=4096)]
TemplateText = Annotated[str, StringConstraints(max_length=16_384)]


class SecretKeysSpec(Manifest):
    """Names of the keys in the Secret, each with its usual one as default."""

    client_id: SecretKey = "client-id"
    """Key of the OAuth client_id."""

    client_secret: SecretKey = "client-secret"
    """Key of the client secret."""

    issuer: SecretKey = "issuer"
    """Key of the issuer, from which a library discovers the rest."""

    authorization_endpoint: SecretKey = "authorization-endpoint"
    """Key of the address where people are sent to sign in."""

    token_endpoint: SecretKey = "token-endpoint"
    """Key of the address where codes become tokens."""

    userinfo_endpoint: SecretKey = "userinfo-endpoint"
    """Key of the address that tells about the person."""

    jwks_uri: SecretKey = "jwks-uri"
    """Key of the address of the public keys."""

    end_session_endpoint: SecretKey = "end-session-endpoint"
    """Key of the address where people are sent to sign out."""


class SecretAliasSpec(Manifest):
    """Another key with a value that the Secret has already."""

    name: SecretKey
    """The key."""

    from_: SecretValue
    """Whose value it has."""


class ClientSecretSpec(Manifest):
    """The Kubernetes Secret with this application's credentials."""

    name: ObjectName | None = None
    """Name of the Secret, in this namespace. Default: the application's name with -oauth behind it."""

    mode: Literal["Generate", "Require", "None"] = "Generate"
    """Generate: the operator creates the Secret, with 256 random bits in client-secret, and restores it when it is
    deleted. Require: the operator waits for a Secret that you create, with the label ostiary.dev/secret=true and the
    key client-secret, follows its changes and never writes it. None: there is no Secret; for applications that
    authenticate by private_key_jwt or clientAuthentication, whose default it is."""

    type: SecretType = "Opaque"
    """Type of a generated Secret, such as kubernetes.io/basic-auth; none of which the cluster makes credentials, such
    as kubernetes.io/service-account-token. Kubernetes lets nobody change it later: give the Secret another name, too,
    or delete it for a new secret."""

    keys: SecretKeysSpec = SecretKeysSpec()
    """Names of the keys, where the application expects others. A key that is renamed keeps its value."""

    aliases: Annotated[tuple[SecretAliasSpec, ...], Field(max_length=16), EachKeyOnce("name")] = ()
    """More keys with the same values, such as username for clientID."""

    labels: Annotated[dict[str, LabelValue], Field(max_length=16)] = {}
    """Labels of a generated Secret, beside Ostiary's own."""

    annotations: Annotated[dict[str, AnnotationValue], Field(max_length=16)] = {}
    """Annotations of a generated Secret, beside Ostiary's own."""

    template: Annotated[dict[str, TemplateText], Field(max_length=8)] = {}
    """Files in the Secret by their keys, such as grafana.ini or .env. In them {{ clientID }}, {{ clientSecret }},
    {{ issuer }}, {{ authorizationEndpoint }}, {{ tokenEndpoint }}, {{ userinfoEndpoint }}, {{ jwksURI }},
    {{ endSessionEndpoint }}, {{ introspectionEndpoint }} and {{ revocationEndpoint }} stand for the values. Filters are
    append, prepend, upcase, downcase, url_encode, base64_encode, base64_url_safe_encode and escape (Liquid); text
    between {% raw %} and {% endraw %} is left as it is."""
