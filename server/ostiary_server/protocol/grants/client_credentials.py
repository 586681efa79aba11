"""The client credentials grant (RFC 6749 section 4.4): no statement at all where access tokens are JWTs."""

from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant

from ostiary_server.protocol.engine import Engine, LoadedGrant, decide
from ostiary_server.protocol.engine_request import EngineRequest
from ostiary_server.protocol.errors import UnauthorizedClient
from ostiary_server.protocol.ports import AccessTokens
from ostiary_server.protocol.scopes import USER_SCOPES, parse_scope, permitted_scopes
from ostiary_server.protocol.token_response import Issuance, TokenResponse
from ostiary_state.applications.application import Application


class _Decision(LoadedGrant, ClientCredentialsGrant):
    """authlib's grant as it is."""


class ClientCredentials:
    """Issues an access token to the client itself, and never a refresh token (RFC 6749 section 4.4.3)."""

    grant_type = "client_credentials"

    def __init__(self, engine: Engine, issuance: Issuance, access_tokens: AccessTokens) -> None:
        self._engine = engine
        self._issuance = issuance
        self._access_tokens = access_tokens

    async def respond(self, request: EngineRequest, application: Application) -> TokenResponse:
        """Raises UnauthorizedClient for a public client (section 4.4; no manifest may list the grant for one), and
        InvalidScope for more than the application declares, or a scope that speaks of a person.
        """
        if not application.confidential:
            raise UnauthorizedClient("A client without a secret has no credentials to present.")
        await self._issuance.prepare(application, request.issuer, id_token=False)

        def issue(scope: str | None) -> TokenResponse:
            permitted = [declared for declared in application.scopes if declared not in USER_SCOPES]
            scopes = permitted_scopes(parse_scope(scope), permitted)
            return self._issuance.for_client(application, request.issuer, scopes, request.now)

        response = decide(_Decision(request, self._engine, issue))
        if response.issued.access_token:
            await self._access_tokens.add(response.issued.access_token)
        return response
