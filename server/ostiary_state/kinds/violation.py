"""A manifest's mistake: which field, why in one word, and what to write instead."""

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import ValidationError

INVALID_SPEC = "InvalidSpec"


@dataclass(frozen=True, slots=True)
class Violation:
    """`field` is a path such as `spec.callbackURLs[1]`; `reason` is the reason of the condition Accepted."""

    field: str
    message: str
    reason: str = INVALID_SPEC

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


def violations_of(error: ValidationError, *, at: str = "spec") -> tuple[Violation, ...]:
    """What a manifest that could not be read did wrong. The values themselves are not repeated."""
    return tuple(
        Violation(field_path(at, entry["loc"]), _message(entry["type"], entry["msg"]))
        for entry in error.errors(include_url=False, include_context=False, include_input=False)
    )


def field_path(at: str, steps: Iterable[str | int]) -> str:
    """`spec`, `callbackURLs`, 1 is `spec.callbackURLs[1]`."""
    return at + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)


def _message(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "there is no such field: check its spelling and where it is indented"
    if kind == "missing":
        return "this field is required"
    text = message.removeprefix("Value error, ")
    return text[0].lower() + text[1:]
