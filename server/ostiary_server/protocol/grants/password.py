"""The resource owner password credentials grant (RFC 6749 section 4.3): a legacy, only where the manifest lists it.

Written whole. Of authlib's class one would override the answer to a wrong password (invalid_request there,
invalid_grant in section 5.2), the refresh token that always comes along, the server-wide scopes and the synchronous
look-up of the user, which is all that it has; it is the peer of this file's tests instead.
"""

from typing import Final

from ostiary_server.protocol.authentication import AuthenticationFailed, Authenticator, Throttled
from ostiary_server.protocol.engine_request import EngineRequest
from ostiary_server.protocol.errors import InvalidGrant, InvalidRequest, TemporarilyUnavailable
from ostiary_server.protocol.ports import Grants
from ostiary_server.protocol.scopes import OFFLINE_ACCESS, OPENID, parse_scope, permitted_scopes
from ostiary_server.protocol.standing import may_sign_in
from ostiary_server.protocol.token_response import Issuance, TokenResponse
from ostiary_state.applications.application import Application
from ostiary_state.runtime.grant import Grant
from ostiary_state.runtime.issued import Issued
from ostiary_state.users.user import User

REFUSED = "The username or password is wrong, or this user may not sign in to this application."
AMR: Final = ("pwd",)  # RFC 8176 section 2


class Passwords:
    """Exchanges a username and a password for tokens.

    There is no page, so nobody can be asked: only scopes that the application declares, and never offline_access.
    """

    grant_type = "password"

    def __init__(self, issuance: Issuance, authenticator: Authenticator, grants: Grants) -> None:
        self._issuance = issuance
        self._authenticator = authenticator
        self._grants = grants

    async def respond(self, request: EngineRequest, application: Application) -> TokenResponse:
        """Raises InvalidRequest, InvalidScope, InvalidGrant, TemporarilyUnavailable (throttled, or too many at once).

        The scope is checked before the password: argon2 runs only for requests that could succeed.
        """
        username, password = request.form.get("username"), request.form.get("password")
        if username is None or password is None:
            raise InvalidRequest("The parameters 'username' and 'password' are required.")
        permitted = [scope for scope in application.scopes if scope != OFFLINE_ACCESS]
        scopes = permitted_scopes(parse_scope(request.form.get("scope")), permitted)
        user = await self._authenticate(request, username, password)
        if not may_sign_in(user, application):
            raise InvalidGrant(REFUSED, detail=f"allowedGroups does not admit {user.id}")
        return await self._issue(request, application, user, scopes)

    async def _authenticate(self, request: EngineRequest, username: str, password: str) -> User:
        try:
            return await self._authenticator.authenticate(username, password, remote=request.remote, now=request.now)
        except AuthenticationFailed as failed:
            raise InvalidGrant(REFUSED, detail="the password is wrong, or the user is unknown or disabled") from failed
        except Throttled as throttled:
            raise TemporarilyUnavailable(
                "Too many sign-ins failed. Try again later.", retry_after=throttled.retry_after
            ) from throttled

    async def _issue(
        self, request: EngineRequest, application: Application, user: User, scopes: tuple[str, ...]
    ) -> TokenResponse:
        await self._issuance.prepare(application, request.issuer, id_token=OPENID in scopes)
        lifetimes = application.lifetimes
        refreshes = "refresh_token" in application.grant_modes
        longest = lifetimes.refresh_token_absolute if refreshes else 0
        grant = Grant(
            id=self._issuance.new_id(),
            issuer_id=request.issuer.id,
            client_id=application.client_id,
            application_id=application.id,
            application_incarnation=application.incarnation,
            user_id=user.id,
            user_incarnation=user.incarnation,
            session_id=None,
            scopes=scopes,
            audience=(),
            nonce=None,
            auth_time=request.now,
            amr=AMR,
            created_at=request.now,
            expires_at=request.now + longest + max(lifetimes.access_token, lifetimes.id_token),
        )
        response = self._issuance.for_user(
            application, request.issuer, user, scopes, grant, request.now, new_family=refreshes
        )
        issued = response.issued
        await self._grants.start_with(Issued(issued.family, issued.refresh_token, issued.access_token, grant))
        return response
