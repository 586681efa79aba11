"""The token endpoint (RFC 6749 section 3.2): what every grant shares, in one order, so that no grant can forget it."""

from collections.abc import Callable, Iterable
from typing import Protocol

from ostiary_server.protocol.client_authentication import ClientAuthentication
from ostiary_server.protocol.engine_request import EngineRequest
from ostiary_server.protocol.errors import InvalidRequest, UnauthorizedClient, UnsupportedGrantType
from ostiary_server.protocol.requests import ProtocolRequest
from ostiary_server.protocol.token_response import TokenResponse
from ostiary_state.applications.application import Application


class Grant(Protocol):
    """One value of `grant_type`."""

    grant_type: str

    async def respond(self, request: EngineRequest, application: Application) -> TokenResponse:
        """Decide for an application that has authenticated and may use this grant; what is issued is stored."""


class TokenEndpoint:
    """Answers token requests."""

    def __init__(
        self,
        clients: ClientAuthentication,
        grants: Iterable[Grant],
        *,
        note_use: Callable[[Application], None] = lambda _: None,
    ) -> None:
        self._clients = clients
        self._note_use = note_use
        self._grants = {grant.grant_type: grant for grant in grants}

    async def respond(self, request: ProtocolRequest) -> TokenResponse:
        """Raises OAuthError, StoreUnavailable.

        A well-formed request for a grant that exists comes first, since it costs nothing; then who asks, before
        whether it may, so that a stranger learns nothing of the manifest; the database is asked last.
        """
        parsed = EngineRequest(request)
        grant_type = parsed.form.get("grant_type")
        if grant_type is None:
            raise InvalidRequest("The parameter 'grant_type' is required.")
        grant = self._grants.get(grant_type)
        if grant is None:
            raise UnsupportedGrantType("The server has no such grant type.")
        application = await self._clients.application(parsed)
        if grant_type not in application.grant_modes:
            raise UnauthorizedClient(f"The manifest of this application does not list the grant mode '{grant_type}'.")
        response = await grant.respond(parsed, application)
        self._note_use(application)
        return response
