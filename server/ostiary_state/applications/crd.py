"""The CustomResourceDefinitions, from specs and rules: `python -m ostiary_state.applications.crd crds/` writes them.

They are committed and a test compares them, so that a review of a changed field sees what the API server will
do. CEL is limited to the functions of Kubernetes 1.30, and every text and list has a limit: the API server
multiplies the cost of a rule by the largest possible value, and refuses a definition that could be too dear.
"""

import sys
from pathlib import Path
from typing import Any

import yaml

from ostiary_state.applications.rules import IMMUTABLES, RULES
from ostiary_state.applications.spec import OAuthApplicationSpec
from ostiary_state.applications.status import OAuthApplicationStatus
from ostiary_state.kinds.custom_resource import AGE, READY, Column, Kind
from ostiary_state.kinds.structural import structural_schema
from ostiary_state.policies.crd import POLICY, policy_definition
from ostiary_state.users.crd import USER, user_definition

APPLICATION = Kind(
    name="OAuthApplication",
    singular="oauthapplication",
    plural="oauthapplications",
    short_name="oauthapp",
    description="An application that signs its users in through Ostiary, or calls other services with its tokens.",
)
COLUMNS = (
    Column("Client ID", ".status.clientID", "The OAuth client_id that is served."),
    Column("Enabled", ".spec.enabled", "Whether it may sign users in.", type="boolean"),
    Column("Type", ".spec.type", "Confidential or Public."),
    *READY,
    AGE,
    Column("Grant Modes", ".spec.grantModes", "Ways in which it obtains tokens.", wide=True),
    Column("Address", ".status.endpoints.issuer", "Where its users sign in.", wide=True),
    Column("Last Token", ".status.lastTokenIssuedAt", "When it was issued a token last.", type="date", wide=True),
    Column("Secret Age", ".status.credentials[-1:].createdAt", "Since when its secret counts.", type="date", wide=True),
    Column(
        "Serving",
        '.status.conditions[?(@.type=="Serving")].status',
        "Whether every replica serves its last revision.",
        wide=True,
    ),
)


def application_definition() -> dict[str, Any]:
    """The CustomResourceDefinition of OAuthApplication."""
    spec = structural_schema(OAuthApplicationSpec)
    spec["x-kubernetes-validations"] = [
        {"rule": rule.cel, "message": rule.message, "fieldPath": f".{rule.field}"} for rule in (*RULES, *IMMUTABLES)
    ]
    return APPLICATION.definition(spec=spec, status=structural_schema(OAuthApplicationStatus), columns=COLUMNS)


def crd_files() -> dict[str, str]:
    """File name to YAML, of every kind."""
    definitions = {
        APPLICATION.file_name: application_definition(),
        USER.file_name: user_definition(),
        POLICY.file_name: policy_definition(),
    }
    return {name: _yaml(definition) for name, definition in definitions.items()}


def _yaml(definition: dict[str, Any]) -> str:
    return yaml.dump(definition, Dumper=_Unshared, sort_keys=False, width=120)


class _Unshared(yaml.SafeDumper):
    """Writes what occurs twice twice: anchors are no help to readers of a CRD."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the name is yaml's
        return True


if __name__ == "__main__":
    for name, text in crd_files().items():
        Path(sys.argv[1], name).write_text(text)
