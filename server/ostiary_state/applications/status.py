"""What the status of an `OAuthApplication` says, as `kubectl explain` prints it."""

from typing import Annotated

from pydantic import Field, StringConstraints

from ostiary_state.kinds.manifest import Manifest
from ostiary_state.kinds.status import ObjectStatus

Timestamp = Annotated[str, StringConstraints(max_length=64), Field(json_schema_extra={"format": "date-time"})]
URL = Annotated[str, StringConstraints(max_length=2048)]


class EndpointsStatus(Manifest):
    """Where the endpoints of this application are: what its OAuth library is configured with."""

    issuer: URL | None = None
    """The iss of every token; a library that knows discovery needs only this."""

    authorization: URL | None = None
    """Where browsers are sent to sign in."""

    token: URL | None = None
    """Where codes, refresh tokens and client credentials are exchanged for tokens."""

    userinfo: URL | None = None
    """Where an access token is exchanged for the claims about its user."""

    introspection: URL | None = None
    """Where a resource server asks whether a token is live (RFC 7662)."""

    revocation: URL | None = None
    """Where an application gives a token back (RFC 7009)."""

    end_session: URL | None = None
    """Where an application sends the browser to sign its user out (RP-Initiated Logout)."""

    jwks: URL | None = None
    """The public keys that tokens are verified with."""

    discovery: URL | None = None
    """The metadata document of OpenID Connect Discovery."""


class CredentialStatus(Manifest):
    """One client secret."""

    id: Annotated[str, StringConstraints(max_length=32)]
    """Counts the secrets of this application. The annotation ostiary.dev/revoke-up-to takes one."""

    created_at: Timestamp
    """When it was made, or found in a Secret of yours."""

    last_used_at: Timestamp | None = None
    """When it authenticated last, to the minute or so while another is about to follow it or has. Absent: never."""

    expires_at: Timestamp | None = None
    """When it ends at the latest, since another has followed it. Absent: it is the one in the Secret."""


class OAuthApplicationStatus(ObjectStatus):
    """What became of the manifest: what is served, where, and what is in the way."""

    client_id: Annotated[str, StringConstraints(max_length=128)] | None = None
    """The OAuth client_id that is served."""

    secret_name: Annotated[str, StringConstraints(max_length=253)] | None = None
    """The Secret with the credentials, in this namespace. None for a Public application."""

    endpoints: EndpointsStatus | None = None
    """Where the endpoints of this application are: what its OAuth library is configured with."""

    credentials: Annotated[
        tuple[CredentialStatus, ...],
        Field(max_length=8, json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["id"]}),
    ] = ()
    """The client secrets that authenticate it, the one in the Secret last. Never their values."""

    resolved_callback_urls: Annotated[
        tuple[URL, ...], Field(max_length=64, json_schema_extra={"x-kubernetes-list-type": "set"})
    ] = ()
    """The callback URLs that come from the routes of callbackURLsFrom now, beside those of callbackURLs."""

    last_token_issued_at: Timestamp | None = None
    """When it was issued a token last, to the hour or so. Absent: never, as far as is known."""
