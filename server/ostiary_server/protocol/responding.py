"""Answers to an authorization request: plain, or as one JWT (JWT Secured Authorization Response Mode, JARM)."""

import logging
from typing import Final

from ostiary_server.protocol.authorization_request import AuthorizationRequest
from ostiary_server.protocol.errors import OAuthError
from ostiary_server.protocol.responses import Onward, error_parameters
from ostiary_server.protocol.tokens import TokenMinter

JARM_LIFETIME: Final = 600  # seconds: the longest that JARM section 2.1 recommends

log = logging.getLogger(__name__)


class Responder:
    """Sends each response through its request's channel."""

    def __init__(self, minter: TokenMinter) -> None:
        self._minter = minter

    async def success(self, request: AuthorizationRequest, parameters: dict[str, str], now: float) -> Onward:
        """Raises StoreUnavailable and TemporarilyUnavailable where a signing key has to be made first."""
        pairs = request.channel.response(parameters)
        if request.response_as_jwt:
            algorithm = request.application.openid.authorization_algorithm
            await self._minter.prepare_key(request.issuer, algorithm)
            claims = {**dict(pairs), "aud": request.application.client_id, "exp": int(now) + JARM_LIFETIME}
            pairs = (("response", self._minter.jwt(request.issuer, algorithm, claims, now)),)
        return request.channel.send(pairs)

    async def error(self, request: AuthorizationRequest, error: OAuthError, now: float) -> Onward:
        """As `success`; the reason is logged with the client, and never with what the request held."""
        client_id, reason = request.application.client_id, error.detail or error.description
        log.info("an authorization request of %s is refused: %s: %s", client_id, error.code, reason)
        return await self.success(request, error_parameters(error), now)
