"""Whether a redirect URI is registered (RFC 9700 section 2.1, RFC 8252 section 7.3)."""

import re
from collections.abc import Collection

from ostiary_state.applications.addresses import LOOPBACK_IP, REDIRECT_URI

_LOOPBACK_IP = re.compile(LOOPBACK_IP.replace("$", r"\Z"), re.ASCII)


def is_registered(presented: str, registered: Collection[str]) -> bool:
    """Compare character by character; only the port of http://127.0.0.1 and http://[::1] is free.

    What two parsers could read differently is refused even where it is registered: no browser, proxy or
    application then has a say in where the answer goes.
    """
    if not all(check.passes(presented) for check in REDIRECT_URI):
        return False
    if presented in registered:
        return True
    portless = _without_loopback_port(presented)
    return portless is not None and any(_without_loopback_port(uri) == portless for uri in registered)


def is_listed(presented: str, registered: Collection[str]) -> bool:
    """Compare character by character, ports of loopback too (OpenID Connect RP-Initiated Logout section 3)."""
    return presented in registered and is_registered(presented, registered)


def _without_loopback_port(uri: str) -> str | None:
    """None for all but an http address of a loopback IP literal; the name localhost is looked up, so it is none."""
    match = _LOOPBACK_IP.match(uri)
    if match is None:
        return None
    return uri[: match.end(1)] + uri[match.start(4) :]
