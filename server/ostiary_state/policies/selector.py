"""Which namespaces a policy is about: Kubernetes' label selector, for manifests and for CEL."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ostiary_state.kinds.checks import Check, Checks
from ostiary_state.kinds.manifest import EachOnce, Manifest

NAME_LABEL = "kubernetes.io/metadata.name"  # which every namespace has, with its own name

_LABEL_KEY = Checks.of(
    Check(
        r"^([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$",
        "write the key of a label, such as team or example.com/team",
    )
)
_LABEL_VALUE = Checks.of(
    Check(r"^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?$", "write the value of a label: letters, digits and - . _")
)
LabelKey = Annotated[str, StringConstraints(min_length=1, max_length=317), _LABEL_KEY]
LabelValue = Annotated[str, StringConstraints(max_length=63), _LABEL_VALUE]


class LabelRequirement(Manifest):
    """What one label of a namespace must be."""

    key: LabelKey
    """Key of the label."""

    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"]
    """In: the label has one of values. NotIn: it has none of them, or is absent. Exists, DoesNotExist: whatever its
    value is."""

    values: Annotated[tuple[LabelValue, ...], Field(max_length=64), EachOnce()] = ()
    """Values for In and NotIn."""

    def holds(self, labels: Mapping[str, str]) -> bool:
        """As Kubernetes has it."""
        match self.operator:
            case "In":
                return labels.get(self.key) in self.values
            case "NotIn":
                return labels.get(self.key) not in self.values
            case "Exists":
                return self.key in labels
        return self.key not in labels


class NamespaceSelector(Manifest):
    """Labels of namespaces. All that is listed must hold; {} is every namespace."""

    match_labels: Annotated[dict[str, Annotated[str, StringConstraints(max_length=63)]], Field(max_length=32)] = Field(
        default_factory=dict
    )
    """Labels that the namespace must have, with their values. Every namespace has kubernetes.io/metadata.name, which is
    its own name."""

    match_expressions: Annotated[
        tuple[LabelRequirement, ...],
        Field(max_length=32, json_schema_extra={"x-kubernetes-list-type": "atomic"}),
    ] = ()
    """More that must hold."""

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether a namespace with these labels is meant."""
        return all(labels.get(key) == value for key, value in self.match_labels.items()) and all(
            requirement.holds(labels) for requirement in self.match_expressions
        )

    @property
    def keys(self) -> frozenset[str]:
        """Labels that decide."""
        return frozenset(self.match_labels).union(requirement.key for requirement in self.match_expressions)
