"""The userinfo endpoint (OpenID Connect Core 5.3): claims about the person whose access token is presented."""

import re
from collections.abc import Mapping
from typing import Any, Final

from ostiary_server.protocol.bearer_tokens import BearerTokens
from ostiary_server.protocol.claims import PRIVATE_CLAIM, user_claims
from ostiary_server.protocol.errors import InsufficientScope, InvalidRequest, InvalidToken, MissingToken
from ostiary_server.protocol.ports import Users
from ostiary_server.protocol.requests import ProtocolRequest
from ostiary_server.protocol.scopes import OPENID

_BEARER: Final = re.compile(r"bearer +([A-Za-z0-9\-._~+/]+=*)", re.IGNORECASE)
REFUSED: Final = "The access token is malformed, expired or revoked, or another issuer's."


class UserInfo:
    """Answers with the user's claims, as they are now."""

    def __init__(self, bearer_tokens: BearerTokens, users: Users) -> None:
        self._bearer_tokens = bearer_tokens
        self._users = users

    async def respond(self, request: ProtocolRequest) -> tuple[str, Mapping[str, Any]]:
        """The client id and the answer, whose `sub` is that of every token of this client.

        Raises InvalidToken, InsufficientScope (without openid), InvalidRequest (two tokens), StoreUnavailable.
        """
        claims = await self._bearer_tokens.live(request.issuer, presented_token(request), request.now)
        if claims is None:
            raise InvalidToken(REFUSED)
        scopes = tuple(claims.get("scope", "").split(" "))
        if OPENID not in scopes:
            raise InsufficientScope("The access token was issued without the scope 'openid'.")
        incarnation = claims[PRIVATE_CLAIM].get("u", "")
        user = await self._users.by_subject(claims["sub"], incarnation)
        if user is None or not user.enabled or claims["iat"] <= user.not_before:
            raise InvalidToken(REFUSED, detail="the user is gone or disabled, or was since the token was issued")
        return claims["client_id"], user_claims(user, scopes) | {"sub": user.subject}


def presented_token(request: ProtocolRequest) -> str:
    """The token of the Authorization header or the form (RFC 6750 section 2.1, 2.2); never of the query (2.3)."""
    in_form = request.form.get("access_token")
    if request.authorization is None:
        if in_form is None:
            raise MissingToken("An access token is required.")
        return in_form
    if in_form is not None:
        raise InvalidRequest("The access token must be sent in one way only.")
    match = _BEARER.fullmatch(request.authorization)
    if match is None:
        raise MissingToken("The Authorization header must be of the scheme Bearer.")
    return match[1]
