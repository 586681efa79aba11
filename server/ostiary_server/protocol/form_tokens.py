"""Tokens that prove that a form was shown by us, to this browser (RFC 9700 section 4.7)."""

import hashlib
import hmac
from collections.abc import Sequence

from ostiary_server.protocol.sealing import derived_key


class FormTokens:
    """A double submit that cannot be planted: the form repeats an HMAC of the browser's own random cookie.

    `bound` says what else the form was shown for (its page, issuer, session, request), so that a token taken from one
    form is worth nothing in another.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = tuple(derived_key(key, b"ostiary form tokens") for key in keys)

    def token(self, browser: str, *bound: str) -> str:
        """The token for a form that is shown to the holder of the `browser` cookie."""
        return _mac(self._keys[0], browser, bound)

    def valid(self, token: str | None, browser: str | None, *bound: str) -> bool:
        """True when `token` was made for this browser and this form, under any present key."""
        if not token or not browser:
            return False
        sent = token.encode()
        return any(hmac.compare_digest(_mac(key, browser, bound).encode(), sent) for key in self._keys)


def _mac(key: bytes, browser: str, bound: tuple[str, ...]) -> str:
    content = b"".join(len(part).to_bytes(4, "big") + part for part in (text.encode() for text in (browser, *bound)))
    return hmac.new(key, content, hashlib.sha256).hexdigest()
