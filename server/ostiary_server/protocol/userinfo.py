"""The userinfo endpoint (OpenID Connect Core 5.3): claims about the person whose access token is presented."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ostiary_server.protocol.bearer_tokens import BearerTokens
from ostiary_server.protocol.claims import PRIVATE_CLAIM, mapped_claims, requested_claims, user_claims
from ostiary_server.protocol.claims_request import ClaimsRequest
from ostiary_server.protocol.errors import InsufficientScope, InvalidRequest, InvalidToken, MissingToken
from ostiary_server.protocol.ports import Directory, Grants, Users
from ostiary_server.protocol.requests import ProtocolRequest
from ostiary_server.protocol.scopes import OPENID
from ostiary_server.protocol.standing import may_sign_in
from ostiary_server.protocol.tokens import TokenMinter
from ostiary_state.applications.application import Application
from ostiary_state.runtime.issuer import Issuer

_BEARER: Final = re.compile(r"bearer +([A-Za-z0-9\-._~+/]+=*)", re.IGNORECASE)
REFUSED: Final = "The access token is malformed, expired or revoked, or another issuer's."


@dataclass(frozen=True, slots=True)
class UserInfoAnswer:
    """Claims, or the JWT that holds them where the application has them signed (section 5.3.2)."""

    client_id: str
    claims: Mapping[str, Any]
    jwt: str | None = None


class UserInfo:
    """Answers with the user's claims, as they are now."""

    def __init__(
        self, directory: Directory, bearer_tokens: BearerTokens, users: Users, grants: Grants, minter: TokenMinter
    ) -> None:
        self._directory = directory
        self._bearer_tokens = bearer_tokens
        self._users = users
        self._grants = grants
        self._minter = minter

    async def respond(self, request: ProtocolRequest) -> UserInfoAnswer:
        """The answer, whose `sub` is that of every token of this client.

        Raises InvalidToken, InsufficientScope (without openid), InvalidRequest (two tokens), StoreUnavailable.
        """
        claims = await self._bearer_tokens.live(request.issuer, presented_token(request), request.now)
        application = self._directory.application(request.issuer.id, claims["client_id"]) if claims else None
        if claims is None or application is None:
            raise InvalidToken(REFUSED)
        scopes = tuple(claims.get("scope", "").split(" "))
        if OPENID not in scopes:
            raise InsufficientScope("The access token was issued without the scope 'openid'.")
        private = claims[PRIVATE_CLAIM]
        user = await self._users.by_incarnation(private.get("u", ""))
        if user is None or not user.enabled or claims["iat"] <= user.not_before or not may_sign_in(user, application):
            raise InvalidToken(REFUSED, detail="the user is gone, disabled, or not admitted by allowedGroups")
        answer = user_claims(user, scopes)
        if "c" in private:
            asked = ClaimsRequest.of(await self._grants.claims_request(private["g"]))
            answer |= requested_claims(user, asked.userinfo)
        answer |= mapped_claims(user, application, scopes, "UserInfo")
        return await self._written(application, request.issuer, answer | {"sub": claims["sub"]}, request.now)

    async def _written(
        self, application: Application, issuer: Issuer, answer: Mapping[str, Any], now: float
    ) -> UserInfoAnswer:
        algorithm = application.openid.userinfo_algorithm
        if algorithm is None:
            return UserInfoAnswer(application.client_id, answer)
        await self._minter.prepare_key(issuer, algorithm)
        signed = {**answer, "iss": issuer.origin, "aud": application.client_id}
        return UserInfoAnswer(application.client_id, answer, self._minter.jwt(issuer, algorithm, signed, now))


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
