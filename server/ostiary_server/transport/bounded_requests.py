"""What one connection may take before the application sees its request: uvicorn on httptools bounds neither."""

import asyncio
from collections.abc import Callable
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# Seconds; longer than proxies keep idle connections, so that they close first and lose no request.
KEEP_ALIVE: Final = 75
LONGEST_HEAD: Final = 64 * 1024  # bytes of request line and headers, give or take what one read from the socket yields
SLOWEST_REQUEST: Final = 30.0  # seconds from a request's first byte to its last; a body here is at most 64 KiB

_TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class BoundedRequests(HttpToolsProtocol):
    """Ends connections whose request has an endless head, does not arrive, or is never begun."""

    slowest: float = SLOWEST_REQUEST
    is_draining: Callable[[], bool] = staticmethod(lambda: False)
    _arriving = False
    _in_head = False
    _head = 0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.timeout_keep_alive_task = self.loop.call_later(KEEP_ALIVE, self.timeout_keep_alive_handler)

    def connection_lost(self, exc: Exception | None) -> None:
        self._unset_keepalive_if_required()
        self._unset_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_head:
            self._head += len(data)
            if self._head > LONGEST_HEAD and not self.transport.is_closing():
                self.transport.write(_TOO_LARGE)
                self.transport.close()
        if self._arriving and self._deadline is None:
            self._deadline = self.loop.call_later(self.slowest, self.timeout_keep_alive_handler)

    def on_message_begin(self) -> None:
        self._arriving = self._in_head = True
        self._head = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()
        if self.is_draining() and self.cycle is not None:
            # The client opens its next connection elsewhere, before this process closes the one it would have used.
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        self._arriving = False
        self._unset_deadline()
        super().on_message_complete()

    def _unset_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
