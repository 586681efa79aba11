"""Moving in from Dex, by its configuration and by its custom resources."""

from pathlib import Path

import pytest

from tests.importing.running import EXPORTS, Imported, assert_accepted, run


@pytest.fixture(scope="module")
def configured() -> Imported:
    return run("dex", EXPORTS / "dex.yaml")


def test_what_is_printed_is_accepted(configured: Imported, tmp_path: Path) -> None:
    assert_accepted(configured, tmp_path)
    assert_accepted(run("dex", EXPORTS / "dex-resources.yaml"), tmp_path)
    assert [name for kind, name in configured.manifests if kind == "OAuthApplication"] == [
        *("default/argo-cd", "default/argo-cd-cli", "default/new", "default/vault")
    ]


def test_a_static_client_keeps_its_secret_and_what_the_configuration_says_of_all(configured: Imported) -> None:
    assert configured.spec("default/argo-cd") == {
        "displayName": "Argo CD",
        "logoURL": "https://argocd.example.com/logo.svg",
        "clientID": "argo-cd",
        "callbackURLs": ["https://argocd.example.com/api/dex/callback"],
        "grantModes": ["authorization_code", "implicit", "refresh_token", "password"],
        "responseTypes": ["code", "token", "id_token"],
        "scopes": ["openid", "profile", "email", "groups", "offline_access"],
        "pkce": "Optional",
        "consent": "Skip",
        "tokenLifetimes": {
            "accessToken": "1h",
            "idToken": "1h",
            "refreshTokenIdle": "168h",
            "refreshTokenAbsolute": "3960h",
        },
        "secret": {"mode": "Require"},
    }
    assert configured.secret("default/argo-cd-oauth") == {"client-secret": "NotThatOfTheExampleApplication"}


def test_a_public_client_keeps_its_addresses(configured: Imported) -> None:
    spec = configured.spec("default/argo-cd-cli")
    assert (spec["type"], spec["callbackURLs"]) == ("Public", ["http://localhost:8085/auth/callback"])
    assert "password" not in spec["grantModes"]
    assert "secret" not in spec


@pytest.mark.parametrize(
    ("client", "field", "words"),
    [
        ("client argo-cd,", "trustedPeers", "argo-cd-cli may not ask for tokens that name this client"),
        ("client argo-cd,", "secret", "set tokenEndpointAuthMethod to client_secret_post"),
        ("client kubelogin is not imported", "redirectURIs", "list http://127.0.0.1/ and the path"),
        ("client vault,", "secretEnv", "it is in an environment variable of Dex"),
        ("client Hidden is not imported", "idEnv", "write it into id"),
        ("client new,", "redirectURIs: urn:ietf:wg:oauth:2.0:oob", "begin with https://"),
        ("client new,", "allowedConnectors", "nothing like it is known here"),
        ("What is no client", "connectors", "declare people as OAuthUser objects"),
        ("What is no client", "staticPasswords", "whose passwords are set anew"),
        ("What is no client", "issuer", "give applications the new issuer"),
    ],
)
def test_what_has_no_equivalent_is_reported(configured: Imported, client: str, field: str, words: str) -> None:
    found = [line for line in configured.findings(client) if line.startswith(f"{field}: ")]
    assert any(words in line for line in found), configured.findings(client)


def test_resources_and_configurations_in_the_cluster_are_read_too() -> None:
    found = run("dex", EXPORTS / "dex-resources.yaml")
    assert found.spec("dex/tools.wiki")["clientID"] == "Tools.Wiki"
    assert found.secret("dex/tools.wiki-oauth") == {"client-secret": "ASecretOfTheWikiInFullLength"}
    assert {"default/from-a-map", "default/from-a-secret"} <= {name for _, name in found.manifests}


def test_no_secret_is_reported(configured: Imported) -> None:
    for secret in ("NotThatOfThe", "AnotherSecret", "GITHUB", "$2a$10"):
        assert secret not in configured.report


def test_something_else_is_named(tmp_path: Path) -> None:
    (file := tmp_path / "x.yaml").write_text("issuer: https://dex.example.com")
    assert "document 1: staticClients: this field is required" in run("dex", file).report
    file.write_text("staticClients: [{name: a}]")
    assert "document 1: staticClients[0].id: this field is required" in run("dex", file).report
    file.write_text("staticClients: []\nexpiry: {idTokens: soon}\n---\nkind: ConfigMap\napiVersion: v1\ndata: {a: b}")
    assert "document 2: data: has no config.yaml" in run("dex", file).report
    file.write_text("kind: ConfigMap\napiVersion: v1\ndata: {config.yaml: 'staticClients: [{}]'}")
    assert "config.yaml: document 1: staticClients[0].id: this field is required" in run("dex", file).report
