"""The pages of reference are what the specs say, and their examples work."""

from pathlib import Path

import yaml

from ostiary_state.applications import rules as application_rules
from ostiary_state.applications.spec import OAuthApplicationSpec
from ostiary_state.reference import EXAMPLES, reference_pages
from ostiary_state.users import rules as user_rules
from ostiary_state.users.spec import OAuthUserSpec

PAGES = Path(__file__).parents[2] / "docs" / "reference"


def test_the_committed_pages_are_the_generated_ones() -> None:
    for name, text in reference_pages().items():
        assert (PAGES / name).read_text() == text, "run: uv run python -m ostiary_state.reference docs/reference/"


def test_every_field_of_a_spec_has_a_row() -> None:
    pages = reference_pages()
    for spec, page in ((OAuthApplicationSpec, "oauthapplication.md"), (OAuthUserSpec, "oauthuser.md")):
        for field in spec.model_fields.values():
            assert f"\n| `{field.alias}` |" in pages[page]


def test_no_text_breaks_its_table() -> None:
    for page in reference_pages().values():
        columns = {line.replace("\\|", "").count("|") for line in page.splitlines() if line.startswith("|")}
        assert columns <= {3, 4, 5}


def test_the_example_of_an_application_keeps_the_rules() -> None:
    manifest = yaml.safe_load(EXAMPLES["OAuthApplication"])
    spec = OAuthApplicationSpec.read(manifest["spec"])
    assert application_rules.violations(spec, namespace="team-a", name="shop") == ()


def test_the_example_of_a_user_keeps_the_rules() -> None:
    assert user_rules.violations(OAuthUserSpec.read(yaml.safe_load(EXAMPLES["OAuthUser"])["spec"])) == ()
