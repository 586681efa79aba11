"""RP-Initiated Logout (OpenID Connect RP-Initiated Logout 1.0): what a request means, before anybody is signed out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from ostiary_server.protocol.errors import InvalidRequest, PageError
from ostiary_server.protocol.id_token_hint import IdTokenHints
from ostiary_server.protocol.ports import Directory
from ostiary_server.protocol.requests import Parameters, ProtocolRequest
from ostiary_server.protocol.sealing import Sealer
from ostiary_server.protocol.subjects import Subjects
from ostiary_state.applications.application import Application
from ostiary_state.applications.redirect_uris import is_listed
from ostiary_state.runtime.issuer import Issuer
from ostiary_state.runtime.session import SignedIn

END_SESSION_PATH: Final = "/end-session"
SIGN_OUT_PATH: Final = "/sign-out"
SIGNED_OUT_PATH: Final = "/signed-out"
SEALED: Final = "logout_handle"

PURPOSE: Final = "logout request"
LIFETIME: Final = 30 * 60.0  # seconds in which a person decides
LONGEST_PARAMETERS: Final = 8192  # characters: an ID token may be long
READ: Final = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state")
# `logout_hint` and `ui_locales` are wishes (section 2): there is one session in a browser, and one language.


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """A judged request. `application` None: nobody in particular asks."""

    application: Application | None = None
    redirect_uri: str | None = None  # a registered one
    state: str | None = None
    hint: Mapping[str, Any] | None = None  # the claims of the id_token_hint

    @property
    def onward(self) -> str:
        """Where the browser goes when the session has ended (section 3)."""
        if self.redirect_uri is None:
            return SIGNED_OUT_PATH
        if self.state is None:
            return self.redirect_uri
        return f"{self.redirect_uri}{'&' if '?' in self.redirect_uri else '?'}{urlencode({'state': self.state})}"


@dataclass(frozen=True, slots=True)
class LogoutRequests:
    """Reads and carries requests. A redirect URI is followed only if it is exactly one of a known application's."""

    directory: Directory
    hints: IdTokenHints
    subjects: Subjects
    sealer: Sealer

    def read(self, parameters: Parameters, issuer: Issuer) -> LogoutRequest:
        """Raises PageError: nothing that is wrong here is told to anybody but the person."""
        if sum(len(name) + len(value) for name, value in parameters) > LONGEST_PARAMETERS:
            raise PageError("invalid_request", "The parameters are too long.", status=413)
        try:
            hint, client_id, redirect_uri, state = (parameters.get(name) for name in READ)
        except InvalidRequest as repeated:
            raise PageError(repeated.code, repeated.description) from None
        claims = self._hinted(hint, issuer)
        if claims is not None and client_id is not None and claims.get("aud") != client_id:
            raise PageError("invalid_request", "The id_token_hint was not issued to this client_id.")
        if claims is not None:
            client_id = str(claims.get("aud"))
        application = self.directory.application(issuer.id, client_id) if client_id is not None else None
        if client_id is not None and application is None:
            raise PageError("invalid_client", "No application with this client_id signs its users in at this address.")
        if redirect_uri is not None:
            _check_redirect_uri(redirect_uri, application)
        return LogoutRequest(application, redirect_uri, state, claims)

    async def is_of(self, request: LogoutRequest, signed_in: SignedIn) -> bool:
        """True when the hint is an ID token of this very session, or of this person where it names no session.

        Such a request is the application's own: it holds what only it was given. Any other is a question to the person,
        since a link alone must not sign anybody out (section 6).
        """
        if request.hint is None or request.application is None:
            return False
        if "sid" in request.hint:
            return bool(request.hint["sid"] == signed_in.session.id)
        await self.subjects.prepare(request.application)
        return bool(request.hint["sub"] == self.subjects.of(signed_in.user, request.application))

    def seal(self, parameters: Parameters, request: ProtocolRequest) -> str:
        """The value that `open` reads: the request on its way through our own page."""
        value = {"parameters": [pair for pair in parameters.pairs if pair[0] in READ]}
        expires_at = request.now + LIFETIME
        return self.sealer.seal(value, purpose=PURPOSE, issuer_id=request.issuer.id, expires_at=expires_at)

    def open(self, sealed: str | None, request: ProtocolRequest) -> tuple[LogoutRequest, Parameters]:
        """Raises PageError when it is forged or too old. Without a value: nobody in particular asks."""
        if sealed is None:
            return LogoutRequest(), Parameters()
        value = self.sealer.open(sealed, purpose=PURPOSE, issuer_id=request.issuer.id, now=request.now)
        if value is None:
            raise PageError("invalid_request", "Signing out took too long or its address was changed. Start again.")
        parameters = Parameters(tuple((name, text) for name, text in value["parameters"]))
        return self.read(parameters, request.issuer), parameters

    def sign_out_address(self, parameters: Parameters, request: ProtocolRequest) -> str:
        """Where the person is asked."""
        return f"{SIGN_OUT_PATH}?{SEALED}={quote(self.seal(parameters, request))}"

    def _hinted(self, hint: str | None, issuer: Issuer) -> Mapping[str, Any] | None:
        if hint is None:
            return None
        claims = self.hints.claims(hint, issuer)
        if claims is None:
            raise PageError("invalid_request", "The id_token_hint is not an ID token of this issuer.")
        return claims


def _check_redirect_uri(redirect_uri: str, application: Application | None) -> None:
    if application is None:
        raise PageError("invalid_request", "Send id_token_hint or client_id with the post_logout_redirect_uri.")
    if not is_listed(redirect_uri, application.post_logout_redirect_urls):
        message = "The post_logout_redirect_uri is not one of this application's postLogoutRedirectURLs."
        raise PageError("invalid_request", message)
