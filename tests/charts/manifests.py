"""Manifests as Helm prints them, and the ways in which tests look into them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

Manifest = dict[str, Any]
Where = tuple[str | int, ...]

TEMPLATES = {"Deployment": ("spec", "template"), "Job": ("spec", "template"), "Pod": ()}


class Absent:
    """The value of what is not there."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = Absent()


@dataclass(frozen=True)
class PodOf:
    """A pod as a workload would make it."""

    owner: str
    labels: dict[str, str]
    annotations: dict[str, str]
    spec: dict[str, Any]

    @property
    def containers(self) -> list[dict[str, Any]]:
        """Of every kind."""
        return [*self.spec.get("initContainers", ()), *self.spec["containers"]]

    def container(self, name: str) -> dict[str, Any]:
        """Raises StopIteration where there is none."""
        return next(each for each in self.containers if each["name"] == name)


@dataclass(frozen=True)
class Manifests:
    """One rendering, in Helm's order."""

    text: str
    documents: tuple[Manifest, ...]

    def of(self, *kinds: str) -> list[Manifest]:
        """All of these kinds."""
        return [each for each in self.documents if each["kind"] in kinds]

    def at(self, kind: str, name: str, *where: str | int) -> Any:
        """A part of an object, or ABSENT. In a list, a number is a place and a text is an item's `name`."""
        found: Any = next((each for each in self.of(kind) if each["metadata"]["name"] == name), ABSENT)
        for step in where:
            if isinstance(found, list) and isinstance(step, str):
                found = next((each for each in found if each.get("name") == step), ABSENT)
            elif isinstance(found, list):
                found = found[int(step)] if int(step) < len(found) else ABSENT
            elif isinstance(found, dict):
                found = found.get(step, ABSENT)
            else:
                return ABSENT
        return found

    @cached_property
    def pods(self) -> tuple[PodOf, ...]:
        """Of every Deployment, Job and Pod."""
        return tuple(self._pods())

    def _pods(self) -> Iterator[PodOf]:
        for owner in self.of(*TEMPLATES):
            template = owner
            for step in TEMPLATES[owner["kind"]]:
                template = template[step]
            about = template["metadata"]
            yield PodOf(
                f"{owner['kind']}/{owner['metadata']['name']}",
                about.get("labels", {}),
                about.get("annotations", {}),
                template["spec"],
            )
