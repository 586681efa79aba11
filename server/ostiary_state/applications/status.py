"""What the status of an `OAuthApplication` says, as `kubectl explain` prints it."""

from typing import Annotated

from pydantic import StringConstraints

from ostiary_state.kinds.manifest import Manifest
from ostiary_state.kinds.status import ObjectStatus

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


class OAuthApplicationStatus(ObjectStatus):
    """What became of the manifest: what is served, where, and what is in the way."""

    client_id: Annotated[str, StringConstraints(max_length=128)] | None = None
    """The OAuth client_id that is served."""

    secret_name: Annotated[str, StringConstraints(max_length=253)] | None = None
    """The Secret with the credentials, in this namespace. None for a Public application."""

    endpoints: EndpointsStatus | None = None
    """Where the endpoints of this application are: what its OAuth library is configured with."""
