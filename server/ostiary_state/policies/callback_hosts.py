"""Where an application's answers may go: the hosts of its addresses, and the patterns of a policy."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from ostiary_state.kinds.checks import Check

_LABEL = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
CALLBACK_HOST = (
    Check(
        rf"^((\*\.)?{_LABEL}(\.{_LABEL})*|\[[0-9a-f:.]+\]|[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:)$",
        "write a host in lower case without a port such as app.example.com, *.example.com for those below one, or a"
        " private-use scheme with its colon such as com.example.app:",
    ),
)
_WEB = re.compile(r"^https?://", re.ASCII)


def host_of(url: str) -> str:
    """In lower case, without a port, an IPv6 address in brackets; a private-use scheme stands for itself."""
    address = urlsplit(url)
    if not _WEB.match(url):
        return f"{address.scheme}:"
    host = (address.hostname or "").lower()
    return f"[{host}]" if ":" in host else host


def is_among(host: str, patterns: Iterable[str]) -> bool:
    """`*.example.com` is every host below example.com, and not example.com itself."""
    return any(host.endswith(each[1:]) if each.startswith("*.") else host == each for each in patterns)
