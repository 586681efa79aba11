"""The authorization endpoint (RFC 6749 section 3.1): where the browser goes next.

A request is judged, then carried through sign-in and consent as one sealed value in the address, so that nothing is
stored for people who never finish. Every page opens it again and judges it again: an application that was disabled
meanwhile gets nothing.
"""

import logging
from dataclasses import dataclass, replace
from urllib.parse import quote

from ostiary_server.protocol.authorization_checks import check, recognised
from ostiary_server.protocol.authorization_request import AuthorizationRequest
from ostiary_server.protocol.browser_sessions import BrowserSessions
from ostiary_server.protocol.consent import allowed, consent_needed
from ostiary_server.protocol.errors import (
    AccessDenied,
    ConsentRequired,
    LoginRequired,
    OAuthError,
    PageError,
    TemporarilyUnavailable,
)
from ostiary_server.protocol.id_token_hint import IdTokenHints
from ostiary_server.protocol.issuing import Issuing
from ostiary_server.protocol.ports import Consents, Directory
from ostiary_server.protocol.requests import Parameters, ProtocolRequest
from ostiary_server.protocol.sealing import Sealer
from ostiary_state.errors import StoreUnavailable
from ostiary_state.runtime.issuer import Issuer
from ostiary_state.runtime.session import Session, SignedIn

log = logging.getLogger(__name__)

AUTHORIZE_PATH = "/authorize"
SIGN_IN_PATH = "/sign-in"
CONSENT_PATH = "/consent"

PURPOSE = "authorization request"
LIFETIME = 30 * 60.0  # seconds in which a person signs in and decides
SEALED = "request_handle"  # the parameter of our own addresses; `request` is OpenID Connect's


@dataclass(frozen=True, slots=True)
class Pending:
    """A judged request on its way through our pages."""

    request: AuthorizationRequest
    expires_at: float
    session_id: str | None = None  # the session that was started for this very request

    def fresh(self, session: Session) -> bool:
        """True when the person signed in for this request: compared by session, since clocks of replicas differ."""
        return self.session_id == session.id


@dataclass(frozen=True, slots=True)
class Authorization:
    """Decides; each method answers with the location that the browser is sent to (303)."""

    directory: Directory
    sessions: BrowserSessions
    consents: Consents
    issuing: Issuing
    sealer: Sealer
    hints: IdTokenHints

    async def begin(self, request: ProtocolRequest) -> str:
        """GET or POST /authorize. Raises PageError; StoreUnavailable and TemporarilyUnavailable for a person to see."""
        if request.method == "POST":
            return self._come_back(request)
        sealed = request.query.first(SEALED)
        if sealed is not None:
            pending = self.open(sealed, request)
        else:
            asked = recognised(request.query, request.issuer, self.directory)
            pending = Pending(asked, request.now + LIFETIME)
        try:
            check(pending.request)
            return await self._decide(pending, request)
        except (StoreUnavailable, TemporarilyUnavailable):
            if "none" not in pending.request.prompts:
                raise  # a page that can be loaded again helps a person more than an error at the application
            unavailable = TemporarilyUnavailable("The server cannot answer now. Try again in a moment.")
            return pending.request.channel.error(unavailable)
        except OAuthError as error:
            return _told(pending.request, error)

    def open(self, sealed: str | None, request: ProtocolRequest) -> Pending:
        """The request that one of our addresses or forms carries; raises PageError when it is forged or too old."""
        value = self.sealer.open(sealed or "", purpose=PURPOSE, issuer_id=request.issuer.id, now=request.now)
        if value is None:
            raise PageError("invalid_request", "The sign-in took too long or its address was changed. Start again.")
        parameters = Parameters(tuple((name, text) for name, text in value["parameters"]))
        asked = recognised(parameters, request.issuer, self.directory)
        return Pending(asked, value["expires_at"], value["session_id"])

    def seal(self, pending: Pending) -> str:
        """The value that `open` reads, until the moment that the first one was to expire at."""
        asked = pending.request
        return self._seal(asked.parameters, asked.issuer, pending.expires_at, pending.session_id)

    def signed_in(self, pending: Pending, session: Session, now: float) -> str:
        """The person has signed in for `pending`: back to /authorize, which decides."""
        onward = replace(pending, expires_at=now + LIFETIME, session_id=session.id)
        return _address(AUTHORIZE_PATH, self.seal(onward))

    def sign_in_address(self, pending: Pending) -> str:
        """Where somebody else, or nobody yet, signs in for `pending`."""
        return _address(SIGN_IN_PATH, self.seal(pending))

    async def allow(self, pending: Pending, signed_in: SignedIn, now: float) -> str:
        """The person has allowed `pending` on our form: remember it and issue."""
        request = pending.request
        try:
            check(request)
            if self._sign_in_needed(pending, signed_in, now):
                return self.sign_in_address(pending)
            _admitted(request, signed_in)
            await self.consents.remember(allowed(request, signed_in, now))
            return request.channel.location(await self.issuing.issue(request, signed_in, now))
        except TemporarilyUnavailable:
            raise
        except OAuthError as error:
            return _told(request, error)

    def deny(self, pending: Pending) -> str:
        """The person has refused `pending` on our form."""
        return pending.request.channel.error(AccessDenied("The user did not allow the application's request."))

    def _come_back(self, request: ProtocolRequest) -> str:
        """A POST from another site brings no SameSite=Lax cookie; the GET of ourselves that follows it does."""
        parameters = Parameters((*request.query.pairs, *request.form.pairs))
        recognised(parameters, request.issuer, self.directory)
        return _address(AUTHORIZE_PATH, self._seal(parameters, request.issuer, request.now + LIFETIME, None))

    async def _decide(self, pending: Pending, request: ProtocolRequest) -> str:
        # Who, then whether they may, then whether they want to: a person learns nothing of an application that
        # their groups do not admit them to, and is not asked in vain.
        asked, now = pending.request, request.now
        silent = "none" in asked.prompts
        signed_in = await self.sessions.current(request, asked.application.client_id)
        if signed_in is None or self._sign_in_needed(pending, signed_in, now):
            if silent:
                raise LoginRequired("The user is not signed in, or not recently enough.")
            return self.sign_in_address(pending)
        if not self._hinted(asked, signed_in):
            raise LoginRequired("Another user than the one of the id_token_hint is signed in.")
        _admitted(asked, signed_in)
        if consent_needed(asked, signed_in):
            if silent:
                raise ConsentRequired("The user has not allowed this yet, or has to be asked each time.")
            return _address(CONSENT_PATH, self.seal(pending))
        return asked.channel.location(await self.issuing.issue(asked, signed_in, now))

    def _sign_in_needed(self, pending: Pending, signed_in: SignedIn, now: float) -> bool:
        if pending.fresh(signed_in.session):
            return False
        if pending.request.prompts & {"login", "select_account"} or not self._hinted(pending.request, signed_in):
            return True
        max_age = pending.request.max_age
        return max_age is not None and (max_age == 0 or now - signed_in.session.auth_time > max_age)

    def _hinted(self, request: AuthorizationRequest, signed_in: SignedIn) -> bool:
        """False when the client has named somebody else; without a page also when it cannot be read whom."""
        hint = request.parameters.first("id_token_hint")
        if hint is None:
            return True
        subject = self.hints.subject(hint, request.issuer, request.application.client_id)
        return signed_in.user.subject == subject or (subject is None and "none" not in request.prompts)

    def _seal(self, parameters: Parameters, issuer: Issuer, expires_at: float, session_id: str | None) -> str:
        value = {"parameters": parameters.pairs, "expires_at": expires_at, "session_id": session_id}
        return self.sealer.seal(value, purpose=PURPOSE, issuer_id=issuer.id, expires_at=expires_at)


def _told(request: AuthorizationRequest, error: OAuthError) -> str:
    client_id, reason = request.application.client_id, error.detail or error.description
    log.info("an authorization request of %s is refused: %s: %s", client_id, error.code, reason)
    return request.channel.error(error)


def _admitted(request: AuthorizationRequest, signed_in: SignedIn) -> None:
    groups = request.application.allowed_groups
    if groups and not groups & signed_in.user.groups:
        raise AccessDenied("The user is in none of the groups that this application admits.")


def _address(path: str, sealed: str) -> str:
    return f"{path}?{SEALED}={quote(sealed)}"
