"""An authentication address as an issuer of its own (RFC 8414 section 2)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Issuer:
    """One origin that issues tokens; keys, sessions, grants and consents belong to its `id`, never to its origin.

    When a namespace gives an address up and another claims it, the origin gets a new row, so that nothing of
    the former tenant (keys, sessions, grants) is reachable at the address again.
    """

    id: str
    origin: str  # scheme://host[:port], lower case, no default port, no trailing slash: the `iss` of every token
    namespace: str | None  # the namespace that claimed it first; None: the default issuer, open to all
    vacated_at: float | None = None  # when its last application left; the claim is kept for a grace
    retired_at: float | None = None  # no longer served

    @property
    def host(self) -> str:
        """The Host header, with the port only where it is not the scheme's default."""
        return self.origin.split("://", 1)[1]

    @property
    def secure(self) -> bool:
        """True where browsers use https: cookies get the `__Host-` prefix there."""
        return self.origin.startswith("https://")
