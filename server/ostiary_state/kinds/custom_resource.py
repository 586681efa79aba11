"""A CustomResourceDefinition around the schemas of a kind, and the parts that all kinds have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ostiary_state.kinds.structural import Schema

GROUP = "ostiary.dev"
VERSION = "v1alpha1"
MAX_NAME_LENGTH = 63  # so that the name fits a label's value
NAME_TOO_LONG = f"use a name of at most {MAX_NAME_LENGTH} characters"

_READY = '.status.conditions[?(@.type=="Ready")]'


@dataclass(frozen=True, slots=True)
class Column:
    """What `kubectl get` prints; `wide` only with `-o wide`."""

    name: str
    path: str
    description: str
    type: str = "string"
    wide: bool = False

    def definition(self) -> dict[str, Any]:
        """As the API server has it."""
        written = {"name": self.name, "type": self.type, "jsonPath": self.path, "description": self.description}
        return written | ({"priority": 1} if self.wide else {})


READY = (
    Column("Ready", f"{_READY}.status", "Whether all is well."),
    Column("Reason", f"{_READY}.reason", "Why it is ready or not."),
)
AGE = Column("Age", ".metadata.creationTimestamp", "When the object was made.", type="date")


@dataclass(frozen=True, slots=True)
class Kind:
    """The names of a kind. Objects of it are found by `kubectl get ostiary`, too."""

    name: str
    singular: str
    plural: str
    short_name: str
    description: str
    scope: str = "Namespaced"  # or Cluster

    @property
    def file_name(self) -> str:
        """As controller-gen names such files."""
        return f"{GROUP}_{self.plural}.yaml"

    def definition(self, *, spec: Schema, status: Schema, columns: Sequence[Column]) -> dict[str, Any]:
        """The whole CustomResourceDefinition."""
        return {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{self.plural}.{GROUP}"},
            "spec": {
                "group": GROUP,
                "names": {
                    "kind": self.name,
                    "listKind": f"{self.name}List",
                    "plural": self.plural,
                    "singular": self.singular,
                    "shortNames": [self.short_name],
                    "categories": ["ostiary"],
                },
                "scope": self.scope,
                "versions": [
                    {
                        "name": VERSION,
                        "served": True,
                        "storage": True,
                        "subresources": {"status": {}},
                        "additionalPrinterColumns": [column.definition() for column in columns],
                        "schema": {"openAPIV3Schema": self._object(spec, status)},
                    }
                ],
            },
        }

    def _object(self, spec: Schema, status: Schema) -> Schema:
        return {
            "description": self.description,
            "type": "object",
            "required": ["spec"],
            "properties": {
                "apiVersion": {"type": "string", "description": f"{GROUP}/{VERSION}"},
                "kind": {"type": "string", "description": self.name},
                "metadata": {"type": "object"},
                "spec": spec,
                "status": status,
            },
            "x-kubernetes-validations": [
                {"rule": f"self.metadata.name.size() <= {MAX_NAME_LENGTH}", "message": NAME_TOO_LONG}
            ],
        }
