"""What a value does, as a row: the value, and where it must be seen in the manifests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.charts.installations import POSTGRES
from tests.charts.manifests import Manifests, Where
from tests.charts.overlays import Values

SERVER = ("Deployment", "try-ostiary-server")
OPERATOR = ("Deployment", "try-ostiary-operator")
EMBEDDED = ("Deployment", "try-ostiary")
JOB = ("Job", "try-ostiary-migrate")
TEST = ("Pod", "try-ostiary-test")
POD = ("spec", "template", "spec")


@dataclass(frozen=True, slots=True)
class Sight:
    """A part of one object, and what it must be."""

    kind: str
    name: str
    where: Where
    expected: Any

    def of(self, rendered: Manifests) -> Any:
        """What is there."""
        return rendered.at(self.kind, self.name, *self.where)


@dataclass(frozen=True, slots=True)
class Effect:
    """A row: `value` at `path`, beside `given`, must show in each of `seen`, where it did not before."""

    path: str
    value: Any
    seen: tuple[Sight, ...]
    given: Values


def sees(expected: Any, kind: str, name: str, *where: str | int) -> Sight:
    """One place; in a list a text is an item's `name`."""
    return Sight(kind, name, where, expected)


def row(path: str, value: Any, *seen: Sight, given: Values = POSTGRES) -> Effect:
    """A row over an installation on PostgreSQL, unless told otherwise."""
    return Effect(path, value, seen, given)


def variable(name: str, expected: str, workload: tuple[str, str]) -> Sight:
    """An environment variable of a process, in the Deployment of its own or in the one that both share."""
    process = "operator" if workload == OPERATOR else "server"
    return sees(expected, *workload, *POD, "containers", process, "env", name, "value")
