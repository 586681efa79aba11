"""Moving in from OpenShift's OAuth server."""

from pathlib import Path

import pytest

from tests.importing.running import EXPORTS, Imported, assert_accepted, run


@pytest.fixture(scope="module")
def imported() -> Imported:
    return run("openshift", EXPORTS / "openshift.yaml", "--namespace", "apps")


def test_what_is_printed_is_accepted(imported: Imported, tmp_path: Path) -> None:
    assert_accepted(imported, tmp_path)
    assert imported.exit_code == 0


def test_a_client_keeps_its_name_as_client_id_and_its_secret(imported: Imported) -> None:
    assert imported.spec("apps/ci") == {
        "clientID": "ci",
        "callbackURLs": ["https://ci.example.com/"],
        "scopes": ["openid", "profile", "email", "user:info"],
        "pkce": "Optional",
        "consent": "Skip",
        "tokenLifetimes": {"accessToken": "24h"},
        "secret": {"mode": "Require"},
    }
    assert imported.secret("apps/ci-oauth") == {"client-secret": "theSecretOfContinuousIntegration"}


def test_a_client_without_a_secret_is_public(imported: Imported) -> None:
    assert imported.spec("apps/device-app") == {
        "clientID": "device-app",
        "type": "Public",
        "callbackURLs": ["com.example.device:/callback"],
        "tokenLifetimes": {"accessToken": "1h"},
    }


def test_a_client_that_was_denied_everything_is_not_enabled(imported: Imported) -> None:
    assert imported.spec("apps/retired")["enabled"] is False


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("redirectURIs", "here the whole address is compared"),
        ("redirectURIs: http://ci.example.com/", "begin with https://"),
        ("additionalSecrets", "see that every instance uses that one"),
        ("respondWithChallenges", "people sign in on a page"),
        ("accessTokenMaxAgeSeconds: 0", "24h was written"),
        ("accessTokenInactivityTimeoutSeconds", "use short access tokens"),
        ("scopeRestrictions: clusterRole", "does not act as a person at the API"),
        ("scopes user:info, user:full, role:*", "tokens open nothing at the API of the cluster"),
        ("response_type=token", "add implicit to grantModes if it is"),
    ],
)
def test_what_has_no_equivalent_is_reported(imported: Imported, field: str, words: str) -> None:
    found = [line for line in imported.findings("OAuthClient ci,") if line.startswith(f"{field}: ")]
    assert any(words in line for line in found), imported.findings("OAuthClient ci,")


def test_the_clusters_own_clients_stay(imported: Imported) -> None:
    assert imported.findings("What is no client") == [
        "OAuthClient openshift-browser-client: it is one of the cluster's own; leave it there"
    ]
    for secret in ("theClustersOwn", "theSecretOfBefore"):
        assert secret not in imported.report + imported.out


def test_something_else_is_named(tmp_path: Path) -> None:
    (file := tmp_path / "x.yaml").write_text("kind: OAuthClient\napiVersion: example.com/v1")
    assert "document 1: kind: expected an OAuthClient of oauth.openshift.io" in run("openshift", file).report
    file.write_text("kind: OAuthClient\napiVersion: oauth.openshift.io/v1\nmetadata: {name: a}\ngrantMethod: always")
    assert "document 1: grantMethod: expected auto, prompt or deny" in run("openshift", file).report
