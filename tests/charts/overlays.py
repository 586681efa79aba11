"""Values for a chart, one laid over the other."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

Values = dict[str, Any]


def merged(*values: Values) -> Values:
    """Later ones win, map by map, as with several files for Helm."""
    result: Values = {}
    for each in values:
        _merge(result, deepcopy(each))
    return result


def value_at(path: str, value: Any) -> Values:
    """Values in which only this one is set: `a.b` becomes {"a": {"b": value}}."""
    first, _, rest = path.partition(".")
    return {first: value_at(rest, value) if rest else value}


def leaves(values: Values, above: str = "") -> Iterator[tuple[str, Any]]:
    """Path and default of each value: a map is a value itself where it is empty."""
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{above}{name}.")
        else:
            yield above + name, value


def _merge(into: Values, other: Values) -> None:
    for name, value in other.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict):
            _merge(into[name], value)
        else:
            into[name] = value
