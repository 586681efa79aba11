"""The page of applications with access: GET lists, POST with `client_id` withdraws."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from fastapi import APIRouter
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from ostiary_server.pages.forms import Forms
from ostiary_server.pages.onward import see_other
from ostiary_server.pages.permissions import grouped
from ostiary_server.pages.rendering import Shown, page
from ostiary_server.pages.security import page_address
from ostiary_server.pages.texts import ago_text, date_text
from ostiary_server.protocol.authorization import SIGN_IN_PATH
from ostiary_server.protocol.browser_sessions import BrowserSessions
from ostiary_server.protocol.consent import Asked
from ostiary_server.protocol.given_access import AccessGiven, GivenAccess
from ostiary_server.protocol.page_errors import shown_to_a_person
from ostiary_server.protocol.requests import ProtocolRequest
from ostiary_server.protocol.scopes import OFFLINE_ACCESS
from ostiary_server.protocol.third_party_login import login_address
from ostiary_state.runtime.session import SignedIn

PATH: Final = "/account/applications"
FORM: Final = "withdraw"
WITHDRAWN: Final = "withdrawn"  # the client id of which the page says so
MOST_LOGOS: Final = 32  # each may add an origin to the Content-Security-Policy, and proxies limit headers


@dataclass(frozen=True, slots=True)
class Row:
    """One application as the page shows it."""

    client_id: str
    shown: Shown
    permissions: tuple[Markup, ...]
    since: Markup
    last_used: Markup | None
    lasting: bool
    login: str | None
    form_token: str


def router(
    access: GivenAccess,
    sessions: BrowserSessions,
    forms: Forms,
    parse: Callable[[Request], Awaitable[ProtocolRequest]],
) -> APIRouter:
    """GET and POST /account/applications."""
    routes = APIRouter()

    async def applications(request: Request) -> Response:
        with shown_to_a_person():
            parsed = await parse(request)
            signed_in = await sessions.current(parsed)
            if signed_in is None:
                return see_other(SIGN_IN_PATH)
            given = await access.of(signed_in, parsed.now)
        browser = forms.browser(parsed)
        rows = _with_few_logos(_row(each, parsed, forms, browser, signed_in) for each in given)
        response = page(
            "account/applications.html",
            parsed.issuer,
            logos=[row.shown.logo for row in rows if row.shown.logo],
            person=signed_in.user.display_name or signed_in.user.username,
            rows=rows,
            withdrawn=_withdrawn(parsed, given),
        )
        forms.remember(response, parsed, browser)
        return response

    def _withdrawn(request: ProtocolRequest, given: tuple[AccessGiven, ...]) -> str | None:
        """The name of the application that the address names, where it is true that it has no access."""
        client_id = request.query.first(WITHDRAWN)
        application = access.directory.application(request.issuer.id, client_id) if client_id else None
        if application is None or any(each.application.client_id == client_id for each in given):
            return None
        return application.display_name

    async def withdraw(request: Request) -> Response:
        with shown_to_a_person():
            parsed = await parse(request)
            signed_in = await sessions.current(parsed)
            if signed_in is None:
                return see_other(SIGN_IN_PATH)
            client_id = parsed.form.first("client_id") or ""
            if not forms.genuine(parsed, FORM, signed_in.session.id, client_id):
                return see_other(PATH)
            await access.withdraw(signed_in, client_id, parsed.now)
        return see_other(f"{PATH}?{WITHDRAWN}={quote(client_id, safe='')}")

    routes.add_route(PATH, applications, methods=["GET"])
    routes.add_route(PATH, withdraw, methods=["POST"])
    return routes


def _row(given: AccessGiven, request: ProtocolRequest, forms: Forms, browser: str, signed_in: SignedIn) -> Row:
    application = given.application
    # That access lasts is said once: as a fact where it does, as what was allowed where it could.
    scopes = (Asked(scope) for scope in given.scopes if not (given.lasting and scope == OFFLINE_ACCESS))
    claims = (Asked(claim, claim=True) for claim in given.claims)
    groups = grouped((*scopes, *claims), application)
    return Row(
        client_id=application.client_id,
        shown=Shown.of(application),
        permissions=tuple(permission.text for group in groups for permission in group.permissions),
        since=date_text(given.since),
        last_used=None if given.last_used is None else ago_text(request.now - given.last_used),
        lasting=given.lasting,
        login=page_address(login_address(application, request.issuer)),
        form_token=forms.token(browser, request, FORM, signed_in.session.id, application.client_id),
    )


def _with_few_logos(rows: Iterable[Row]) -> list[Row]:
    kept: list[Row] = []
    for number, row in enumerate(rows):
        kept.append(row if number < MOST_LOGOS else replace(row, shown=replace(row.shown, logo=None)))
    return kept
