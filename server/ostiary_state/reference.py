"""A kind's page of reference, from the same schema as its CustomResourceDefinition.

`python -m ostiary_state.reference docs/reference/` writes the pages; a test compares them.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ostiary_state.applications.crd import APPLICATION, application_definition
from ostiary_state.kinds.custom_resource import GROUP, VERSION, Kind
from ostiary_state.kinds.structural import Schema
from ostiary_state.policies.crd import POLICY, policy_definition
from ostiary_state.users.crd import USER, user_definition

_NOTE = "<!-- Written by `uv run python -m ostiary_state.reference docs/reference/`: change the specs instead. -->"

EXAMPLES = {
    "OAuthApplication": """
apiVersion: ostiary.dev/v1alpha1
kind: OAuthApplication
metadata:
  name: shop
  namespace: team-a
spec:
  displayName: Shop
  callbackURLs: [https://shop.example.com/callback]
  grantModes: [authorization_code, refresh_token]
""",
    "OAuthUser": """
apiVersion: ostiary.dev/v1alpha1
kind: OAuthUser
metadata:
  name: ada
  namespace: ostiary
spec:
  username: ada
  displayName: Ada Lovelace
  email: ada@example.com
  groups: [staff]
  passwordSecretRef: {name: ada-password}
""",
    "OAuthApplicationPolicy": """
apiVersion: ostiary.dev/v1alpha1
kind: OAuthApplicationPolicy
metadata:
  name: teams
spec:
  namespaceSelector:
    matchLabels: {ostiary: enabled}
  callbackHosts: ["*.apps.example.com"]
  grantModes: [authorization_code, refresh_token, client_credentials]
  requirePKCE: true
  maxLifetimes: {accessToken: 15m, refreshTokenAbsolute: 720h}
  maxApplications: 20
""",
}
_OPERATOR_ONLY = {
    "OAuthApplication": (
        "The operator, which sees namespaces and other objects, sets the condition `Accepted` to `False` where a"
        " `clientID` begins with the name of another namespace and a dot, where another object has the `clientID`, and"
        " where another namespace claimed the `authenticationAddress` first. What was served before is served on."
    ),
    "OAuthUser": (
        "The operator, which sees namespaces and other objects, sets the condition `Accepted` to `False` where the"
        " namespace may not declare users, where another object has the `username`, and where `claims` need more than"
        " 8192 bytes. What was accepted before stays."
    ),
    "OAuthApplicationPolicy": (
        "What policies refuse, how several of them come together and what ends when they change is told in"
        " [Policies](../guides/policies.md). The operator says of each object, in its condition `PolicyAllowed`, which"
        " policy and which rule refuses it. A policy that the operator does not understand, being older than the"
        " definition, is `Accepted: False`, and nothing is decided meanwhile."
    ),
}


def reference_pages() -> dict[str, str]:
    """File name to Markdown, of every kind."""
    definitions = (
        (APPLICATION, application_definition()),
        (USER, user_definition()),
        (POLICY, policy_definition()),
    )
    return {f"{kind.singular}.md": _page(kind, definition) for kind, definition in definitions}


def _page(kind: Kind, definition: dict[str, Any]) -> str:
    (version,) = definition["spec"]["versions"]
    parts = version["schema"]["openAPIV3Schema"]["properties"]
    lines = [
        f"# {kind.name}",
        "",
        _NOTE,
        "",
        f"{kind.description} `apiVersion: {GROUP}/{VERSION}`, short name `{kind.short_name}`, category `ostiary`.",
        "`kubectl explain` prints the same texts.",
        "",
        "```yaml",
        EXAMPLES[kind.name].strip(),
        "```",
        "",
        "## Spec",
        "",
        "| Field | Type | Default | Meaning |",
        "|---|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in _rows(parts["spec"], "")),
        "",
        "## Rules",
        "",
        "The API server refuses a manifest that breaks one of these, and so does `ostiary check`.",
        "",
        "| Field | What to write |",
        "|---|---|",
        *(f"| {_code(field)} | {_cell(message)} |" for field, message in _rules(parts["spec"], "spec")),
        "",
        _OPERATOR_ONLY[kind.name],
        "",
        "## Status",
        "",
        "| Field | Type | Meaning |",
        "|---|---|---|",
        *(f"| {path} | {type_} | {meaning} |" for path, type_, _, meaning in _rows(parts["status"], "")),
        "",
    ]
    return "\n".join(lines)


def _rows(schema: Schema, within: str) -> Iterator[tuple[str, str, str, str]]:
    """Path, type, default and meaning of each field, in the order of the manifest."""
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        path = within + name
        if field.get("description", "").startswith("Refused:"):
            continue
        default = "required" if name in required else _default(field)
        yield _code(path), _type(field), default, _cell(field["description"])
        yield from _rows(field, f"{path}.")
        yield from _rows(field.get("items", {}), f"{path}[].")


def _rules(schema: Schema, path: str) -> Iterator[tuple[str, str]]:
    for rule in schema.get("x-kubernetes-validations", ()):
        yield path + rule.get("fieldPath", ""), rule["message"]
    for name, field in schema.get("properties", {}).items():
        yield from _rules(field, f"{path}.{name}")
    if "items" in schema:
        yield from _rules(schema["items"], f"{path}[]")


def _type(schema: Schema) -> str:
    if schema.get("type") == "array":
        items = schema["items"]
        what = _type(items) if "enum" in items else f"{items['type']}s"
        return f"list of {what}" if "enum" not in items else f"list of: {what}"
    return ", ".join(map(_code, schema["enum"])) if "enum" in schema else str(schema["type"])


def _default(schema: Schema) -> str:
    default = schema.get("default")
    if default is None or default == {}:
        return ""
    if isinstance(default, bool):
        return _code(str(default).lower())
    return ", ".join(map(_code, default)) if isinstance(default, list) else _code(str(default))


def _code(text: str) -> str:
    return f"`{text}`"


def _cell(text: str) -> str:
    """A table's cell: what Markdown would take for itself is escaped."""
    for special in ("\\", "|", "*", "_", "<"):
        text = text.replace(special, f"\\{special}")
    return text


if __name__ == "__main__":
    for name, text in reference_pages().items():
        Path(sys.argv[1], name).write_text(text)
