"""The CustomResourceDefinition of OAuthUser."""

from typing import Any

from ostiary_state.applications.registered_claims import REGISTERED_CLAIMS
from ostiary_state.kinds.custom_resource import AGE, READY, Column, Kind
from ostiary_state.kinds.structural import Schema, structural_schema
from ostiary_state.users.rules import RULES
from ostiary_state.users.spec import OAuthUserSpec
from ostiary_state.users.status import OAuthUserStatus

USER = Kind(
    name="OAuthUser",
    singular="oauthuser",
    plural="oauthusers",
    short_name="oauthuser",
    description="A person who signs in, with a password that is read from a Secret.",
)
COLUMNS = (
    Column("Username", ".spec.username", "What the person types to sign in."),
    Column("Enabled", ".spec.enabled", "Whether the person may sign in.", type="boolean"),
    *READY,
    AGE,
    Column("Display Name", ".spec.displayName", "Full name.", wide=True),
    Column("Groups", ".spec.groups", "Groups of the person.", wide=True),
)
_ANY = {"x-kubernetes-int-or-string": True}
_ANY_OBJECT = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_SHAPES: dict[str, Schema] = {
    "amr": {"type": "array", "maxItems": 16, "items": {"type": "string", "maxLength": 64}},
    "cnf": _ANY_OBJECT,
    "act": _ANY_OBJECT,
    "may_act": _ANY_OBJECT,
    "events": _ANY_OBJECT,
}


def user_definition() -> dict[str, Any]:
    """The CustomResourceDefinition of OAuthUser."""
    spec = structural_schema(OAuthUserSpec)
    spec["properties"]["claims"] |= {
        # CEL sees only what the schema names, so the refused claims are named
        "properties": {claim: _refused(claim) for claim in REGISTERED_CLAIMS},
    }
    spec["x-kubernetes-validations"] = [
        {"rule": rule.cel, "message": rule.message, "fieldPath": f".{rule.field}"} for rule in RULES
    ]
    return USER.definition(spec=spec, status=structural_schema(OAuthUserStatus), columns=COLUMNS)


def _refused(claim: str) -> Schema:
    return {"description": "Refused: tokens are checked by it.", **_SHAPES.get(claim, _ANY)}
