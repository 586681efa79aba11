"""The one client of this server: bounded in time and size, without redirects, cookies or a proxy."""

from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Final

from aiohttp import (
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
    ThreadedResolver,
)
from yarl import URL

from ostiary_server.outbound.public_addresses import AllowedNetworks, GuardedResolver
from ostiary_server.protocol.ports import FetchFailed

TIMEOUT: Final = ClientTimeout(total=8.0, connect=3.0)  # seconds
LONGEST_BODY: Final = 64 * 1024  # bytes
MOST_AT_ONCE: Final = 32  # connections
MOST_PER_HOST: Final = 4
USER_AGENT: Final = "Ostiary"


async def body_of(response: ClientResponse, shown: str) -> bytes:
    """All of it, of at most 64 KiB; never more in memory. Raises FetchFailed, and what reading raises."""
    body = await response.content.read(LONGEST_BODY + 1)
    while len(body) <= LONGEST_BODY and (more := await response.content.read(LONGEST_BODY + 1)):
        body += more
    if len(body) > LONGEST_BODY:
        raise FetchFailed(f"{shown} answered more than {LONGEST_BODY} bytes")
    return body


class OutboundRequests:
    """The protocol's `Outbound`. The session is opened at first need, in the loop that serves."""

    def __init__(
        self, networks: AllowedNetworks, *, resolver: Callable[[], ThreadedResolver] = ThreadedResolver
    ) -> None:
        self._networks = networks
        self._resolver = resolver
        self._session: ClientSession | None = None

    async def fetch(self, url: str, *, accept: str) -> bytes:
        """The body of a 200, of at most 64 KiB. Raises FetchFailed."""
        address = self._address(url)
        try:
            async with self._opened().get(address, allow_redirects=False, headers={"Accept": accept}) as response:
                if response.status != 200:
                    raise FetchFailed(f"{_shown(address)} answered {response.status}")
                return await body_of(response, _shown(address))
        except (ClientError, OSError, TimeoutError, ValueError) as error:
            raise FetchFailed(f"{_shown(address)} cannot be read: {error!r}") from error

    async def post(self, url: str, form: Mapping[str, str]) -> int:
        """The status of the answer to a form; its body is not read. Raises FetchFailed when there is none."""
        address = self._address(url)
        try:
            async with self._opened().post(address, allow_redirects=False, data=dict(form)) as response:
                return response.status
        except (ClientError, OSError, TimeoutError, ValueError) as error:
            raise FetchFailed(f"{_shown(address)} does not answer: {error!r}") from error

    async def close(self) -> None:
        """Close what is open."""
        if self._session is not None:
            await self._session.close()

    def _address(self, url: str) -> URL:
        """Manifests name https, and http on loopback alone, which is reached only where the operator lists it."""
        try:
            address = URL(url)
            host = address.host or ""
        except ValueError as error:
            raise FetchFailed("this is no address") from error
        if address.scheme not in {"https", "http"} or address.user is not None or not host:
            raise FetchFailed("only https addresses are asked")
        try:
            literal = str(ip_address(host))
        except ValueError:
            literal = None
        if literal is not None and not self._networks.permit(literal):  # no name, so no resolver is asked
            raise FetchFailed(f"{_shown(address)} is not an address that this server may connect to")
        return address

    def _opened(self) -> ClientSession:
        if self._session is None:
            resolver = GuardedResolver(self._resolver(), self._networks)
            self._session = ClientSession(
                connector=TCPConnector(resolver=resolver, limit=MOST_AT_ONCE, limit_per_host=MOST_PER_HOST),
                timeout=TIMEOUT,
                cookie_jar=DummyCookieJar(),
                headers={"User-Agent": USER_AGENT},
                trust_env=False,
            )
        return self._session


def _shown(address: URL) -> str:
    """Without the query, which may hold what is not for a log."""
    return str(address.with_query(None).with_fragment(None))
