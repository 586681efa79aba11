"""A request as the protocol sees it: parsed once at the edge, frozen, without the framework."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ostiary_server.protocol.errors import InvalidRequest
from ostiary_state.runtime.issuer import Issuer


@dataclass(frozen=True, slots=True)
class Parameters:
    """Form or query parameters in order, duplicates kept so that they can be refused (RFC 6749 section 3.1).

    A parameter sent without a value counts as not sent.
    """

    pairs: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str | None:
        """The value of `name`; raises InvalidRequest when it was sent more than once."""
        found: str | None = None
        for key, value in self.pairs:
            if key == name and value:
                if found is not None:
                    raise InvalidRequest(f"The parameter '{name}' must not be sent more than once.")
                found = value
        return found

    def first(self, name: str) -> str | None:
        """The first value of `name`, duplicates or not: for errors that must be told somewhere."""
        return next((value for key, value in self.pairs if key == name and value), None)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.pairs)

    def __contains__(self, name: str) -> bool:
        return any(key == name and value for key, value in self.pairs)


@dataclass(frozen=True, slots=True)
class ProtocolRequest:
    """One request to one issuer."""

    method: str
    path: str
    issuer: Issuer  # from the Host header alone, never from scheme or X-Forwarded-Proto
    query: Parameters
    form: Parameters
    authorization: str | None  # the Authorization header
    origin: str | None  # the Origin header, for CORS
    remote: str  # the peer's address, or the forwarded one where the peer is a configured proxy
    now: float
    cookies: Mapping[str, str] = field(default_factory=dict)
