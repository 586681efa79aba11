"""The browser state of OpenID Connect Session Management: a script of ours learns whether the session has changed."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from ostiary_server.protocol.cookies import STATE, clear_readable_cookie, set_readable_cookie
from ostiary_server.protocol.sealing import derived_key
from ostiary_state.runtime.issuer import Issuer
from ostiary_state.runtime.session import Session


class BrowserStates:
    """A value that is computed from the session, so that no response waits for a cookie to come back.

    The cookie is readable by scripts and sent to other sites' frames: it says nothing, and proves nothing.
    """

    def __init__(self, keys: Sequence[bytes], *, new_salt: Callable[[], str]) -> None:
        self._key = derived_key(keys[0], b"ostiary browser states")
        self._new_salt = new_salt

    def set_cookie(self, issuer: Issuer, session: Session) -> str:
        """The Set-Cookie value of a browser in which `session` has started."""
        return set_readable_cookie(issuer, STATE, self._state(session))

    def clear_cookie(self, issuer: Issuer) -> str:
        """The Set-Cookie value of a browser in which nobody is signed in."""
        return clear_readable_cookie(issuer, STATE)

    def session_state(self, session: Session, client_id: str, redirect_uri: str) -> str | None:
        """The response parameter (Session Management section 2); None where the client has no web origin."""
        origin = _origin(redirect_uri)
        if origin is None:
            return None
        salt = self._new_salt()
        content = f"{client_id} {origin} {self._state(session)} {salt}"
        return f"{hashlib.sha256(content.encode()).hexdigest()}.{salt}"

    def _state(self, session: Session) -> str:
        mac = hmac.new(self._key, session.id.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def _origin(redirect_uri: str) -> str | None:
    """As browsers write it (RFC 6454 section 6.1): lower case, without the scheme's own port."""
    address = urlsplit(redirect_uri)
    if address.scheme not in {"https", "http"}:
        return None
    host = address.netloc.lower().removesuffix({"https": ":443", "http": ":80"}[address.scheme])
    return f"{address.scheme}://{host}"
