"""What one text in a manifest must look like, said once: the API server reads it as CEL, the rules run it here.

A check is a regular expression in the syntax that RE2 (CEL) and Python share. Parsing does not run checks, so
that a row accepted by an older release is still readable when a check becomes stricter; `rules` run them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, get_args, get_origin

from pydantic import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from ostiary_state.kinds.durations import Between, Duration
from ostiary_state.kinds.manifest import Manifest
from ostiary_state.kinds.violation import Violation, field_path


@dataclass(frozen=True, slots=True)
class Check:
    """A pattern that a text must match or, where `refuses`, must not; anywhere in it unless it says `^` and `$`."""

    pattern: str
    message: str
    refuses: bool = False
    _compiled: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Python's `$` also matches before a last newline, RE2's does not.
        object.__setattr__(self, "_compiled", re.compile(re.sub(r"(?<!\\)\$(?=$|\))", r"\\Z", self.pattern), re.ASCII))

    def passes(self, text: str) -> bool:
        """Whether the text is as it must be."""
        return (self._compiled.search(text) is None) is self.refuses

    @property
    def cel(self) -> str:
        """The same over `self`, in CEL."""
        return f'{"!" if self.refuses else ""}self.matches(r"{self.pattern}")'


@dataclass(frozen=True, slots=True)
class Checks:
    """Beside a type: what its texts must look like. In order, and the first that fails is the one that is told."""

    checks: tuple[Check, ...]

    @classmethod
    def of(cls, *checks: Check) -> "Checks":
        """Reads better beside a type."""
        return cls(checks)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        validations = [{"rule": check.cel, "message": check.message} for check in self.checks]
        return handler(schema) | {"x-kubernetes-validations": validations}

    def failure(self, text: str) -> str | None:
        """The message of the first check that fails."""
        return next((check.message for check in self.checks if not check.passes(text)), None)


def failed_checks(manifest: Manifest, at: str = "spec") -> Iterator[Violation]:
    """Every text and duration, in the order of the fields, that is not what stands beside its type."""
    for name, alias, marks in _marked_fields(type(manifest)):
        yield from _failed(getattr(manifest, name), field_path(at, [alias]), marks)


def _failed(value: Any, path: str, marks: tuple[Checks | Between, ...]) -> Iterator[Violation]:
    if isinstance(value, Manifest):
        yield from failed_checks(value, path)
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _failed(item, f"{path}[{index}]", marks)
    for mark in marks:
        if isinstance(mark, Checks) and isinstance(value, str) and (message := mark.failure(value)):
            yield Violation(path, message)
        if isinstance(mark, Between) and isinstance(value, Duration) and value not in mark:
            yield Violation(path, mark.message)


@cache
def _marked_fields(model: type[Manifest]) -> tuple[tuple[str, str, tuple[Checks | Between, ...]], ...]:
    return tuple(
        (name, field.alias or name, tuple(_marks(field.annotation, field.metadata)))
        for name, field in model.model_fields.items()
    )


def _marks(annotation: Any, metadata: Any = ()) -> Iterator[Checks | Between]:
    """The marks of a field's type, of its optional form and of its items."""
    yield from (mark for mark in metadata if isinstance(mark, Checks | Between))
    if get_origin(annotation) is Annotated:
        yield from _marks(annotation.__origin__, annotation.__metadata__)
    else:
        for argument in get_args(annotation):
            yield from _marks(argument)
