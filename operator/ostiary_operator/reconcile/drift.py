"""What somebody changed in the database behind the operator's back: told field by field, and put right."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ostiary_operator.reconcile.conditions import Reason, Type
from ostiary_operator.reconcile.outcome import Condition, Truth
from ostiary_state import fingerprints
from ostiary_state.intent import StoredApplication, Tampering

_OFTEN, _WITHIN = 5, 600.0  # corrections of one row, in seconds: more is a fight, and is left to people
_SHOWN = 120  # characters of a value


@dataclass(frozen=True, slots=True)
class Drifts:
    """What was noticed, until it is settled; and how often each row was put right lately."""

    clock: Callable[[], float] = time.monotonic
    noticed: dict[str, Tampering] = field(default_factory=dict)  # by row id
    _corrected: dict[str, deque[float]] = field(default_factory=dict)

    def of(self, wanted: StoredApplication, held: StoredApplication | None) -> str:
        """In words: each field, as it is declared and as it was found; empty where nothing drifted."""
        seen = self.noticed.get(wanted.id)
        if held is None:
            return f"the row was removed{_by(seen)}" if seen is not None and seen.removed else ""
        # where the manifest asks for something else than was written last, it has changed, too
        if not (held.changed or held.secrets_changed) or held.written != fingerprints.content_of(wanted):
            return ""
        fields = "; ".join(_differences(wanted, held))
        return f"{fields}{_by(seen)}" if fields else ""

    def fought_over(self, row_id: str) -> bool:
        """Whether it was put right so often that somebody else keeps changing it."""
        times = self._corrected.get(row_id, deque())
        return len(times) >= _OFTEN and self.clock() - times[-_OFTEN] < _WITHIN

    def corrected(self, row_id: str) -> None:
        """It is as declared again."""
        self._corrected.setdefault(row_id, deque(maxlen=_OFTEN)).append(self.clock())

    def forget(self, row_id: str) -> None:
        """The object is gone."""
        self.noticed.pop(row_id, None)
        self._corrected.pop(row_id, None)


def drifted(reason: Reason, what: str) -> Condition:
    """The condition: true while the row is not as declared."""
    if reason is Reason.CORRECTED:
        return Condition(Type.DRIFTED, Truth.FALSE, reason, f"put right: {what}")
    return Condition(Type.DRIFTED, Truth.TRUE, reason, f"left as it is: {what}")


def _by(seen: Tampering | None) -> str:
    return f" (by database user {seen.who})" if seen is not None and seen.who else ""


def _differences(wanted: StoredApplication, held: StoredApplication) -> Iterator[str]:
    """Secrets are named by their ids."""
    for name, declared, found in (
        ("clientID", wanted.client_id, held.client_id),
        ("issuer", wanted.origin, held.origin),
        ("owned", wanted.owned, held.owned),
        ("endedBefore", wanted.not_before, held.not_before),
        ("clientSecrets", _ids(wanted), _ids(held)),
    ):
        if declared != found:
            yield f"{name} is {_shown(declared)}, was {_shown(found)}"
    if _ids(wanted) == _ids(held) and wanted.secret_digests != held.secret_digests:
        yield "the digest of a client secret was another"
    yield from _of_specs(wanted.spec, held.spec)


def _ids(row: StoredApplication) -> list[str]:
    return [each.id for each in row.credentials]


def _of_specs(declared: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted({*declared, *found}):
        before, after = declared.get(name), found.get(name)
        if before != after:
            yield f"spec.{name} is {_shown(before)}, was {_shown(after)}"


def _shown(value: object) -> str:
    text = "its default" if value is None else repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
