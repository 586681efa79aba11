"""Moving in from Ory hydra-maester."""

from pathlib import Path

import pytest

from tests.importing.running import EXPORTS, Imported, assert_accepted, run

EXPORT = EXPORTS / "hydra-maester.yaml"


@pytest.fixture(scope="module")
def imported() -> Imported:
    return run("hydra-maester", EXPORT)


def test_what_is_printed_is_accepted_and_in_a_stable_order(imported: Imported, tmp_path: Path) -> None:
    assert_accepted(imported, tmp_path)
    assert list(imported.manifests) == [
        ("OAuthApplication", "retail/kiosk"),
        ("OAuthApplication", "retail/stocktaking"),
        ("Secret", "retail/stocktaking-credentials"),
        ("OAuthApplication", "retail/storefront"),
        ("Secret", "retail/storefront-oauth2"),
    ]
    assert imported.exit_code == 1  # two stay behind
    assert imported.report.endswith("3 of 5 clients of hydra-maester have manifests\n")


def test_a_confidential_client_keeps_its_id_its_secret_and_the_secrets_keys(imported: Imported) -> None:
    assert imported.spec("retail/storefront") == {
        "displayName": "Storefront",
        "clientID": "2f2f6f0e-9a9b-4c0d-8f55-3c1f0e0a7f11",
        "callbackURLs": ["https://store.example.com/oauth/callback"],
        "postLogoutRedirectURLs": ["https://store.example.com/bye"],
        "corsOrigins": ["https://store.example.com"],
        "grantModes": ["authorization_code", "refresh_token", "client_credentials"],
        "scopes": ["openid", "profile", "email", "offline", "offline_access"],
        "audiences": ["https://orders.example.com", "https://stock.example.com"],
        "pkce": "Optional",
        "consent": "Skip",
        "tokenLifetimes": {"accessToken": "30m", "refreshTokenIdle": "2160h"},
        "backChannelLogoutURL": "https://store.example.com/oauth/logout",
        "tokenEndpointAuthMethod": "client_secret_post",
        "secret": {
            "name": "storefront-oauth2",
            "mode": "Require",
            "keys": {"clientID": "CLIENT_ID", "clientSecret": "CLIENT_SECRET"},
        },
    }
    assert imported.manifests["Secret", "retail/storefront-oauth2"]["metadata"]["labels"] == {
        "ostiary.dev/secret": "true"
    }
    assert imported.secret("retail/storefront-oauth2") == {
        "CLIENT_ID": "2f2f6f0e-9a9b-4c0d-8f55-3c1f0e0a7f11",
        "CLIENT_SECRET": "quiteASecretOfHydra",
    }


def test_a_public_client_has_no_secret_and_must_use_pkce(imported: Imported) -> None:
    assert imported.spec("retail/kiosk") == {
        "clientID": "kiosk",
        "type": "Public",
        "callbackURLs": ["com.example.kiosk:/callback"],
        "grantModes": ["authorization_code", "refresh_token", "implicit"],
        "responseTypes": ["code", "id_token token"],
        "scopes": ["openid", "offline_access"],
    }
    assert any("PKCE: a Public application has to send" in line for line in imported.findings("/kiosk"))


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("spec.redirectUris: https://*.preview.example.com/oauth/callback", "there are no wildcards"),
        ("spec.allowedCorsOrigins: https://*.preview.example.com", "host name"),
        ("spec.scope: orders.*", "list each scope in full"),
        ("spec.scope: offline", "ask for offline_access"),
        ("spec.audience", "each access token names all of these"),
        ("spec.frontChannelLogoutURI", "use the scheme, host and port of one of the callbackURLs"),
        ("spec.tokenLifespans.client_credentials_grant_access_token_lifespan", "one accessToken for every grant"),
        ("spec.tokenLifespans.authorization_code_grant_refresh_token_lifespan", "from 1h to 2160h"),
        ("spec.tokenLifespans.jwt_bearer_grant_access_token_lifespan", "not served"),
        ("spec.hydraAdmin", "there is no admin API"),
        ("spec.metadata", "write it into annotations"),
        ("Secret storefront-oauth2: metadata.ownerReferences", "kubectl patch secret storefront-oauth2 -n retail"),
        ("Secret storefront-oauth2", "short enough to be guessed"),
        ("PKCE", "remove pkce: Optional once its library sends one"),
    ],
)
def test_what_has_no_equivalent_is_reported_with_what_to_do(imported: Imported, field: str, words: str) -> None:
    found = [line for line in imported.findings("/storefront") if line.startswith(f"{field}: ")]
    assert any(words in line for line in found), imported.findings("/storefront")


def test_a_client_id_of_another_namespace_stays_behind_with_two_ways_out(imported: Imported) -> None:
    finding, *_ = imported.findings("finance/ledger is not imported")
    assert finding.startswith("client id: retail.ledger begins with the name of another namespace; import it with")
    assert "--namespace retail" in finding
    assert "--client-id-prefix retail" in finding
    assert run("hydra-maester", EXPORT, "--client-id-prefix", "retail").spec("finance/ledger")["clientID"]
    moved = run("hydra-maester", EXPORT, "--namespace", "retail")
    assert moved.spec("retail/ledger")["clientID"] == "retail.ledger"


def test_a_client_whose_secret_is_not_there_stays_behind_since_its_id_is_not_known(imported: Imported) -> None:
    (finding,) = imported.findings("finance/orphan is not imported")
    assert "the Secret gone holds the client id and is in none of the files" in finding


def test_no_secret_is_reported(imported: Imported, tmp_path: Path) -> None:
    run("hydra-maester", EXPORT, "--report", tmp_path / "report.md")
    for text in (imported.report, (tmp_path / "report.md").read_text()):
        assert "quiteASecretOfHydra" not in text
        assert ": short" not in text


def test_a_secret_that_is_owned_by_nobody_needs_no_patch(imported: Imported) -> None:
    assert not any("ownerReferences" in line for line in imported.findings("/stocktaking"))
