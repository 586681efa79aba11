"""The CustomResourceDefinition of OAuthApplicationPolicy."""

from typing import Any

from ostiary_state.kinds.custom_resource import AGE, Column, Kind
from ostiary_state.kinds.structural import structural_schema
from ostiary_state.policies.rules import VALUES_CEL, VALUES_MESSAGE
from ostiary_state.policies.spec import OAuthApplicationPolicySpec
from ostiary_state.policies.status import OAuthApplicationPolicyStatus

POLICY = Kind(
    name="OAuthApplicationPolicy",
    singular="oauthapplicationpolicy",
    plural="oauthapplicationpolicies",
    short_name="oauthpolicy",
    description="What the applications and the users of some namespaces may be. Cluster-scoped.",
    scope="Cluster",
)
COLUMNS = (
    Column(
        "Accepted",
        '.status.conditions[?(@.type=="Accepted")].status',
        "Whether it is in force.",
    ),
    Column("Namespaces", ".status.selectedNamespaces", "How many namespaces it selects.", type="integer"),
    AGE,
)


def policy_definition() -> dict[str, Any]:
    """The CustomResourceDefinition of OAuthApplicationPolicy."""
    spec = structural_schema(OAuthApplicationPolicySpec)
    spec["x-kubernetes-validations"] = [
        {"rule": VALUES_CEL, "message": VALUES_MESSAGE, "fieldPath": ".namespaceSelector"}
    ]
    return POLICY.definition(spec=spec, status=structural_schema(OAuthApplicationPolicyStatus), columns=COLUMNS)
