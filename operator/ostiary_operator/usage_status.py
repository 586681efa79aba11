"""How what is used stands in status: instants that move only when they are old enough."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ostiary_operator.reconcile.timestamps import timestamp


@dataclass(frozen=True, slots=True)
class Usage:
    """Of one application, in seconds since the epoch."""

    uses: Mapping[str, float] = field(default_factory=dict)  # by id of the secret
    issued: float | None = None  # when it was issued a token last
    lag: float = 0.0  # seconds that status may be behind

    def over(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """As the part of status has it; an instant that is new enough stays as it is."""
        uses = {
            credential: self._stamp(at, before.get("uses", {}).get(credential))
            for credential, at in self.uses.items()
            if credential
        }
        content: dict[str, Any] = {"uses": uses} if uses else {}
        if self.issued is not None:
            content["lastTokenIssuedAt"] = self._stamp(self.issued, before.get("lastTokenIssuedAt"))
        return content

    def _stamp(self, at: float, before: str | None) -> str:
        if before is not None and at - datetime.fromisoformat(before).timestamp() < self.lag:
            return before
        return timestamp(at)


def split(status: Mapping[str, Any]) -> dict[str, Any]:
    """What a status says of use."""
    uses = {each["id"]: each["lastUsedAt"] for each in status.get("credentials") or () if "lastUsedAt" in each}
    content: dict[str, Any] = {"uses": uses} if uses else {}
    if "lastTokenIssuedAt" in status:
        content["lastTokenIssuedAt"] = status["lastTokenIssuedAt"]
    return content


def joined(status: dict[str, Any]) -> dict[str, Any]:
    """The reverse: each secret with when it was used."""
    uses = status.pop("uses", {})
    if "credentials" in status:
        status["credentials"] = [
            each | ({"lastUsedAt": uses[each["id"]]} if each["id"] in uses else {}) for each in status["credentials"]
        ]
    return status
