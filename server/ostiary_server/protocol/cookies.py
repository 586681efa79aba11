"""The cookies of an issuer: the browser's random value, the session's, and the state that scripts may compare."""

import hashlib
import re
from collections.abc import Mapping

from ostiary_state.runtime.issuer import Issuer

BROWSER = "browser"  # known before anybody signs in: forms are bound to it
SESSION = "session"  # 256 random bits of which the store has the digest
STATE = "state"  # of Session Management: readable by our own script in other sites' frames

_RANDOM_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")


def cookie_name(issuer: Issuer, kind: str) -> str:
    """`__Host-` on https. On http (loopback only) a plain name: Safari, httpx and curl never send Secure back there.

    Cookies ignore ports, so an issuer on a port of its own puts a short hash of its origin into the name.
    """
    name = f"__Host-ostiary-{kind}" if issuer.secure else f"ostiary-{kind}"
    if ":" in issuer.host.rpartition("]")[2]:
        name += "-" + hashlib.sha256(issuer.origin.encode()).hexdigest()[:8]
    return name


def read_cookie(issuer: Issuer, kind: str, cookies: Mapping[str, str]) -> str | None:
    """The value, when it looks like one that we set: 256 bits in base64url."""
    value = cookies.get(cookie_name(issuer, kind), "")
    return value if _RANDOM_VALUE.fullmatch(value) else None


def set_cookie(issuer: Issuer, kind: str, value: str) -> str:
    """A Set-Cookie header's value; the cookie ends with the browser, the session behind it on its own clock."""
    return f"{cookie_name(issuer, kind)}={value}; {_attributes(issuer)}"


def clear_cookie(issuer: Issuer, kind: str) -> str:
    """A Set-Cookie header's value that removes the cookie."""
    return f"{cookie_name(issuer, kind)}=; Max-Age=0; {_attributes(issuer)}"


def set_readable_cookie(issuer: Issuer, kind: str, value: str) -> str:
    """As `set_cookie`, for scripts and frames: SameSite=None asks for Secure, also on loopback."""
    return f"{cookie_name(issuer, kind)}={value}; {_READABLE}"


def clear_readable_cookie(issuer: Issuer, kind: str) -> str:
    """As `clear_cookie`, for scripts and frames."""
    return f"{cookie_name(issuer, kind)}=; Max-Age=0; {_READABLE}"


_READABLE = "Path=/; SameSite=None; Secure"


def _attributes(issuer: Issuer) -> str:
    return "Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if issuer.secure else "")
