"""Reaches `*.localhost` from Python, which asks the system's resolver where browsers know the answer (RFC 6761)."""

import httpx2


class LoopbackTransport(httpx2.AsyncBaseTransport):
    """Connects to loopback for `*.localhost`, with the Host header as it was; any other host is left alone."""

    def __init__(self) -> None:
        self._network = httpx2.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The Host header was set when the request was built, so only the connection's address changes."""
        if not request.url.host.endswith(".localhost"):
            return await self._network.handle_async_request(request)
        url = request.url.copy_with(host="127.0.0.1")
        there = httpx2.Request(
            request.method, url, headers=request.headers, stream=request.stream, extensions=request.extensions
        )
        return await self._network.handle_async_request(there)

    async def aclose(self) -> None:
        """Stay open: authlib makes and closes a client a request, and all of them share this transport."""
