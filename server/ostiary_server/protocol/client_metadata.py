"""What a client says of itself in JSON (RFC 7591 section 2, OAuth Client ID Metadata Document section 4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from ostiary_state.applications.addresses import PAGE, REDIRECT_URI
from ostiary_state.applications.texts import TEXT
from ostiary_state.kinds.checks import Check

MOST_REDIRECT_URIS: Final = 16
LONGEST_REDIRECT_URIS: Final = 4096  # characters of all: they travel in our own links while a person signs in
LONGEST_NAME: Final = 256


class InvalidMetadata(Exception):
    """The document is not acceptable; the text says why, for the developers of the client."""


@dataclass(frozen=True, slots=True)
class ClientMetadata:
    """What of it counts. No picture: nobody has verified that it is the client's, and it would be loaded from there."""

    redirect_uris: tuple[str, ...]
    name: str | None = None
    homepage_url: str | None = None
    policy_url: str | None = None
    terms_url: str | None = None


def read_document(document: bytes, client_id: str) -> ClientMetadata:
    """A metadata document of the client that is named by its own address. Raises InvalidMetadata.

    Shared secrets mean nothing in a document that everybody can read, so the client must be a public one.
    """
    try:
        members = orjson.loads(document)
    except ValueError:
        raise InvalidMetadata("The client's metadata document is not valid JSON.") from None
    if not isinstance(members, dict):
        raise InvalidMetadata("The client's metadata document is not a JSON object.")
    if members.get("client_id") != client_id:
        raise InvalidMetadata("The client_id in the client's metadata document is not the document's own address.")
    if "client_secret" in members or "client_secret_expires_at" in members:
        raise InvalidMetadata("The client's metadata document must not hold a client_secret.")
    if members.get("token_endpoint_auth_method", "none") != "none":
        raise InvalidMetadata("The token_endpoint_auth_method in the client's metadata document must be 'none'.")
    return ClientMetadata(
        redirect_uris=_redirect_uris(members),
        name=_name(members),
        homepage_url=_page(members, "client_uri"),
        policy_url=_page(members, "policy_uri"),
        terms_url=_page(members, "tos_uri"),
    )


def _redirect_uris(members: Mapping[str, Any]) -> tuple[str, ...]:
    listed = members.get("redirect_uris")
    if not isinstance(listed, list) or not listed or not all(isinstance(uri, str) for uri in listed):
        raise InvalidMetadata("The client's metadata document has no list of redirect_uris.")
    if len(listed) > MOST_REDIRECT_URIS or sum(map(len, listed)) > LONGEST_REDIRECT_URIS:
        raise InvalidMetadata(f"The client's metadata document lists more than {MOST_REDIRECT_URIS} redirect_uris.")
    for uri in listed:
        if (message := _failure(uri, REDIRECT_URI)) is not None:
            raise InvalidMetadata(f"One of the redirect_uris in the client's metadata document is refused: {message}.")
    return tuple(dict.fromkeys(listed))


def _name(members: Mapping[str, Any]) -> str | None:
    """One that could not be shown as one line is left out: it decides nothing."""
    name = members.get("client_name")
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or TEXT.failure(name) is not None:
        return None
    return name


def _page(members: Mapping[str, Any], member: str) -> str | None:
    url = members.get(member)
    return url if isinstance(url, str) and len(url) <= 2048 and _failure(url, PAGE) is None else None


def _failure(text: str, checks: tuple[Check, ...]) -> str | None:
    return next((check.message for check in checks if not check.passes(text)), None)
