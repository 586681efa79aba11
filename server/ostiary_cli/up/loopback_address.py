"""Where an address of a manifest is reached while everything listens on one port of this machine."""

from collections.abc import Callable
from urllib.parse import urlsplit

HTTP_PORT = 80


def served_on(port: int) -> Callable[[str], str]:
    """An http address without a port, which only loopback and `*.localhost` may have, means the listening port."""

    def served_at(address: str) -> str:
        host = address.removeprefix("http://")
        has_port = ":" in host.rpartition("]")[2]
        return address if host == address or has_port or port == HTTP_PORT else f"{address}:{port}"

    return served_at


def is_reached_on(port: int, origin: str) -> bool:
    """False for an http address that names another port than the listening one. https is a proxy's business."""
    parts = urlsplit(origin)
    return parts.scheme != "http" or (parts.port or HTTP_PORT) == port
