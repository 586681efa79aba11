"""authlib's authorization server over values that are loaded already.

authlib's hooks are synchronous, so a grant of ours loads what it needs first, lets authlib's class of the same name
decide, and stores what was decided after: authlib saves before it revokes, so that two requests could both win.
"""

from collections.abc import Callable, Collection
from typing import Any, Protocol

from authlib.oauth2.rfc6749 import AuthorizationServer, BaseGrant, ClientMixin, OAuth2Error

from ostiary_server.protocol import errors
from ostiary_server.protocol.client_authentication import ALL_METHODS
from ostiary_server.protocol.engine_request import EngineRequest
from ostiary_server.protocol.token_response import TokenResponse

_BY_CODE: dict[str, type[errors.OAuthError]] = {
    kind.code: kind
    for kind in (
        errors.InvalidRequest,
        errors.InvalidClient,
        errors.InvalidGrant,
        errors.UnauthorizedClient,
        errors.UnsupportedGrantType,
        errors.InvalidScope,
        errors.UnsupportedTokenType,
    )
}


def our_error(error: OAuth2Error) -> errors.OAuthError:
    """The error class of the same RFC code; a code that authlib alone knows is our fault."""
    kind = _BY_CODE.get(error.error or "", errors.ServerError)
    return kind(error.get_error_description() or kind.__doc__ or "", detail=f"authlib: {error!r}")


class TokenGrant(Protocol):
    """The two steps of authlib's token grants."""

    def validate_token_request(self) -> None:
        """Every check."""

    def create_token_response(self) -> Any:
        """Status, body, headers."""


def decide(grant: TokenGrant) -> TokenResponse:
    """Run authlib's checks in authlib's order, then its response; raises OAuthError."""
    try:
        grant.validate_token_request()
        _, response, _ = grant.create_token_response()
    except OAuth2Error as error:
        raise our_error(error) from error
    if not isinstance(response, TokenResponse):
        raise TypeError("a grant answers with a TokenResponse")
    return response


class LoadedGrant(BaseGrant):
    """The part of an authlib grant that would touch storage, replaced in each of ours.

    The client has authenticated before anything was loaded, so that a stranger costs no statement. `issue` makes the
    response from the scope that authlib settled on; it is stored by the claim, which comes last.
    """

    TOKEN_ENDPOINT_AUTH_METHODS: Collection[str] = (
        ALL_METHODS  # by itself authlib accepts only client_secret_basic at most grants
    )

    def __init__(self, request: EngineRequest, engine: "Engine", issue: Callable[[str | None], TokenResponse]) -> None:
        super().__init__(request, engine)
        self._issue = issue

    def authenticate_token_endpoint_client(self) -> ClientMixin:
        """The one that authenticated before."""
        if self.request.client is None:
            raise errors.InvalidClient("The client has not authenticated.")
        return self.request.client

    def generate_token(
        self,
        user: object = None,  # noqa: ARG002 - authlib's signature
        scope: str | None = None,
        *_: object,
        **__: object,
    ) -> TokenResponse:
        """authlib would add a refresh token by its own rules; ours are the manifest's."""
        return self._issue(scope)

    def save_token(self, token: object) -> None:
        """Nothing: what is issued is stored in the transaction of the claim."""


class Engine(AuthorizationServer):
    """What authlib's grants and endpoints reach of a server: everything else is decided before they run."""

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens."""

    def validate_requested_scope(self, scope: str | None) -> None:
        """Each grant compares with its own application instead: what one declares is not the server's."""
