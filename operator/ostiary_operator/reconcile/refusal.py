"""A manifest that is understood and not followed: what its author must change, or whom it must wait for."""

from collections.abc import Sequence

from ostiary_operator.reconcile.conditions import Reason
from ostiary_state.intent import IntentConflict
from ostiary_state.policies.verdict import Refused

_WHAT = {
    "client_id": "client id",
    "username": "username",
    "origin": "authentication address",
}


class Refusal(Exception):
    """Becomes `Accepted=False`; the last good revision stays served."""

    def __init__(self, reason: Reason, message: str, *, contested: bool = False) -> None:
        super().__init__(message)
        self.reason, self.message = reason, message
        self.contested = contested  # another object's name: look again when one is given up

    @classmethod
    def conflict(cls, field: str, value: str, holder: str) -> "Refusal":
        """The first holder keeps a contested value; the message names it."""
        message = f"{_WHAT.get(field, field)} {value!r} belongs to {holder}, which had it first"
        return cls(Reason.CONFLICT, message, contested=True)

    @classmethod
    def of(cls, conflict: IntentConflict) -> "Refusal":
        """The same, noticed by the store because two manifests raced."""
        return cls.conflict(conflict.field, conflict.value, conflict.holder)


class PolicyRefusal(Refusal):
    """A good manifest that policies do not allow: becomes `PolicyAllowed=False`."""

    @classmethod
    def of_any(cls, refused: Sequence[Refused]) -> None:
        """Raises PolicyRefusal where something refuses; the first one names the reason."""
        if refused:
            raise cls(Reason(refused[0].reason), "; ".join(each.text for each in refused))
