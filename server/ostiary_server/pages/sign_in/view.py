"""The sign-in page: GET shows the form, POST starts a session and sends the browser on."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import APIRouter
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from ostiary_server.pages.forms import Forms
from ostiary_server.pages.onward import see_other
from ostiary_server.pages.rendering import Shown, page
from ostiary_server.pages.texts import text, wait_text
from ostiary_server.protocol.authentication import LONGEST_USERNAME, AuthenticationFailed, Authenticator, Throttled
from ostiary_server.protocol.authorization import SEALED, SIGN_IN_PATH, Authorization, Pending
from ostiary_server.protocol.browser_sessions import BrowserSessions
from ostiary_server.protocol.errors import TemporarilyUnavailable
from ostiary_server.protocol.page_errors import RETRY_AFTER, shown_to_a_person
from ostiary_server.protocol.requests import ProtocolRequest
from ostiary_state.errors import StoreUnavailable
from ostiary_state.runtime.session import SignedIn

log = logging.getLogger(__name__)

FORM = "sign-in"
CHOICE_FORM = "choose"
CHOOSE_PATH = "/choose"
PASSWORD_ONLY = ("pwd",)  # RFC 8176


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the form is shown again."""

    message: Markup
    status: int
    retry_after: int | None = None


def router(
    authorization: Authorization,
    authenticator: Authenticator,
    sessions: BrowserSessions,
    forms: Forms,
    parse: Callable[[Request], Awaitable[ProtocolRequest]],
) -> APIRouter:
    """GET and POST /sign-in, with the pending request sealed in `request_handle`, or without one; POST /choose."""
    routes = APIRouter()

    async def show(request: Request) -> Response:
        with shown_to_a_person():
            parsed = await parse(request)
            pending = _pending(authorization, parsed, parsed.query.first(SEALED))
            signed_in = await sessions.current(parsed) if pending else None
        if pending and signed_in and authorization.selects(pending, signed_in.session, parsed.now):
            return _choice(forms, authorization, parsed, pending, signed_in)
        username = (pending.request.login_hint or "") if pending else ""
        return _form(forms, authorization, parsed, pending, username[:LONGEST_USERNAME], None)

    async def submit(request: Request) -> Response:
        with shown_to_a_person():
            parsed = await parse(request)
            pending = _pending(authorization, parsed, parsed.form.first(SEALED))
        username = parsed.form.first("username") or ""
        try:
            if not forms.genuine(parsed, FORM):
                return _form(forms, authorization, parsed, pending, username, Problem(text("sign_in.stale"), 403))
            password = parsed.form.first("password") or ""
            user = await authenticator.authenticate(username, password, remote=parsed.remote, now=parsed.now)
            started = await sessions.start(user, PASSWORD_ONLY, parsed)
        except AuthenticationFailed:
            # Without the name: people type their password into the wrong field.
            log.info("a sign-in at %s from %s failed", parsed.issuer.origin, parsed.remote)
            problem = Problem(text("sign_in.failed"), 403)
        except Throttled as error:
            log.warning("sign-ins at %s from %s are slowed down", parsed.issuer.origin, parsed.remote)
            message = text("sign_in.throttled", wait=wait_text(error.retry_after))
            problem = Problem(message, 429, error.retry_after)
        except TemporarilyUnavailable as error:
            problem = Problem(text("sign_in.busy"), 503, error.retry_after or RETRY_AFTER)
        except StoreUnavailable:
            problem = Problem(text("sign_in.unavailable"), 503, RETRY_AFTER)
        else:
            log.info("user %s signed in at %s from %s", user.id, parsed.issuer.origin, parsed.remote)
            onward = "/" if pending is None else authorization.signed_in(pending, started.session, parsed.now)
            return see_other(onward, *started.cookies)
        return _form(forms, authorization, parsed, pending, username[:LONGEST_USERNAME], problem)

    async def choose(request: Request) -> Response:
        with shown_to_a_person():
            parsed = await parse(request)
            sealed = parsed.form.first(SEALED) or ""
            pending = authorization.open(sealed, parsed)
            signed_in = await sessions.current(parsed)
        if signed_in is None or not forms.genuine(parsed, CHOICE_FORM, signed_in.session.id, sealed):
            return see_other(authorization.sign_in_address(pending))
        if not authorization.selects(pending, signed_in.session, parsed.now):
            return see_other(authorization.sign_in_address(pending))
        return see_other(authorization.chosen(pending, signed_in.session))

    routes.add_route(CHOOSE_PATH, choose, methods=["POST"])
    routes.add_route(SIGN_IN_PATH, show, methods=["GET"])
    routes.add_route(SIGN_IN_PATH, submit, methods=["POST"])
    return routes


def _pending(authorization: Authorization, request: ProtocolRequest, sealed: str | None) -> Pending | None:
    return None if sealed is None else authorization.open(sealed, request)


def _choice(
    forms: Forms, authorization: Authorization, request: ProtocolRequest, pending: Pending, signed_in: SignedIn
) -> Response:
    """Who is signed in, to go on with, above the form for somebody else."""
    browser = forms.browser(request)
    sealed = authorization.seal(pending)
    response = page(
        "sign_in/choose.html",
        request.issuer,
        application=Shown.of(pending.request.application),
        form_leaves=True,
        choosing=True,
        choice_token=forms.token(browser, request, CHOICE_FORM, signed_in.session.id, sealed),
        form_token=forms.token(browser, request, FORM),
        handle=sealed,
        person=signed_in.user.display_name or signed_in.user.username,
        username="",
        problem=None,
    )
    forms.remember(response, request, browser)
    return response


def _form(
    forms: Forms,
    authorization: Authorization,
    request: ProtocolRequest,
    pending: Pending | None,
    username: str,
    problem: Problem | None,
) -> Response:
    browser = forms.browser(request)
    headers = {"Retry-After": str(problem.retry_after)} if problem and problem.retry_after else {}
    response = page(
        "sign_in/sign_in.html",
        request.issuer,
        application=Shown.of(pending.request.application) if pending else None,
        status=problem.status if problem else 200,
        form_leaves=True,
        headers=headers,
        form_token=forms.token(browser, request, FORM),
        handle=authorization.seal(pending) if pending else None,
        choosing=False,
        username=username,
        problem=problem.message if problem else None,
    )
    forms.remember(response, request, browser)
    return response
