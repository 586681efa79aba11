"""The back end: authorization code with PKCE, refresh and sign-out, by authlib's Starlette client as it comes."""

import time
from typing import Any

import httpx2
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.integrations.starlette_client import OAuth, OAuthError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ostiary_cli.example.browser_sessions import BrowserSessions
from ostiary_cli.example.credentials import Credentials
from ostiary_cli.example.loopback import LoopbackTransport
from ostiary_cli.example.page import Pages

SCOPE = "openid profile email"


class Shop:
    """Corner Shop at app.localhost. `address` is where its own pages are."""

    def __init__(self, credentials: Credentials, *, pages: Pages, address: str) -> None:
        self._pages, self._issuer, self._address = pages, pages.issuer, address
        self._credentials = credentials
        self._transport = LoopbackTransport()
        self._client: Any = OAuth().register(
            "ostiary",
            client_id=credentials.client_id,
            client_secret=credentials.client_secret,
            server_metadata_url=f"{pages.issuer}/.well-known/openid-configuration",
            client_kwargs={"scope": SCOPE, "code_challenge_method": "S256", "transport": self._transport},
        )

    def app(self) -> Starlette:
        """Its routes."""
        routes = [
            Route("/", self.home),
            Route("/sign-in", self.sign_in),
            Route("/callback", self.callback),
            Route("/refresh", self.refresh, methods=["POST"]),
            Route("/sign-out", self.sign_out, methods=["POST"]),
        ]
        return Starlette(
            routes=routes,
            middleware=[Middleware(BrowserSessions)],
            exception_handlers={OAuthError: self.refused, httpx2.HTTPError: self.unreachable},
        )

    async def home(self, request: Request) -> Response:
        """Who is signed in, or a button."""
        return self._pages.show("shop.html", **_shown(request.session))

    async def sign_in(self, request: Request) -> Response:
        """Off to Ostiary, with state, nonce and a PKCE challenge kept in the session."""
        response: Response = await self._client.authorize_redirect(request, f"{self._address}/callback")
        return response

    async def callback(self, request: Request) -> Response:
        """Exchange the code; the ID token is verified on the way. `iss` tells mixed-up providers (RFC 9207)."""
        if request.query_params.get("iss", self._issuer) != self._issuer:
            raise OAuthError(error="invalid_request", description="the answer came from another issuer")
        token = await self._client.authorize_access_token(request)
        request.session.clear()
        request.session.update(token=token, claims=dict(await self._client.userinfo(token=token)), at=time.time())
        return RedirectResponse("/", status_code=303)

    async def refresh(self, request: Request) -> Response:
        """A new access token, and a new refresh token in place of the one that was used."""
        held = request.session.get("token", {})
        token = await self._client.fetch_access_token(
            grant_type="refresh_token", refresh_token=held.get("refresh_token", "")
        )
        claims = dict(await self._client.userinfo(token=token))
        refreshed = request.session.get("refreshed", 0) + 1
        request.session.update(token={**held, **token}, claims=claims, at=time.time(), refreshed=refreshed)
        return RedirectResponse("/", status_code=303)

    async def sign_out(self, request: Request) -> Response:
        """Forget the person, and let nobody use the refresh token any more. The session at Ostiary is the person's."""
        token = request.session.get("token", {})
        request.session.clear()
        metadata = await self._client.load_server_metadata()
        if "refresh_token" in token:
            known = self._credentials
            async with AsyncOAuth2Client(known.client_id, known.client_secret, transport=self._transport) as client:
                await client.revoke_token(metadata["revocation_endpoint"], token["refresh_token"])  # type: ignore[no-untyped-call]
        return RedirectResponse("/", status_code=303)

    async def refused(self, _request: Request, error: Exception) -> Response:
        """What Ostiary answered instead: `access_denied` where consent was declined."""
        assert isinstance(error, OAuthError)  # noqa: S101 - what it is registered for
        text = f"{error.error}: {error.description or 'no more is known'}"
        return self._pages.show("shop.html", status=400, **_shown({}, text))

    async def unreachable(self, _request: Request, _error: Exception) -> Response:
        """Ostiary does not run, or runs elsewhere."""
        text = f"{self._issuer} does not answer as it should: is `ostiary up` running?"
        return self._pages.show("shop.html", status=502, **_shown({}, text))


def _shown(session: dict[str, Any], error: str | None = None) -> dict[str, Any]:
    token = session.get("token", {})
    return {
        "claims": session.get("claims"),
        "error": error,
        "expires_in": int(token.get("expires_at", 0) - time.time()),
        "scope": token.get("scope", SCOPE),
        "can_refresh": "refresh_token" in token,
        "refreshed": session.get("refreshed", 0),
    }
