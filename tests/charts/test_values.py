"""Values, their schema and their reference tell of the same things."""

from __future__ import annotations

import jsonschema

from tests.charts.overlays import leaves
from tests.charts.values_reference import COMMAND, PAGE, values_page
from tests.charts.values_schema import default_values, described, values_schema

EVERY = [each for each in described(values_schema()) if each.path != "global"]
DESCRIBED = {each.path: each for each in EVERY}


def test_the_schema_is_one_and_takes_the_defaults() -> None:
    jsonschema.Draft7Validator.check_schema(values_schema())
    assert values_schema()["$schema"] == "http://json-schema.org/draft-07/schema#"
    jsonschema.validate(default_values(), values_schema(), jsonschema.Draft7Validator)


def test_every_default_is_described() -> None:
    for path, _ in leaves(default_values()):
        within = [path.rsplit(".", depth)[0] for depth in range(path.count(".") + 1)]
        known = [each for each in within if each in DESCRIBED]
        assert known, f"{path}: values.schema.json lacks it"
        # The rest of the path belongs to a map that is a value of its own, such as resources.
        assert known[0] == path or not DESCRIBED[known[0]].is_group, path


def test_everything_that_is_described_has_a_default() -> None:
    defaults = default_values()
    for value in EVERY:
        found = defaults
        for name in value.path.split("."):
            assert name in found, f"{value.path}: values.yaml lacks it"
            found = found[name]


def test_descriptions_are_short_prose() -> None:
    for value in EVERY:
        text = value.schema["description"]
        assert text[0].isupper() or text[0] == "`", text
        assert text.endswith("."), text
        assert len(text) <= 340, text
        assert text.count("`") % 2 == 0, text


def test_groups_refuse_what_they_do_not_know() -> None:
    assert values_schema()["additionalProperties"] is False
    assert [value.path for value in EVERY if value.is_group and value.schema["additionalProperties"]] == []


def test_what_templates_rely_on_cannot_be_taken_away() -> None:
    """Helm deletes a value that is set to null: only a schema notices."""
    for value in EVERY:
        free = "$ref" in value.schema or (value.schema["type"] == "object" and not value.is_group)
        objects = value.schema.get("items", {}).get("type") == "object"
        nullable = "null" in value.schema.get("type", ())
        assert value.needed is not (free or objects or nullable), value.path


def test_the_committed_page_is_the_generated_one() -> None:
    assert PAGE.read_text() == values_page(), f"run: {COMMAND}"


def test_no_text_breaks_its_table() -> None:
    rows = [line for line in values_page().splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in rows} == {5}
