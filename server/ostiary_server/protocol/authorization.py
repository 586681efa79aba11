"""The authorization endpoint (RFC 6749 section 3.1): where the browser goes next.

A request is judged, then carried through sign-in and consent as one sealed value in the address, so that nothing is
stored for people who never finish. Every page opens it again and judges it again: an application that was disabled
meanwhile gets nothing.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import quote

from ostiary_server.protocol.authorization_checks import asking_application, check, recognised
from ostiary_server.protocol.authorization_request import AuthorizationRequest
from ostiary_server.protocol.browser_sessions import BrowserSessions
from ostiary_server.protocol.browser_states import BrowserStates
from ostiary_server.protocol.client_metadata import ClientMetadata
from ostiary_server.protocol.consent import allowed, consent_needed, granted_scopes, grants_nothing
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
from ostiary_server.protocol.metadata_clients import MetadataClients, described, describes_itself
from ostiary_server.protocol.ports import Consents, Directory
from ostiary_server.protocol.request_objects import CARRIERS, RequestObjects
from ostiary_server.protocol.requests import Parameters, ProtocolRequest
from ostiary_server.protocol.responding import Responder
from ostiary_server.protocol.responses import Onward, Redirect
from ostiary_server.protocol.scopes import OPENID
from ostiary_server.protocol.sealing import Sealer
from ostiary_server.protocol.subjects import Subjects
from ostiary_state.applications.application import Application
from ostiary_state.errors import StoreUnavailable
from ostiary_state.runtime.session import Session, SignedIn

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
    chosen_id: str | None = None  # the session that the person chose to go on with, where they were to select

    def fresh(self, session: Session) -> bool:
        """True when the person signed in for this request: compared by session, since clocks of replicas differ."""
        return self.session_id == session.id


@dataclass(frozen=True, slots=True)
class Authorization:
    """Decides where the browser goes next: to a page of ours, or to the application with an answer."""

    directory: Directory
    sessions: BrowserSessions
    consents: Consents
    issuing: Issuing
    responder: Responder
    request_objects: RequestObjects
    metadata_clients: MetadataClients
    subjects: Subjects
    states: BrowserStates
    sealer: Sealer
    hints: IdTokenHints

    async def begin(self, request: ProtocolRequest) -> Onward:
        """GET or POST /authorize. Raises PageError; StoreUnavailable and TemporarilyUnavailable for a person to see."""
        sealed = request.query.first(SEALED)
        if request.method == "GET" and sealed is not None:
            pending = self.open(sealed, request)
        else:
            sent = request.query
            if request.method == "POST":
                sent = Parameters((*sent.pairs, *request.form.pairs))
            asked = await self._read(sent, request)
            if not isinstance(asked, AuthorizationRequest):
                return asked
            pending = Pending(asked, request.now + LIFETIME)
            if request.method == "POST":
                # From another site it brings no SameSite=Lax cookie; the GET of ourselves that follows does.
                return Redirect(_address(AUTHORIZE_PATH, self.seal(pending)))
        try:
            check(pending.request)
            return await self._decide(pending, request)
        except (StoreUnavailable, TemporarilyUnavailable):
            if "none" not in pending.request.prompts:
                raise  # a page that can be loaded again helps a person more than an error at the application
            unavailable = TemporarilyUnavailable("The server cannot answer now. Try again in a moment.")
            return await self.responder.error(pending.request, unavailable, request.now)
        except OAuthError as error:
            return await self.responder.error(pending.request, error, request.now)

    async def _read(self, sent: Parameters, request: ProtocolRequest) -> AuthorizationRequest | Onward:
        """The request, with a request object's parameters in the place of those that were sent.

        An object that cannot be used is told to the client where the redirect URI beside it is good by itself, and on
        a page where it is not.
        """
        issuer = request.issuer
        application = await self.metadata_clients.completed(asking_application(sent, issuer, self.directory))
        if not any(name in sent for name in CARRIERS):
            return recognised(sent, issuer, application)
        try:
            meant = await self.request_objects.parameters(sent, application, issuer, request.now)
        except OAuthError as error:
            try:
                beside = recognised(sent, issuer, application)
            except PageError:
                raise PageError(error.code, error.description, detail=error.detail) from error
            return await self.responder.error(beside, error, request.now)
        return recognised(meant, issuer, application)

    def open(self, sealed: str | None, request: ProtocolRequest) -> Pending:
        """The request that one of our addresses or forms carries; raises PageError when it is forged or too old."""
        value = self.sealer.open(sealed or "", purpose=PURPOSE, issuer_id=request.issuer.id, now=request.now)
        if value is None:
            raise PageError("invalid_request", "The sign-in took too long or its address was changed. Start again.")
        parameters = Parameters(tuple((name, text) for name, text in value["parameters"]))
        application = asking_application(parameters, request.issuer, self.directory)
        members = value.get("metadata")  # absent in what a release before this one sealed
        if members is not None and describes_itself(application):
            # What its document said when the request came in: pages and other replicas need not read it again.
            metadata = ClientMetadata(
                **value["metadata"] | {"redirect_uris": tuple(value["metadata"]["redirect_uris"])}
            )
            application = described(application, metadata)
        asked = recognised(parameters, request.issuer, application)
        return Pending(asked, value["expires_at"], value["session_id"], value.get("chosen_id"))

    def seal(self, pending: Pending) -> str:
        """The value that `open` reads, until the moment that the first one was to expire at."""
        asked = pending.request
        value = {
            "parameters": asked.parameters.pairs,
            "expires_at": pending.expires_at,
            "session_id": pending.session_id,
            "chosen_id": pending.chosen_id,
            "metadata": _metadata(asked.application),
        }
        return self.sealer.seal(value, purpose=PURPOSE, issuer_id=asked.issuer.id, expires_at=pending.expires_at)

    def signed_in(self, pending: Pending, session: Session, now: float) -> str:
        """The person has signed in for `pending`: back to /authorize, which decides."""
        onward = replace(pending, expires_at=now + LIFETIME, session_id=session.id)
        return _address(AUTHORIZE_PATH, self.seal(onward))

    def selects(self, pending: Pending, session: Session, now: float) -> bool:
        """True when the person may go on with `session` where the application wants an account to be selected."""
        asked = pending.request
        recent = asked.max_age is None or now - session.auth_time <= asked.max_age
        return "select_account" in asked.prompts and "login" not in asked.prompts and recent

    def chosen(self, pending: Pending, session: Session) -> str:
        """The person goes on with `session`: back to /authorize, which asks for all else that it would ask for."""
        return _address(AUTHORIZE_PATH, self.seal(replace(pending, chosen_id=session.id)))

    def sign_in_address(self, pending: Pending) -> str:
        """Where somebody else, or nobody yet, signs in for `pending`."""
        return _address(SIGN_IN_PATH, self.seal(pending))

    async def allow(
        self, pending: Pending, signed_in: SignedIn, now: float, declined: frozenset[str] = frozenset()
    ) -> Onward:
        """The person has allowed `pending` on our form, but for the optional scopes `declined`: remember and issue."""
        request = pending.request
        try:
            check(request)
            if await self._sign_in_needed(pending, signed_in, now):
                return Redirect(self.sign_in_address(pending))
            _admitted(request, signed_in)
            consent = allowed(request, signed_in, now, declined)
            answered = replace(signed_in, consent=consent)
            if grants_nothing(request, answered):
                raise AccessDenied("The user allowed none of the scopes.")
            await self.consents.remember(consent)
            return await self._issue(request, answered, now)
        except TemporarilyUnavailable:
            raise
        except OAuthError as error:
            return await self.responder.error(request, error, now)

    async def deny(self, pending: Pending, now: float) -> Onward:
        """The person has refused `pending` on our form."""
        refused = AccessDenied("The user did not allow the application's request.")
        return await self.responder.error(pending.request, refused, now)

    async def _issue(self, request: AuthorizationRequest, signed_in: SignedIn, now: float) -> Onward:
        scopes = granted_scopes(request, signed_in)
        answer = await self.issuing.issue(request, signed_in, scopes, now)
        if OPENID in scopes:
            session, client_id = signed_in.session, request.application.client_id
            state = self.states.session_state(session, client_id, request.redirect_uri)
            answer |= {} if state is None else {"session_state": state}
        return await self.responder.success(request, answer, now)

    async def _decide(self, pending: Pending, request: ProtocolRequest) -> Onward:
        # Who, then whether they may, then whether they want to: a person learns nothing of an application that
        # their groups do not admit them to, and is not asked in vain.
        asked, now = pending.request, request.now
        silent = "none" in asked.prompts
        signed_in = await self.sessions.current(request, asked.application.client_id)
        if signed_in is None or await self._sign_in_needed(pending, signed_in, now):
            if silent:
                raise LoginRequired("The user is not signed in, or not recently enough.")
            return Redirect(self.sign_in_address(pending))
        if not await self._hinted(asked, signed_in):
            raise LoginRequired("Another user than the one of the id_token_hint is signed in.")
        _admitted(asked, signed_in)
        if consent_needed(asked, signed_in):
            if silent:
                raise ConsentRequired("The user has not allowed this yet, or has to be asked each time.")
            return Redirect(_address(CONSENT_PATH, self.seal(pending)))
        return await self._issue(asked, signed_in, now)

    async def _sign_in_needed(self, pending: Pending, signed_in: SignedIn, now: float) -> bool:
        if pending.fresh(signed_in.session):
            return False
        prompts = pending.request.prompts
        selects = "select_account" in prompts and pending.chosen_id != signed_in.session.id
        if "login" in prompts or selects or not await self._hinted(pending.request, signed_in):
            return True
        max_age = pending.request.max_age
        return max_age is not None and (max_age == 0 or now - signed_in.session.auth_time > max_age)

    async def _hinted(self, request: AuthorizationRequest, signed_in: SignedIn) -> bool:
        """False when the client has named somebody else; without a page also when it cannot be read whom.

        By id_token_hint, or by the value of `sub` that it asks the ID token to have (OpenID Connect Core 5.5.1).
        """
        hint, wanted = request.parameters.first("id_token_hint"), request.claims.id_token.get("sub")
        if hint is None and wanted is None:
            return True
        await self.subjects.prepare(request.application)
        own = self.subjects.of(signed_in.user, request.application)
        if wanted is not None and not wanted.accepts(own):
            return False
        if hint is None:
            return True
        subject = self.hints.subject(hint, request.issuer, request.application.client_id)
        return own == subject or (subject is None and "none" not in request.prompts)


def _metadata(application: Application) -> dict[str, Any] | None:
    if not describes_itself(application):
        return None
    return asdict(
        ClientMetadata(
            redirect_uris=application.callback_urls,
            name=application.display_name,
            homepage_url=application.homepage_url,
            policy_url=application.policy_url,
            terms_url=application.terms_url,
        )
    )


def _admitted(request: AuthorizationRequest, signed_in: SignedIn) -> None:
    groups = request.application.allowed_groups
    if groups and not groups & signed_in.user.groups:
        raise AccessDenied("The user is in none of the groups that this application admits.")


def _address(path: str, sealed: str) -> str:
    return f"{path}?{SEALED}={quote(sealed)}"
