"""The legacy application: its own form takes the password and passes it on. Not a pattern to copy."""

from urllib.parse import parse_qs

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ostiary_cli.example.credentials import Credentials
from ostiary_cli.example.loopback import LoopbackTransport
from ostiary_cli.example.page import Pages


class Billing:
    """Billing 1998 at legacy.localhost, on the password grant."""

    def __init__(self, credentials: Credentials, *, pages: Pages, secret_file: str) -> None:
        self._credentials, self._pages, self._secret_file = credentials, pages, secret_file
        self._issuer = pages.issuer
        self._transport = LoopbackTransport()

    def app(self) -> Starlette:
        """Its routes."""
        return Starlette(routes=[Route("/", self.form), Route("/", self.sign_in, methods=["POST"])])

    async def form(self, _request: Request) -> Response:
        """The form, and the same for a terminal."""
        return self._page()

    async def sign_in(self, request: Request) -> Response:
        """Username and password for tokens, then the person's claims."""
        fields = parse_qs((await request.body()).decode("utf-8", "replace"))
        username, password = (fields.get(name, [""])[0] for name in ("username", "password"))
        try:
            async with AsyncOAuth2Client(
                self._credentials.client_id,
                self._credentials.client_secret,
                scope="openid profile",
                transport=self._transport,
            ) as client:
                await client.fetch_token(
                    f"{self._issuer}/token", grant_type="password", username=username, password=password
                )
                claims = (await client.get(f"{self._issuer}/userinfo")).raise_for_status().json()
        except OAuthError as error:
            return self._page(error=f"{error.error}: {error.description or 'no more is known'}", status=400)
        except httpx2.HTTPError:
            return self._page(error=f"{self._issuer} does not answer: is `ostiary up` running?", status=502)
        return self._page(claims=claims)

    def _page(
        self, *, claims: dict[str, object] | None = None, error: str | None = None, status: int = 200
    ) -> Response:
        return self._pages.show(
            "billing.html",
            status=status,
            client_id=self._credentials.client_id,
            secret_file=self._secret_file,
            claims=claims,
            error=error,
        )
