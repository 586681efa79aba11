"""values.schema.json, as a list of what it describes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from tests.charts.overlays import Values
from tests.charts.rendering import CHART

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Described:
    """One property: `schema` has its definition resolved."""

    path: str
    schema: Schema
    needed: bool

    @property
    def is_group(self) -> bool:
        """Whether it only holds other values of the chart."""
        return bool(self.schema.get("properties")) and "$ref" not in self.schema


def values_schema() -> Schema:
    """As it is in the chart."""
    schema: Schema = json.loads((CHART / "values.schema.json").read_text())
    return schema


def default_values() -> Values:
    """values.yaml."""
    values: Values = yaml.safe_load((CHART / "values.yaml").read_text())
    return values


def described(schema: Schema, above: str = "") -> Iterator[Described]:
    """Every property with those below it, in the order of the file."""
    for name, each in schema["properties"].items():
        found = Described(above + name, each, name in schema.get("required", ()))
        yield found
        if found.is_group:
            yield from described(each, f"{above}{name}.")
