"""What the example remembers of a browser: in memory, behind a random cookie, so that no token leaves the server."""

import secrets
from http.cookies import CookieError, SimpleCookie
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "example_session"
MOST = 1000  # browsers; the one that came first is forgotten first


class BrowserSessions:
    """ASGI middleware that provides `request.session`, which authlib's client keeps its state in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._held: dict[str, dict[str, Any]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A session that is empty when the response starts sets no cookie."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        known = _cookie(Headers(scope=scope))
        session = scope["session"] = self._held.get(known, {})

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start" and session and known not in self._held:
                MutableHeaders(scope=message)["set-cookie"] = (
                    f"{COOKIE}={self._keep(session)}; HttpOnly; SameSite=Lax; Path=/"
                )
            await send(message)

        await self._app(scope, receive, send_with_cookie)

    def _keep(self, session: dict[str, Any]) -> str:
        while len(self._held) >= MOST:
            del self._held[next(iter(self._held))]
        name = secrets.token_urlsafe(32)
        self._held[name] = session
        return name


def _cookie(headers: Headers) -> str:
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return cookie.value if cookie is not None else ""
