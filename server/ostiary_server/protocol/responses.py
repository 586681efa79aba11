"""The one writer of authorization responses, success and error alike, in every response mode.

`state` and `iss` (RFC 9207) go into the same channel as the rest: nothing else writes to a redirect URI.
"""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote_plus, urlencode

from ostiary_server.protocol.errors import OAuthError


class ResponseMode(StrEnum):
    """Where a response's parameters go (OAuth 2.0 Multiple Response Types 2.1, OAuth 2.0 Form Post Response Mode)."""

    QUERY = "query"
    FRAGMENT = "fragment"
    FORM_POST = "form_post"


@dataclass(frozen=True, slots=True)
class Redirect:
    """The browser goes to `location`, ours or the application's (303)."""

    location: str


@dataclass(frozen=True, slots=True)
class FormPost:
    """The browser is given a form that it sends to `action`, a redirect URI that was compared with the registered."""

    action: str
    fields: tuple[tuple[str, str], ...]


Onward = Redirect | FormPost


@dataclass(frozen=True, slots=True)
class ResponseChannel:
    """Where the client is told: a redirect URI that was compared with the registered ones, and how."""

    redirect_uri: str
    mode: ResponseMode
    state: str | None
    issuer: str

    def response(self, parameters: dict[str, str]) -> tuple[tuple[str, str], ...]:
        """All parameters of a response: `parameters` with `state` and `iss`."""
        pairs = list(parameters.items())
        if self.state is not None:
            pairs.append(("state", self.state))
        pairs.append(("iss", self.issuer))
        return tuple(pairs)

    def send(self, pairs: tuple[tuple[str, str], ...]) -> Onward:
        """A whole response on its way to the client."""
        if self.mode is ResponseMode.FORM_POST:
            return FormPost(self.redirect_uri, pairs)
        written = urlencode(pairs)
        if self.mode is ResponseMode.FRAGMENT:
            return Redirect(f"{self.redirect_uri}#{written}")
        # A registered URI may have a query of its own, which is kept (RFC 6749 section 3.1.2), but for parameters
        # of ours: the client must not read `state` or `code` from its own registration.
        base, _, query = self.redirect_uri.partition("?")
        own = [piece for piece in query.split("&") if piece and _name(piece) not in RESPONSE_PARAMETERS]
        return Redirect(f"{base}?{'&'.join([*own, written])}")


def error_parameters(error: OAuthError) -> dict[str, str]:
    """What tells the client of an error (RFC 6749 sections 4.1.2.1 and 4.2.2.1)."""
    return {"error": error.code, "error_description": _printable(error.description)}


RESPONSE_PARAMETERS = frozenset(
    {
        *("code", "state", "iss", "error", "error_description", "error_uri", "scope"),
        *("access_token", "id_token", "token_type", "expires_in", "session_state", "response"),
    }
)


def _name(piece: str) -> str:
    return unquote_plus(piece.partition("=")[0])


def _printable(description: str) -> str:
    """RFC 6749 section 4.1.2.1 allows %x20-21 / %x23-5B / %x5D-7E."""
    return "".join(letter if " " <= letter <= "~" and letter not in '"\\' else "?" for letter in description)
