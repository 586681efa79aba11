"""Whether an object is served, by its status; if not, the first thing that a person would change."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ostiary_operator.reconcile.conditions import Reason, Type
from ostiary_operator.reconcile.explanations import EXPLANATIONS, Explanation

# As `first_failing` has it, and then what only the serving side knows.
ORDER: Final = (Type.ACCEPTED, Type.POLICY_ALLOWED, Type.SECRET_READY, Type.SYNCED, Type.SERVING)
_UNKNOWN: Final = Explanation("", "")


@dataclass(frozen=True, slots=True)
class Told:
    """One condition of a status, and what is known of its reason here."""

    type: str
    status: str
    reason: str
    message: str
    explanation: Explanation
    generation: int  # of the manifest that it is about

    @classmethod
    def of(cls, condition: Mapping[str, Any]) -> "Told":
        """A newer operator may have reasons that this release does not know: then its message is all there is."""
        type_, reason = condition["type"], condition["reason"]
        try:
            explanation = EXPLANATIONS.get((Type(type_), Reason(reason)), _UNKNOWN)
        except ValueError:
            explanation = _UNKNOWN
        generation = condition.get("observedGeneration", 0)
        return cls(type_, condition["status"], reason, condition.get("message", ""), explanation, generation)

    def lines(self) -> Iterator[str]:
        """For a person."""
        yield f"{self.type} is {self.status}, {self.reason}{': ' + self.message if self.message else ''}"
        meaning = self.explanation.meaning.removeprefix("true: ").removeprefix("false: ").removeprefix("unknown: ")
        if meaning not in ("", "true"):
            yield f"  that means: {_plain(meaning)}"
        if self.explanation.instruction:
            yield f"  what to do: {_plain(self.explanation.instruction)}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`headline` says whether it is served; `obstacle` what is in the way; `asides` what else wants attention."""

    served: bool
    headline: str
    obstacle: tuple[str, ...] = ()
    asides: tuple[Told, ...] = field(default=())


def verdict(body: Mapping[str, Any]) -> Verdict:
    """Of an object as the API has it."""
    metadata, status = body["metadata"], body.get("status") or {}
    name = f"{body['kind']} {metadata['namespace']}/{metadata['name']}"
    told = {each["type"]: Told.of(each) for each in status.get("conditions") or ()}
    revision = status.get("revision")
    asides = tuple(each for type_, each in told.items() if type_ not in (*ORDER, Type.READY) and _wants(each))
    if "deletionTimestamp" in metadata:
        return Verdict(False, f"{name} is being deleted.", tuple(_deletion(metadata)))
    if not told:
        return Verdict(False, f"{name} is not served: no operator has looked at it.", _NO_OPERATOR)
    until = f", until {status['servedUntil']}" if status.get("servedUntil") else ""
    before = f" What is served is revision {revision}, from before{until}." if revision is not None else ""
    if status.get("observedGeneration", 0) < metadata.get("generation", 0):
        behind = f"the operator has decided on generation {status.get('observedGeneration', 0)}"
        first = f"the manifest is at generation {metadata['generation']}, and {behind}"
        lines = (first, *_obstacle(told), *_NO_OPERATOR)
        return Verdict(False, f"{name} is not served as it is written now.{before}", lines, asides)
    if lines := _obstacle(told):
        return Verdict(False, f"{name} is not served as it is written.{before}", lines, asides)
    serving = told.get(Type.SERVING)
    if serving is None or serving.generation < metadata.get("generation", 0):
        lines = ("it is stored, and no replica has reported it yet", "  what to do: ask again in a second")
        return Verdict(False, f"{name} is not served as it is written.{before}", lines, asides)
    off = "" if (body.get("spec") or {}).get("enabled", True) else " It is not enabled: every request is refused."
    return Verdict(True, f"{name} is served, by revision {revision} on every live replica.{off}", (), asides)


_NO_OPERATOR: Final = (
    "  that means: no operator works, it follows other namespaces, or it is behind",
    "  what to do: see whether it runs and what it logs: kubectl get pods,lease -n ostiary-system;"
    " OSTIARY_WATCH_NAMESPACES may name other namespaces",
)


def _obstacle(told: Mapping[str, Told]) -> tuple[str, ...]:
    for type_ in ORDER:
        if type_ not in told:
            continue
        if not _is_true(told, type_):
            return tuple(told[type_].lines())
    return ()


def _is_true(told: Mapping[str, Told], type_: Type) -> bool:
    return type_ in told and told[type_].status == "True"


def _wants(told: Told) -> bool:
    """What is as it should be, or nobody can change, is not mentioned."""
    return bool(told.explanation.instruction) or told.explanation is _UNKNOWN


def _deletion(metadata: Mapping[str, Any]) -> Iterator[str]:
    held = metadata.get("finalizers") or ()
    yield f"it has been since {metadata['deletionTimestamp']}, and waits for {', '.join(held) or 'the API server'}"
    if any(each.startswith("ostiary.dev/") for each in held):
        yield "  what to do: start the operator, which ends what it was issued; to leave for good: ostiary release"


def _plain(text: str) -> str:
    return text.replace("`", "")
