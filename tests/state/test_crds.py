"""The committed CustomResourceDefinitions are what the specs say, and what an API server accepts."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ostiary_state.applications.crd import crd_files

CRDS = Path(__file__).parents[2] / "crds"
KINDS = {
    "ostiary.dev_oauthapplications.yaml",
    "ostiary.dev_oauthusers.yaml",
    "ostiary.dev_oauthapplicationpolicies.yaml",
}
SHORT_NAMES = {
    "OAuthApplication": "oauthapp",
    "OAuthUser": "oauthuser",
    "OAuthApplicationPolicy": "oauthpolicy",
}

# Of the standard and Kubernetes libraries in 1.30: what our rules use of them.
CEL_FUNCTIONS = {"has", "size", "startsWith", "matches", "exists", "duration"}
_CEL_STRING = re.compile(r"""r?"[^"]*"|'[^']*'""")

definitions = pytest.mark.parametrize("name", sorted(KINDS))


def load(name: str) -> dict[str, Any]:
    definition: dict[str, Any] = yaml.safe_load(crd_files()[name])
    return definition


def version(name: str) -> dict[str, Any]:
    (only,) = load(name)["spec"]["versions"]
    return dict(only)


def schemas(schema: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, schema
    for field, part in schema.get("properties", {}).items():
        yield from schemas(part, f"{path}.{field}")
    if "items" in schema:
        yield from schemas(schema["items"], f"{path}[]")


def all_schemas(name: str) -> dict[str, dict[str, Any]]:
    return dict(schemas(version(name)["schema"]["openAPIV3Schema"], ""))


def cel_rules(name: str) -> list[dict[str, str]]:
    return [rule for schema in all_schemas(name).values() for rule in schema.get("x-kubernetes-validations", ())]


def test_the_committed_definitions_are_the_generated_ones() -> None:
    committed = {path.name: path.read_text() for path in CRDS.glob("*.yaml")}
    assert committed == crd_files(), "run: uv run python -m ostiary_state.applications.crd crds/"


def test_there_is_a_definition_of_each_kind() -> None:
    assert crd_files().keys() == KINDS


@definitions
def test_every_field_is_described_for_kubectl_explain(name: str) -> None:
    undescribed = [
        path
        for path, schema in all_schemas(name).items()
        if not schema.get("description") and not path.endswith("[]") and path != ".metadata"
    ]
    assert undescribed == []


@definitions
def test_every_text_and_list_of_a_spec_has_a_limit(name: str) -> None:
    unlimited = [
        path
        for path, schema in all_schemas(name).items()
        if (schema.get("type") == "string" and "maxLength" not in schema and "enum" not in schema)
        or (schema.get("type") == "array" and "maxItems" not in schema)
        if path.startswith((".spec", ".status"))
    ]
    assert unlimited == []


@definitions
def test_a_schema_is_structural(name: str) -> None:
    for path, schema in all_schemas(name).items():
        assert not schema.keys() & {"$ref", "anyOf", "oneOf", "allOf", "title"}, path
        assert not {"properties", "additionalProperties"} <= schema.keys(), path
        assert "type" in schema or "x-kubernetes-int-or-string" in schema, path
        assert schema.get("default", "") is not None, path


@definitions
def test_every_list_says_how_it_merges(name: str) -> None:
    lists = {path: schema for path, schema in all_schemas(name).items() if schema.get("type") == "array"}
    # refused whatever it holds; replaced as a whole, as Kubernetes has it of its own selectors
    apart = (".spec.claims.amr", ".spec.namespaceSelector.matchExpressions", ".spec.callbackURLsFrom")
    assert {schema.get("x-kubernetes-list-type") for path, schema in lists.items() if path not in apart} <= {
        "set",
        "map",
    }
    assert lists[".status.conditions"]["x-kubernetes-list-map-keys"] == ["type"]
    sets = {path: each["items"] for path, each in lists.items() if each.get("x-kubernetes-list-type") == "set"}
    assert {items["type"] for items in sets.values()} == {"string"}, "server-side apply refuses a set of objects"


@definitions
def test_every_rule_says_what_to_write_instead(name: str) -> None:
    for rule in cel_rules(name):
        assert len(rule["message"]) > 15, rule
        assert "\n" not in rule["message"]


@definitions
def test_rules_use_only_what_kubernetes_1_30_has(name: str) -> None:
    for rule in cel_rules(name):
        code = _CEL_STRING.sub('""', rule["rule"])
        assert set(re.findall(r"([A-Za-z_]\w*)\s*\(", code)) <= CEL_FUNCTIONS, rule
        assert "?" not in code, "no optional types"


@definitions
def test_a_rule_points_to_a_field_that_there_is(name: str) -> None:
    fields = all_schemas(name)
    for rule in fields[".spec"]["x-kubernetes-validations"]:
        assert f".spec{rule['fieldPath']}" in fields


def test_immutables_are_rules_of_the_spec_so_that_removing_first_does_not_help() -> None:
    rules = [
        rule["rule"] for rule in all_schemas("ostiary.dev_oauthapplications.yaml")[".spec"]["x-kubernetes-validations"]
    ]
    for field in ("clientID", "type"):
        new, old = f"self.{field}", f"oldSelf.{field}"
        assert f"has({new}) == has({old}) && (!has({new}) || {new} == {old})" in rules


def test_applications_are_listed_as_people_look_for_them() -> None:
    columns = version("ostiary.dev_oauthapplications.yaml")["additionalPrinterColumns"]
    narrow = [column["name"] for column in columns if not column.get("priority")]
    wide = [column["name"] for column in columns if column.get("priority") == 1]
    assert narrow == ["Client ID", "Enabled", "Type", "Ready", "Reason", "Age"]
    assert wide == ["Grant Modes", "Address", "Last Token", "Secret Age", "Serving"]


def test_policies_belong_to_the_cluster_and_the_others_to_a_namespace() -> None:
    scopes = {load(name)["spec"]["names"]["kind"]: load(name)["spec"]["scope"] for name in KINDS}
    assert [kind for kind, scope in scopes.items() if scope == "Cluster"] == ["OAuthApplicationPolicy"]


@definitions
def test_kinds_are_found_by_short_name_and_category(name: str) -> None:
    names = load(name)["spec"]["names"]
    assert names["shortNames"] == [SHORT_NAMES[names["kind"]]]
    assert names["categories"] == ["ostiary"]
    assert version(name)["subresources"] == {"status": {}}
