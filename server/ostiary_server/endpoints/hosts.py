"""Which issuer a request is for, and who sends it (RFC 9110 section 7.2)."""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from ostiary_server.protocol.errors import MisdirectedRequest

_HOST: Final = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?")
_DEFAULT_PORTS: Final = frozenset({"80", "443", None})


def normalised_host(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The host that an issuer is found by: lower case, no trailing dot, no default port.

    Raises MisdirectedRequest unless there is exactly one well-formed Host header: of two, a proxy may have read the
    other one.
    """
    values = [value for name, value in headers if name == b"host"]
    match = _HOST.fullmatch(values[0].decode("latin-1").lower()) if len(values) == 1 else None
    if match is None:
        raise MisdirectedRequest
    name = match["name"].removesuffix(".")
    return name if match["port"] in _DEFAULT_PORTS else f"{name}:{match['port']}"


class TrustedProxies:
    """The proxies whose X-Forwarded-For counts: for the remote address alone, never for the issuer."""

    def __init__(self, networks: Iterable[str] = ()) -> None:
        self._networks: tuple[IPv4Network | IPv6Network, ...] = tuple(ip_network(text) for text in networks)

    def remote(self, peer: str, headers: Iterable[tuple[bytes, bytes]]) -> str:
        """The nearest address that no trusted proxy has: read from the right, since the left is what a client sends."""
        if not self._networks or not self._trusts(peer):
            return peer
        forwarded = b",".join(value for name, value in headers if name == b"x-forwarded-for").decode("latin-1")
        nearest = peer
        for hop in reversed([hop.strip() for hop in forwarded.split(",")]):
            address = _address(hop)
            if address is None:
                return nearest
            nearest = str(address)
            if not self._trusts(nearest):
                return nearest
        return nearest

    def _trusts(self, text: str) -> bool:
        address = _address(text)
        return address is not None and any(address in network for network in self._networks)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
