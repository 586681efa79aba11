"""Signing out: at an application's wish, or by oneself; a question wherever a link alone might have asked."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ostiary_server.pages.forms import Forms
from ostiary_server.pages.onward import see_other
from ostiary_server.pages.rendering import Shown, page
from ostiary_server.protocol.browser_sessions import BrowserSessions
from ostiary_server.protocol.logout import (
    END_SESSION_PATH,
    SEALED,
    SIGN_OUT_PATH,
    SIGNED_OUT_PATH,
    LogoutRequest,
    LogoutRequests,
)
from ostiary_server.protocol.page_errors import shown_to_a_person
from ostiary_server.protocol.requests import Parameters, ProtocolRequest
from ostiary_state.runtime.session import SignedIn

FORM = "sign-out"


@dataclass(frozen=True, slots=True)
class SignOut:
    """The steps that the routes share."""

    sessions: BrowserSessions
    requests: LogoutRequests
    forms: Forms

    async def asked(self, request: ProtocolRequest) -> Response:
        """An application's request. By POST it comes without our cookie, and by the GET that follows with it."""
        parameters = Parameters((*request.query.pairs, *request.form.pairs))
        if request.method == "GET" and SEALED in request.query:
            asked, parameters = self.requests.open(request.query.first(SEALED), request)
        else:
            asked = self.requests.read(parameters, request.issuer)
        if request.method == "POST":
            return see_other(f"{END_SESSION_PATH}?{SEALED}={self.requests.seal(parameters, request)}")
        signed_in = await self.sessions.current(request)
        if signed_in is None:
            return see_other(asked.onward)
        if await self.requests.is_of(asked, signed_in):
            return await self.end(asked, signed_in, request)
        return see_other(self.requests.sign_out_address(parameters, request))

    async def ask(self, request: ProtocolRequest) -> Response:
        """The question."""
        sealed = request.query.first(SEALED)
        asked, _ = self.requests.open(sealed, request)
        signed_in = await self.sessions.current(request)
        if signed_in is None:
            return see_other(asked.onward)
        browser = self.forms.browser(request)
        response = page(
            "sign_out/sign_out.html",
            request.issuer,
            application=Shown.of(asked.application) if asked.application else None,
            form_leaves=asked.redirect_uri is not None,
            form_token=self.forms.token(browser, request, FORM, signed_in.session.id, sealed or ""),
            handle=sealed,
            person=signed_in.user.display_name or signed_in.user.username,
        )
        self.forms.remember(response, request, browser)
        return response

    async def answered(self, request: ProtocolRequest) -> Response:
        """The answer: only our own form, shown to this session for this very request."""
        sealed = request.form.first(SEALED)
        asked, parameters = self.requests.open(sealed, request)
        signed_in = await self.sessions.current(request)
        if signed_in is None:
            # Without touching the cookie: another site's form does not bring it, and must not take it away.
            return see_other(asked.onward)
        if not self.forms.genuine(request, FORM, signed_in.session.id, sealed or ""):
            return see_other(self.requests.sign_out_address(parameters, request) if sealed else SIGN_OUT_PATH)
        return await self.end(asked, signed_in, request)

    async def end(self, asked: LogoutRequest, signed_in: SignedIn, request: ProtocolRequest) -> Response:
        """Where applications want a page of theirs to be loaded, that comes before the way on."""
        ended = await self.sessions.end(signed_in, request.issuer, request.now)
        if not ended.frames:
            return see_other(asked.onward, *ended.cookies)
        response = page(
            "sign_out/leaving.html",
            request.issuer,
            script=True,
            frames=tuple(dict.fromkeys(_origin(frame) for frame in ended.frames)),
            addresses=ended.frames,
            onward=asked.onward,
            application=Shown.of(asked.application) if asked.application else None,
        )
        for cookie in ended.cookies:
            response.headers.append("Set-Cookie", cookie)
        return response


def router(sign_out: SignOut, parse: Callable[[Request], Awaitable[ProtocolRequest]]) -> APIRouter:
    """GET and POST /end-session for applications and /sign-out for people, GET /signed-out."""
    routes = APIRouter()

    def handled(step: Callable[[ProtocolRequest], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            with shown_to_a_person():
                return await step(await parse(request))

        return handle

    async def ended(request: ProtocolRequest) -> Response:
        return page("sign_out/signed_out.html", request.issuer)

    routes.add_route(END_SESSION_PATH, handled(sign_out.asked), methods=["GET", "POST"])
    routes.add_route(SIGN_OUT_PATH, handled(sign_out.ask), methods=["GET"])
    routes.add_route(SIGN_OUT_PATH, handled(sign_out.answered), methods=["POST"])
    routes.add_route(SIGNED_OUT_PATH, handled(ended), methods=["GET"])
    return routes


def _origin(url: str) -> str:
    address = urlsplit(url)
    return f"{address.scheme}://{address.netloc}"
