"""The consent page: GET asks, POST with `decision` allow or deny answers the application."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ostiary_server.pages.forms import Forms
from ostiary_server.pages.onward import see_other, send
from ostiary_server.pages.permissions import grouped
from ostiary_server.pages.rendering import Shown, page
from ostiary_server.protocol.authorization import CONSENT_PATH, SEALED, Authorization, Pending
from ostiary_server.protocol.browser_sessions import BrowserSessions
from ostiary_server.protocol.consent import Asked, question
from ostiary_server.protocol.page_errors import shown_to_a_person
from ostiary_server.protocol.requests import ProtocolRequest
from ostiary_state.runtime.session import SignedIn

FORM = "consent"


def router(
    authorization: Authorization,
    sessions: BrowserSessions,
    forms: Forms,
    parse: Callable[[Request], Awaitable[ProtocolRequest]],
) -> APIRouter:
    """GET and POST /consent, with the pending request sealed in `request_handle`.

    The form's token is bound to the session, to the very value that it was shown for and to all that it showed: an
    answer can neither be given by another site, nor by a former person in this browser, nor be carried over to another
    request, nor count for what the manifest has come to mean since. An optional scope whose box does not come back is
    declined; nothing else of what is sent can change what is granted.
    """
    routes = APIRouter()

    async def show(request: Request) -> Response:
        with shown_to_a_person():
            parsed = await parse(request)
            return await _ask(parsed, parsed.query.first(SEALED) or "")

    async def decide(request: Request) -> Response:
        with shown_to_a_person():
            parsed = await parse(request)
            sealed = parsed.form.first(SEALED) or ""
            pending = authorization.open(sealed, parsed)
            signed_in = await sessions.current(parsed, pending.request.application.client_id)
            if signed_in is None:
                return see_other(authorization.sign_in_address(pending))
            asked = question(pending.request, signed_in)
            if not forms.genuine(parsed, *_bound(signed_in, sealed, asked)):
                return await _ask(parsed, sealed)
            if parsed.form.first("decision") == "allow":
                ticked = frozenset(value for name, value in parsed.form if name == "scope")
                declined = frozenset(each.name for each in asked if each.optional) - ticked
                return send(await authorization.allow(pending, signed_in, parsed.now, declined), parsed.issuer)
            return send(await authorization.deny(pending, parsed.now), parsed.issuer)

    async def _ask(request: ProtocolRequest, sealed: str) -> Response:
        pending = authorization.open(sealed, request)
        signed_in = await sessions.current(request, pending.request.application.client_id)
        if signed_in is None:
            return see_other(authorization.sign_in_address(pending))
        return _form(forms, request, pending, signed_in, sealed, authorization.sign_in_address(pending))

    routes.add_route(CONSENT_PATH, show, methods=["GET"])
    routes.add_route(CONSENT_PATH, decide, methods=["POST"])
    return routes


def _bound(signed_in: SignedIn, sealed: str, asked: tuple[Asked, ...]) -> tuple[str, ...]:
    """What an answer is for. What was allowed before may change in another window: the answer means the same."""
    shown = (f"{'claim' if each.claim else 'scope'} {each.optional:d} {each.name}" for each in asked)
    return (FORM, signed_in.session.id, sealed, *shown)


def _form(
    forms: Forms,
    request: ProtocolRequest,
    pending: Pending,
    signed_in: SignedIn,
    sealed: str,
    other_account: str,
) -> Response:
    browser = forms.browser(request)
    application = pending.request.application
    redirect = urlsplit(pending.request.redirect_uri)
    asked = question(pending.request, signed_in)
    response = page(
        "consent/consent.html",
        request.issuer,
        application=Shown.of(application),
        form_leaves=True,
        form_token=forms.token(browser, request, *_bound(signed_in, sealed, asked)),
        handle=sealed,
        person=signed_in.user.display_name or signed_in.user.username,
        new=grouped((each for each in asked if not each.allowed_before), application),
        before=grouped((each for each in asked if each.allowed_before), application),
        optional=any(each.optional for each in asked),
        destination=redirect.hostname if redirect.scheme in {"https", "http"} else None,
        other_account=other_account,
    )
    forms.remember(response, request, browser)
    return response
