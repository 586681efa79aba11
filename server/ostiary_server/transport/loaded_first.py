"""The gate in front of the application while a replica loads what it will know."""

from collections.abc import Callable
from typing import Final

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

PROBES: Final = frozenset({"/healthz", "/readyz"})


class LoadedFirst:
    """Answers 503 until everything is loaded: an empty directory would tell that no address is served here."""

    def __init__(self, app: ASGIApp, loaded: Callable[[], bool]) -> None:
        self._app = app
        self._loaded = loaded
        self._opened = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._opened and scope["type"] == "http" and scope["path"] not in PROBES:
            self._opened = self._loaded()
            if not self._opened:
                body = {"error": "temporarily_unavailable", "error_description": "The server is starting. Try again."}
                answer = JSONResponse(body, 503, headers={"Retry-After": "2", "Cache-Control": "no-store"})
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)
