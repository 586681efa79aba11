"""Which IP addresses this server connects to: public ones, and networks that its operator has listed."""

import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp.abc import AbstractResolver, ResolveResult

_NAT64 = ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address inside


class NotAllowed(OSError):
    """The address is internal, and its network is not listed. An OSError, so that the client takes the next one."""


class AllowedNetworks:
    """Public unicast addresses, and those in `listed` networks."""

    def __init__(self, listed: Iterable[str] = ()) -> None:
        self._listed: tuple[IPv4Network | IPv6Network, ...] = tuple(ip_network(text) for text in listed)

    def permit(self, text: str) -> bool:
        """Whether this IP may be connected to. An IPv4 address that is wrapped into an IPv6 one counts as itself."""
        address = _unwrapped(ip_address(text.partition("%")[0]))
        if any(address in network for network in self._listed):
            return True
        return address.is_global and not address.is_multicast


class GuardedResolver(AbstractResolver):
    """Resolves as another resolver does, and leaves out what may not be connected to.

    The client connects to the very addresses that were judged, so a name that changes in between changes nothing.
    """

    def __init__(self, resolver: AbstractResolver, networks: AllowedNetworks) -> None:
        self._resolver = resolver
        self._networks = networks

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises NotAllowed where nothing is left."""
        if host == "localhost" or host.endswith(".localhost"):
            host = "127.0.0.1"  # RFC 6761 section 6.3, which few resolvers keep
        found = await self._resolver.resolve(host, port, family)
        allowed = [each for each in found if self._networks.permit(each["host"])]
        if not allowed:
            raise NotAllowed(f"{host} has no address that this server may connect to")
        return allowed

    async def close(self) -> None:
        await self._resolver.close()


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(address, IPv6Address):
        for inner in (address.ipv4_mapped, address.sixtofour):
            if inner is not None:
                return inner
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
