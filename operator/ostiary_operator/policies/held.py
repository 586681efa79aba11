"""Policies and namespaces as they were seen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ostiary_operator.objects import GROUP, VERSION, version_of
from ostiary_state.policies.crd import POLICY
from ostiary_state.policies.rules import read_policy
from ostiary_state.policies.spec import OAuthApplicationPolicySpec

POLICIES = f"/apis/{GROUP}/{VERSION}/{POLICY.plural}"
NAMESPACES = "/api/v1/namespaces"


@dataclass(frozen=True, slots=True)
class HeldPolicy:
    """One policy. Without a spec it is not understood, and nothing is decided where it could hold."""

    name: str
    version: str  # <uid>/<resourceVersion>
    generation: int
    spec: OAuthApplicationPolicySpec | None
    problem: str
    status: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> "HeldPolicy":
        """From the API."""
        metadata = body["metadata"]
        spec, wrong = read_policy(body.get("spec") or {})
        return cls(
            metadata["name"],
            version_of(body),
            metadata.get("generation", 0),
            spec,
            "; ".join(map(str, wrong)),
            body.get("status") or {},
        )


@dataclass(frozen=True, slots=True)
class HeldNamespace:
    """A namespace and its labels."""

    name: str
    version: str
    labels: Mapping[str, str]

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> "HeldNamespace":
        """From the API."""
        metadata = body["metadata"]
        return cls(metadata["name"], version_of(body), metadata.get("labels") or {})
