"""Scopes (RFC 6749 section 3.3): how they are written, which have a meaning here, and which a grant may carry."""

import re
from collections.abc import Collection, Iterable

from ostiary_server.protocol.errors import InvalidScope

OPENID = "openid"
OFFLINE_ACCESS = "offline_access"
USER_SCOPES = frozenset(
    {"openid", "profile", "email", "phone", "address", "groups", "offline_access"}
)  # they speak of a person

_SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


def parse_scope(value: str | None) -> tuple[str, ...] | None:
    """The scope tokens in order, each once; None when the parameter was omitted. Raises InvalidScope."""
    if value is None:
        return None
    tokens = tuple(dict.fromkeys(value.split(" ")))
    if not all(_SCOPE_TOKEN.fullmatch(token) for token in tokens):
        raise InvalidScope("The scope must be a list of names separated by single spaces.")
    return tokens


def format_scope(scopes: Iterable[str]) -> str:
    """The value of a `scope` parameter."""
    return " ".join(scopes)


def permitted_scopes(requested: tuple[str, ...] | None, permitted: Collection[str]) -> tuple[str, ...]:
    """What a token request gets; raises InvalidScope for an excess, naming it.

    RFC 6749 3.3 leaves the default of an omitted scope to the server: here it is all that is permitted.
    """
    if requested is None:
        return tuple(permitted)
    excess = [scope for scope in requested if scope not in permitted]
    if excess:
        raise InvalidScope(f"The application may not ask for the scope '{excess[0]}' here.")
    return requested
