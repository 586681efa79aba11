"""Durations as Go writes them, in whole hours, minutes and seconds: `90s`, `10m`, `1h30m`. There are no days."""

import re
from dataclasses import dataclass
from typing import Any, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

MAX_LENGTH = 32
PATTERN = "^([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,8}s)?$"
_PARTS = re.compile("(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,8})s)?", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A whole number of seconds that prints as Go would read it. `60m` and `1h` are equal."""

    seconds: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError with what to write instead."""
        parts = _PARTS.fullmatch(text)
        if not text or len(text) > MAX_LENGTH or parts is None:
            raise ValueError("write a duration in whole hours, minutes and seconds, such as 90s, 10m or 1h30m")
        hours, minutes, seconds = (int(part or 0) for part in parts.groups())
        return cls(hours * 3600 + minutes * 60 + seconds)

    def __str__(self) -> str:
        hours, rest = divmod(self.seconds, 3600)
        minutes, seconds = divmod(rest, 60)
        parts = ((hours, "h"), (minutes, "m"), (seconds, "s"))
        return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"

    @classmethod
    def _read(cls, written: object) -> Self:
        if isinstance(written, cls):
            return written
        return cls.parse(written if isinstance(written, str) else "")

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(cls._read, serialization=core_schema.to_string_ser_schema())

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "maxLength": MAX_LENGTH}


@dataclass(frozen=True, slots=True)
class Between:
    """The bounds of a lifetime, beside the field that they bound. Both ends are allowed."""

    at_least: Duration
    at_most: Duration

    @classmethod
    def of(cls, at_least: str, at_most: str) -> Self:
        """Bounds as they are written in a manifest."""
        return cls(Duration.parse(at_least), Duration.parse(at_most))

    @property
    def message(self) -> str:
        """What to write."""
        return f"write a duration from {self.at_least} to {self.at_most}, such as 90s, 10m or 1h30m (24h is a day)"

    @property
    def cel(self) -> str:
        """The bounds over `self`, in CEL, whose durations know smaller units and signs: they are refused here."""
        return (
            f'self != "" && self.matches(r"{PATTERN}") && duration(self) >= duration("{self.at_least}")'
            f' && duration(self) <= duration("{self.at_most}")'
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(schema) | {"x-kubernetes-validations": [{"rule": self.cel, "message": self.message}]}

    def __contains__(self, duration: Duration) -> bool:
        return self.at_least <= duration <= self.at_most
