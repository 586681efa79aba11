"""Lifetimes of other products in seconds, and within what a manifest may say."""

import re
from typing import Final

from ostiary_state.applications.spec import TokenLifetimesSpec
from ostiary_state.kinds.durations import Between, Duration
from ostiary_state.kinds.manifest import manifest_name

_UNITS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ns|us|µs|ms|s|m|h)")
_GO: Final = re.compile(rf"(?:{_PART.pattern})+")
_BOUNDS: Final = {
    manifest_name(name): next(mark for mark in field.metadata if isinstance(mark, Between))
    for name, field in TokenLifetimesSpec.model_fields.items()
}


def go_seconds(text: str) -> int:
    """A duration as Go prints it, such as 1h30m0s; what is less than a second is dropped. Raises ValueError."""
    if _GO.fullmatch(text) is None:
        raise ValueError("expected a duration such as 1h30m")
    return int(sum(float(count) * _UNITS[unit] for count, unit in _PART.findall(text)))


def within_bounds(name: str, seconds: int) -> tuple[Duration, str]:
    """The nearest that tokenLifetimes may say, and what its bounds are where that is another."""
    bounds = _BOUNDS[name]
    kept = min(max(Duration(seconds), bounds.at_least), bounds.at_most)
    return kept, "" if kept.seconds == seconds else f"from {bounds.at_least} to {bounds.at_most}"
