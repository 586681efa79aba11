"""One line for each request, never its query string: codes, states and hints travel there.

Not through `logging`, whose line costs 27 microseconds, as much as the signature of a token: lines gather for a tenth
of a second and are written in one go. A killed process loses what had gathered; a stopped one writes it.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Protocol

import orjson
from starlette.types import Scope

INTERVAL: Final = 0.1  # seconds
LARGEST: Final = 1000  # lines that gather at most
_LONGEST: Final = 256  # characters of what a client chose
_QUIET: Final = frozenset({"/healthz", "/readyz"})  # probes every few seconds would be most of the log


class Output(Protocol):
    """Where lines go: standard output's buffer."""

    def write(self, data: bytes, /) -> object:
        """Take all of it."""

    def flush(self) -> object:
        """Pass it on."""


class AccessLog:
    """Lines of the form of `ostiary_state.log_lines`, with the request's id."""

    def __init__(self, output: Output, clock: Callable[[], float]) -> None:
        self._output = output
        self._clock = clock
        self._lines: list[bytes] = []

    def add(self, scope: Scope, status: int, seconds: float, request_id: str) -> None:
        """Note one answered request; on the event loop."""
        if scope["path"] in _QUIET:
            return
        client = scope.get("client")
        host = next((value for name, value in scope["headers"] if name == b"host"), b"")
        line = {
            "time": datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="milliseconds"),
            "level": "info",
            "logger": "ostiary_server.requests",
            "message": "request",
            "request_id": request_id,
            "method": scope["method"],
            "host": host[:_LONGEST].decode("latin-1"),
            "path": scope["path"][:_LONGEST],
            "status": status,
            "ms": round(seconds * 1000, 2),
            "peer": client[0] if client else None,
        }
        if not self._lines:
            asyncio.get_running_loop().call_later(INTERVAL, self.flush)
        self._lines.append(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        if len(self._lines) >= LARGEST:
            self.flush()

    def flush(self) -> None:
        """Write what has gathered."""
        if self._lines:
            lines, self._lines = self._lines, []
            self._output.write(b"".join(lines))
            self._output.flush()
