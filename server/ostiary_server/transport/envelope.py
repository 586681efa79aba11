"""What surrounds every answer: a request id, the headers of an API, one log line, one measurement."""

import secrets
import time
from collections.abc import Callable, Iterable
from typing import Final

from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ostiary_server.log_lines import request_id
from ostiary_server.metrics import UNMATCHED, Metrics
from ostiary_server.transport.access_log import AccessLog

# Pages bring their own Content-Security-Policy; whatever has none is no page and may load and embed nothing.
_DEFAULTS: Final = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
_DEFAULT_NAMES: Final = frozenset(name for name, _ in _DEFAULTS)


class Templates:
    """Names a request by the template of the route that answered: what a client writes into a path is no label."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        known = [route for route in routes if isinstance(route, Route)]
        self._paths = frozenset(route.path for route in known)
        self._by_endpoint: dict[object, str] = {route.endpoint: route.path for route in known}

    def of(self, scope: Scope) -> str:
        """The template; one name for all that matches nothing."""
        path: str = scope["path"]
        return path if path in self._paths else self._by_endpoint.get(scope.get("endpoint"), UNMATCHED)


class Envelope:
    """Pure ASGI, and the outermost layer: it also sees what fails inside."""

    def __init__(
        self,
        app: ASGIApp,
        templates: Templates,
        metrics: Metrics,
        *,
        access_log: AccessLog | None,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._app = app
        self._templates = templates
        self._metrics = metrics
        self._access_log = access_log
        self._timer = timer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = self._timer()
        identifier = secrets.token_hex(8)
        request_id.set(identifier)
        status = 500  # what uvicorn answers when nothing was sent

        async def send_enveloped(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = message.get("headers", ())
                present = {name for name, _ in headers}
                added = _DEFAULTS if present.isdisjoint(_DEFAULT_NAMES) else _missing(present)
                message["headers"] = [*headers, *added, (b"x-request-id", identifier.encode())]
            await send(message)

        try:
            await self._app(scope, receive, send_enveloped)
        finally:
            seconds = self._timer() - started
            self._metrics.request(scope["method"], self._templates.of(scope), status, seconds)
            if self._access_log is not None:
                self._access_log.add(scope, status, seconds, identifier)


def _missing(present: set[bytes]) -> list[tuple[bytes, bytes]]:
    return [header for header in _DEFAULTS if header[0] not in present]
