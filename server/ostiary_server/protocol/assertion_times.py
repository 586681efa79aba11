"""When an assertion counts (RFC 7523 section 3, points 4 to 6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ostiary_server.protocol.client_keys import LEEWAY
from ostiary_server.protocol.errors import InvalidClient


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds since the epoch."""

    expires_at: float
    issued_at: float | None

    @classmethod
    def of(cls, claims: Mapping[str, Any], now: float) -> "Times":
        """Raises InvalidClient where it does not count now, or does not say until when it does."""
        for name in ("exp", "iat", "nbf"):
            instant = claims.get(name)
            if (instant is None and name == "exp") or isinstance(instant, bool):
                raise InvalidClient(f"The client_assertion needs an {name} in seconds.")
            if instant is not None and not isinstance(instant, int | float):
                raise InvalidClient(f"The {name} of the client_assertion is not a number of seconds.")
        if claims["exp"] < now - LEEWAY:
            raise InvalidClient("The client_assertion has expired.")
        issued_at = claims.get("iat")
        if max(claims.get("nbf") or now, issued_at or now) > now + LEEWAY:
            raise InvalidClient("The client_assertion is not valid yet.")
        return cls(float(claims["exp"]), None if issued_at is None else float(issued_at))
