"""HTTP/1.1 on a kept connection with as little of a client as possible, for flows that wrk cannot follow."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

Answer = tuple[int, Mapping[str, str], bytes]  # status, headers by their name in lower case, body


class Connection:
    """One connection of one client, which sends one request after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        self._reader, self._writer, self._host = reader, writer, host

    @classmethod
    @asynccontextmanager
    async def to(cls, port: int, host: str) -> AsyncIterator["Connection"]:
        """To loopback; `host` is the header."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            yield cls(reader, writer, host)
        finally:
            writer.transport.abort()

    async def get(self, path: str, *, cookie: str) -> Answer:
        return await self._ask(f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\nCookie: {cookie}\r\n\r\n")

    async def post(self, path: str, form: str, *, authorization: str) -> Answer:
        return await self._ask(
            f"POST {path} HTTP/1.1\r\nHost: {self._host}\r\nAuthorization: {authorization}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n\r\n{form}"
        )

    async def _ask(self, request: str) -> Answer:
        self._writer.write(request.encode())
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await self._reader.readexactly(int(headers.get("content-length", 0)))
        return int(head[0].split()[1]), headers, body
