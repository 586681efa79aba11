"""Moving in from Ory Hydra, by its admin API and by its table."""

from pathlib import Path

import pytest

from ostiary_state.applications.secret_hashes import SecretHash
from tests.importing.running import EXPORTS, Imported, assert_accepted, run


@pytest.fixture(scope="module")
def told() -> Imported:
    """By the API."""
    return run("hydra", EXPORTS / "hydra-clients.json")


@pytest.fixture(scope="module")
def rows() -> Imported:
    """By the table."""
    return run("hydra", EXPORTS / "hydra-rows.json")


def test_what_is_printed_is_accepted(told: Imported, rows: Imported, tmp_path: Path) -> None:
    assert_accepted(told, tmp_path)
    assert_accepted(rows, tmp_path)
    assert [name for _, name in told.manifests] == ["default/customer-portal", "default/signer"]
    assert (told.exit_code, rows.exit_code) == (1, 0)


def test_a_client_of_the_api_keeps_its_id_and_gets_a_new_secret(told: Imported) -> None:
    assert told.spec("default/customer-portal") == {
        "displayName": "Customer Portal",
        "homepageURL": "https://portal.example.com",
        "policyURL": "https://example.com/privacy",
        "contacts": ["portal@example.com"],
        "clientID": "4d3c6f14-5a3e-4b8e-9a43-2f6f5d5f2b11",
        "callbackURLs": ["https://portal.example.com/cb"],
        "postLogoutRedirectURLs": ["https://portal.example.com/"],
        "grantModes": ["authorization_code", "refresh_token"],
        "scopes": ["openid", "profile", "offline_access"],
        "pkce": "Optional",
        "consent": "Skip",
        "tokenLifetimes": {"accessToken": "15m"},
        "accessTokenFormat": "Opaque",
        "tokenEndpointAuthMethod": "client_secret_basic",
    }
    findings = told.findings("client 4d3c6f14")
    assert any("Hydra tells no secret; rows of its table hold a hash" in line for line in findings)
    assert any(
        "give the application the secret that is generated in the Secret customer-portal-o" in f for f in findings
    )


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("redirect_uris: https://portal.example.com/silent?...", "remove the fragment"),
        ("grant_types: urn:ietf:params:oauth:grant-type:device_code", "the device grant is not served"),
        ("response_types: code id_token", "no grant that is left allows it"),
        ("owner", "write it into contacts or a label"),
        ("logo_uri", "begin with https://"),
    ],
)
def test_what_has_no_equivalent_is_reported(told: Imported, field: str, words: str) -> None:
    found = [line for line in told.findings("client 4d3c6f14") if line.startswith(f"{field}: ")]
    assert any(words in line for line in found), told.findings("client 4d3c6f14")
    assert "hidden" not in told.report


def test_a_client_that_signs_keeps_its_keys_and_has_no_secret(told: Imported) -> None:
    spec = told.spec("default/signer")
    assert (spec["jwksURL"], spec["tokenEndpointAuthMethod"]) == ("https://signer.example.com/jwks", "private_key_jwt")
    assert spec["tokenEndpointAuthSigningAlg"] == "ES256"
    findings = told.findings("client signer")
    assert any(line.startswith("metadata: an application has no data") for line in findings)
    assert any(line.startswith("request_uris_of_tomorrow: nothing like it is known here") for line in findings)


def test_a_client_id_that_no_client_library_takes_stays_behind(told: Imported) -> None:
    finding, *_ = told.findings("client reporting job is not imported")
    assert finding == (
        "client id: it would be refused; use letters, digits and - . _ ~ only, which no client library has to escape"
    )


def test_a_client_without_a_grant_that_is_served_stays_behind(told: Imported) -> None:
    findings = told.findings("client exchanger is not imported")
    assert findings[0].startswith("grants: no grant is left that is served here")
    assert any("assertions are not taken for a grant" in line for line in findings)


def test_a_row_keeps_the_hash_of_its_secret_as_it_is(rows: Imported) -> None:
    assert rows.spec("default/inventory") == {
        "displayName": "Inventory",
        "clientID": "inventory",
        "grantModes": ["client_credentials"],
        "scopes": ["stock:read"],
        "audiences": ["https://stock.example.com"],
        "tokenLifetimes": {"accessToken": "2h"},
        "tokenEndpointAuthMethod": "client_secret_basic",
        "secret": {"mode": "Require"},
    }
    secret = rows.secret("default/inventory-oauth")
    assert list(secret) == ["client-secret-hash"]
    assert SecretHash.parse(secret["client-secret-hash"]).matches("s3cret-from-hydra")
    assert "L8jQf5quHGlFuCNR0pofhTHUG8E" not in rows.report


def test_lists_of_hydra_1_are_read_too(rows: Imported) -> None:
    spec = rows.spec("default/intranet")
    assert spec["callbackURLs"] == ["https://intranet.example.com/cb", "http://localhost/cb"]
    assert spec["grantModes"] == ["authorization_code", "refresh_token"]
    assert SecretHash.parse(rows.secret("default/intranet-oauth")["client-secret-hash"]).matches(
        "correct horse battery staple"
    )


def test_pairwise_subjects_that_have_no_single_host_are_reported(rows: Imported) -> None:
    assert "subjectType" not in rows.spec("default/intranet")
    assert any(line.startswith("subject_type: ") for line in rows.findings("client intranet"))


def test_a_hash_that_cannot_be_verified_here_is_replaced_by_a_new_secret(rows: Imported) -> None:
    assert "secret" not in rows.spec("default/museum")
    assert any("of no kind that is known here" in line for line in rows.findings("client museum"))


def test_something_else_is_named(tmp_path: Path) -> None:
    (file := tmp_path / "x.json").write_text('{"items": [{"clientId": "a"}]}')
    done = run("hydra", file)
    assert done.exit_code == 2
    assert "document 1: items[0].client_id: this field is required" in done.report
