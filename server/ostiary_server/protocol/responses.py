"""The one writer of authorization responses, success and error alike, in every response mode.

`state` and `iss` (RFC 9207) go into the same channel as the rest: nothing else writes to a redirect URI.
"""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote_plus, urlencode

from ostiary_server.protocol.errors import OAuthError


class ResponseMode(StrEnum):
    """Where a response's parameters go (OAuth 2.0 Multiple Response Types section 2.1)."""

    QUERY = "query"
    FRAGMENT = "fragment"


@dataclass(frozen=True, slots=True)
class ResponseChannel:
    """Where the client is told: a redirect URI that was compared with the registered ones, and how."""

    redirect_uri: str
    mode: ResponseMode
    state: str | None
    issuer: str

    def location(self, parameters: dict[str, str]) -> str:
        """The URI to redirect to, with `parameters`, `state` and `iss`."""
        pairs = list(parameters.items())
        if self.state is not None:
            pairs.append(("state", self.state))
        pairs.append(("iss", self.issuer))
        written = urlencode(pairs)
        if self.mode is ResponseMode.FRAGMENT:
            return f"{self.redirect_uri}#{written}"
        # A registered URI may have a query of its own, which is kept (RFC 6749 section 3.1.2), but for parameters
        # of ours: the client must not read `state` or `code` from its own registration.
        base, _, query = self.redirect_uri.partition("?")
        own = [piece for piece in query.split("&") if piece and _name(piece) not in RESPONSE_PARAMETERS]
        return f"{base}?{'&'.join([*own, written])}"

    def error(self, error: OAuthError) -> str:
        """The URI that tells the client of an error (RFC 6749 sections 4.1.2.1 and 4.2.2.1)."""
        return self.location({"error": error.code, "error_description": _printable(error.description)})


RESPONSE_PARAMETERS = frozenset(
    {
        *("code", "state", "iss", "error", "error_description", "error_uri", "scope"),
        *("access_token", "id_token", "token_type", "expires_in"),
    }
)


def _name(piece: str) -> str:
    return unquote_plus(piece.partition("=")[0])


def _printable(description: str) -> str:
    """RFC 6749 section 4.1.2.1 allows %x20-21 / %x23-5B / %x5D-7E."""
    return "".join(letter if " " <= letter <= "~" and letter not in '"\\' else "?" for letter in description)
