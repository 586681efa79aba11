"""The command itself: where results go, what a dry run shows, and how a wrong input is named."""

import stat
from pathlib import Path

import pytest

from ostiary_cli.check import check
from tests.importing.running import EXPORTS, run

EXPORT = EXPORTS / "hydra-maester.yaml"
FILES = [
    *("retail.kiosk.yaml", "retail.stocktaking.secret.yaml", "retail.stocktaking.yaml"),
    *("retail.storefront.secret.yaml", "retail.storefront.yaml"),
]


def test_a_folder_gets_a_file_for_each_object_and_secrets_are_for_their_owner_alone(tmp_path: Path) -> None:
    done = run("hydra-maester", EXPORT, "--output", tmp_path / "manifests")
    assert done.out == ""
    assert sorted(file.name for file in (tmp_path / "manifests").iterdir()) == FILES
    for file in (tmp_path / "manifests").glob("*.secret.yaml"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert check([tmp_path / "manifests"]) == ([], 5)


def test_the_same_input_yields_the_same_bytes(tmp_path: Path) -> None:
    assert run("hydra-maester", EXPORT).out == run("hydra-maester", EXPORT).out
    run("hydra-maester", EXPORT, "--output", tmp_path)
    again = run("hydra-maester", EXPORT, "--output", tmp_path, "--dry-run")
    assert {line.rpartition(": ")[2] for line in again.out.splitlines()} == {"as it is"}


def test_a_dry_run_writes_nothing_and_shows_fields_but_no_secret(tmp_path: Path) -> None:
    done = run("hydra-maester", EXPORT, "--output", tmp_path / "manifests", "--dry-run")
    assert not (tmp_path / "manifests").exists()
    assert "OAuthApplication retail/kiosk: new\n" in done.out
    assert "  callbackURLs: + com.example.kiosk:/callback\n" in done.out
    assert "Secret retail/storefront-oauth2: new\n" in done.out
    assert "quiteASecretOfHydra" not in done.out


def test_a_dry_run_compares_what_manifests_mean(tmp_path: Path) -> None:
    run("hydra-maester", EXPORT, "--output", tmp_path)
    kiosk, secret = tmp_path / "retail.kiosk.yaml", tmp_path / "retail.storefront.secret.yaml"
    kiosk.write_text(kiosk.read_text() + "  enabled: true\n  description: In the shop\n")  # the first is a default
    secret.write_text(secret.read_text().replace("quiteASecretOfHydra", "anotherSecret"))
    (tmp_path / "broken.yaml").write_text("{")
    done = run("hydra-maester", EXPORT, "--output", tmp_path, "--dry-run")
    assert "OAuthApplication retail/kiosk: changed\n  description: In the shop -> (default)\n" in done.out
    assert "Secret retail/storefront-oauth2: changed\n  values: (secret) -> (secret), another one\n" in done.out
    assert "anotherSecret" not in done.out
    assert "quiteASecretOfHydra" not in done.out


def test_standard_input_is_read_and_the_address_written() -> None:
    done = run("hydra-maester", "-", "--authentication-address", "https://login.example.com", stdin=EXPORT.read_text())
    assert done.spec("retail/kiosk")["authenticationAddress"] == "https://login.example.com"


def test_the_report_is_markdown_with_a_row_for_each_field(tmp_path: Path) -> None:
    run("hydra-maester", EXPORT, "--report", tmp_path / "report.md")
    text = (tmp_path / "report.md").read_text()
    assert text.startswith("# Moving in from hydra-maester\n\n3 of 5 clients of hydra-maester have manifests.\n")
    assert "## OAuth2Client finance/ledger is not imported\n" in text
    assert "\n## OAuth2Client retail/storefront, now OAuthApplication retail/storefront\n" in text
    assert "\n| spec.hydraAdmin | there is no admin API: the operator writes the database | nothing |\n" in text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "holds nothing"),
        ("{", "while parsing"),
        ("just text", "document 1: expected an object or a list of objects"),
        ("kind: Deployment\napiVersion: apps/v1", "document 1: kind: expected an OAuth2Client of hydra.ory.sh"),
        ("---\nkind: Secret\napiVersion: v1\n---\n- 1", "document 2: [0]: expected an object"),
        (
            "kind: List\napiVersion: v1\nitems:\n- {kind: OAuth2Client, apiVersion: hydra.ory.sh/v1alpha1}",
            "document 1: items[0].metadata.name: this field is required",
        ),
        (
            "kind: OAuth2Client\napiVersion: hydra.ory.sh/v1alpha1\nmetadata: {name: a}\n"
            "spec: {secretName: a, redirectUris: https://a.example}",
            "document 1: spec.redirectUris: expected a list of texts",
        ),
        (
            "kind: OAuth2Client\napiVersion: hydra.ory.sh/v1alpha1\nmetadata: {name: a}\nspec: {secretName: [a]}",
            "document 1: spec.secretName: expected a text",
        ),
        (
            "kind: OAuth2Client\napiVersion: hydra.ory.sh/v1alpha1\nmetadata: {name: a}\n"
            "spec: {secretName: a, skipConsent: 7}",
            "document 1: spec.skipConsent: expected true or false",
        ),
        (
            "kind: OAuth2Client\napiVersion: hydra.ory.sh/v1alpha1\nmetadata: {name: a}\n"
            "spec: {secretName: a, tokenLifespans: {implicit_grant_id_token_lifespan: 1 day}}",
            "document 1: spec.tokenLifespans.implicit_grant_id_token_lifespan: expected a duration such as 1h30m",
        ),
    ],
)
def test_an_input_of_another_kind_is_named_with_file_document_and_field(
    tmp_path: Path, text: str, problem: str
) -> None:
    (file := tmp_path / "export.yaml").write_text(text)
    done = run("hydra-maester", file)
    assert (done.exit_code, done.out) == (2, "")
    assert done.report.startswith(f"ostiary import: {file}:")
    assert problem in done.report


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = run("hydra-maester", tmp_path / "none.yaml")
    assert (done.exit_code, "none.yaml: cannot be read: No such file" in done.report) == (2, True)


def test_an_unknown_product_is_refused_with_those_that_are_known() -> None:
    done = run("auth0", EXPORT)
    assert done.exit_code == 2
    assert "hydra-maester" in done.report
