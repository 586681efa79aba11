"""How two manifests of one object differ, field by field, on what they mean: defaults are left out of both."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

DEFAULT: Final = "(default)"


@dataclass(frozen=True, slots=True)
class Change:
    """One field. `before` and `after` are as they are printed; of a list, one item: the other side is empty."""

    field: str
    before: str
    after: str

    def __str__(self) -> str:
        if not self.before:
            return f"{self.field}: + {self.after}"
        if not self.after:
            return f"{self.field}: - {self.before}"
        return f"{self.field}: {self.before} -> {self.after}"


def changes(before: Mapping[str, Any], after: Mapping[str, Any], at: str = "") -> Iterator[Change]:
    """In the order of the fields after, then those that are gone."""
    for name in dict.fromkeys((*after, *before)):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        path = f"{at}.{name}" if at else name
        if isinstance(_or(old, {}), Mapping) and isinstance(_or(new, {}), Mapping):
            yield from changes(_or(old, {}), _or(new, {}), path)
        elif _is_texts(_or(old, [])) and _is_texts(_or(new, [])):
            yield from _items(path, _or(old, []), _or(new, []))
        else:
            yield Change(path, _printed(old), _printed(new))


def _or(value: Any, empty: Any) -> Any:
    """What is absent is empty; what is false is not."""
    return empty if value is None else value


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _items(path: str, old: list[str], new: list[str]) -> Iterator[Change]:
    yield from (Change(path, item, "") for item in _without(old, new))
    yield from (Change(path, "", item) for item in _without(new, old))
    if not {*old} ^ {*new}:
        yield Change(path, "the same items", "in another order")


def _without(items: list[str], others: Iterable[str]) -> list[str]:
    known = {*others}
    return [item for item in items if item not in known]


def _printed(value: Any) -> str:
    if value is None:
        return DEFAULT
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
