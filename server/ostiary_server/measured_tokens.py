"""The token endpoint with its answers counted."""

from collections.abc import Callable, Iterable

from ostiary_server.metrics import Metrics
from ostiary_server.protocol.client_authentication import ClientAuthentication
from ostiary_server.protocol.errors import OAuthError
from ostiary_server.protocol.grants.authorization_code import CodeReplayed
from ostiary_server.protocol.grants.refresh_token import TokenReused
from ostiary_server.protocol.requests import ProtocolRequest
from ostiary_server.protocol.token_endpoint import Grant, TokenEndpoint
from ostiary_server.protocol.token_response import TokenResponse
from ostiary_state.applications.application import Application
from ostiary_state.errors import StoreUnavailable


class MeasuredTokenEndpoint(TokenEndpoint):
    """Counts what it answers, by grant and outcome; decides nothing."""

    def __init__(
        self,
        clients: ClientAuthentication,
        grants: Iterable[Grant],
        metrics: Metrics,
        note_use: Callable[[Application], None],
    ) -> None:
        super().__init__(clients, grants, note_use=note_use)
        self._metrics = metrics

    async def respond(self, request: ProtocolRequest) -> TokenResponse:
        grant = request.form.first("grant_type") or ""
        try:
            response = await super().respond(request)
        except OAuthError as error:
            self._metrics.tokens(grant, error.code)
            if isinstance(error, CodeReplayed):
                self._metrics.code_replays.inc()
            elif isinstance(error, TokenReused):
                self._metrics.refresh_replays.inc()
            raise
        except StoreUnavailable:
            self._metrics.tokens(grant, "temporarily_unavailable")
            raise
        self._metrics.tokens(grant, "issued")
        return response
