"""The reference of the chart's values, from its schema and its defaults.

`python -m tests.charts.values_reference` writes the page; a test compares it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.charts.overlays import Values
from tests.charts.rendering import ROOT
from tests.charts.values_schema import Described, Schema, default_values, described, values_schema

PAGE = ROOT / "docs" / "reference" / "chart-values.md"
COMMAND = "uv run python -m tests.charts.values_reference"
_OPENING = f"""# Values of the chart

<!-- Written by `{COMMAND}`: change charts/ostiary/values.schema.json or values.yaml instead. -->

What `helm install` and `helm upgrade` of [charts/ostiary](../../charts/ostiary/README.md) take with `--set` and
`--values`. A name that is none of these is refused.
"""
# What templates/checks.yaml refuses, which a schema cannot.
_CHECKS = (
    "`issuer.address` has https, or http where its host is 127.0.0.1, [::1], localhost or *.localhost.",
    "`server.autoscaling.minReplicas` is not more than `maxReplicas`.",
    "With `watchNamespaces`, each of `userNamespaces` is one of them, the release's own, or `*`.",
)
_HEAD = ("| Value | Type | Default | Meaning |", "|---|---|---|---|")


def values_page() -> str:
    """The page, in Markdown."""
    schema = values_schema()
    top = [each for each in described(schema) if "." not in each.path]
    defaults = dict(_defaults(default_values()))
    lines = [_OPENING, "## The whole release", "", *_HEAD]
    lines += [_row(each, defaults) for each in top if not each.is_group]
    for group in (each for each in top if each.is_group):
        below = described(group.schema, f"{group.path}.")
        lines += ["", f"## `{group.path}`", "", group.schema["description"], "", *_HEAD]
        lines += [_row(each, defaults) for each in below]
    lines += ["", "## Values that go together", "", "Helm refuses to install where one of these does not hold.", ""]
    rules = [rule["description"] for rule in schema["allOf"]]
    lines += [f"- {_text(rule)}" for rule in (*rules, *_CHECKS)]
    return "\n".join(lines) + "\n"


def _row(each: Described, defaults: dict[str, Any]) -> str:
    kind = "" if each.is_group else _type(each.schema)
    default = "" if each.is_group or each.path not in defaults else _code(json.dumps(defaults[each.path]))
    return f"| {_code(each.path)} | {kind} | {default} | {_text(each.schema['description'])} |"


def _defaults(values: Values, above: str = "") -> Iterator[tuple[str, Any]]:
    """Of groups too: a map such as resources is one value."""
    for name, value in values.items():
        yield above + name, value
        if isinstance(value, dict):
            yield from _defaults(value, f"{above}{name}.")


def _type(schema: Schema) -> str:
    if "enum" in schema:
        return ", ".join(_code(json.dumps(value) if value == "" else value) for value in schema["enum"])
    if "$ref" in schema:
        return "object"
    if schema["type"] == "array":
        return f"list of {schema['items']['type']}s"
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    words = {"array": "list of objects"}
    return " or ".join(_code(kind) if kind == "null" else words.get(kind, kind) for kind in kinds) + _range(schema)


def _range(schema: Schema) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f", {low} to {high}"
    return f", at least {low}" if low is not None else ""


def _code(text: str) -> str:
    return f"`{text}`"


def _text(text: str) -> str:
    """Prose with code in it: what Markdown would take for itself outside of code is escaped."""
    parts = text.split("`")
    for place in range(0, len(parts), 2):
        for special in ("\\", "|", "*", "_", "<", "[", "]"):
            parts[place] = parts[place].replace(special, f"\\{special}")
    return "`".join(parts)


if __name__ == "__main__":
    PAGE.write_text(values_page())
