"""Moving in from Keycloak, by the export of a realm and by the custom resources of its operators."""

from pathlib import Path

import pytest

from tests.importing.running import EXPORTS, Imported, assert_accepted, run


@pytest.fixture(scope="module")
def realm() -> Imported:
    return run("keycloak", EXPORTS / "keycloak-realm.json")


@pytest.fixture(scope="module")
def resources() -> Imported:
    return run("keycloak", EXPORTS / "keycloak-resources.yaml")


def test_what_is_printed_is_accepted(realm: Imported, resources: Imported, tmp_path: Path) -> None:
    assert_accepted(realm, tmp_path)
    assert_accepted(resources, tmp_path)
    assert [name for kind, name in realm.manifests if kind == "OAuthApplication"] == [
        *("default/batch", "default/signed", "default/spa", "default/web-shop"),
    ]


def test_a_confidential_client_keeps_all_that_has_an_equivalent(realm: Imported) -> None:
    assert realm.spec("default/web-shop") == {
        "displayName": "Web Shop",
        "description": "Where customers buy",
        "homepageURL": "https://shop.example.com/start",
        "clientID": "web-shop",
        "callbackURLs": ["https://shop.example.com/oauth/callback"],
        "postLogoutRedirectURLs": ["https://shop.example.com/oauth/callback", "https://shop.example.com/bye"],
        "corsOrigins": ["https://shop.example.com", "https://cdn.example.com"],
        "grantModes": ["authorization_code", "refresh_token", "password", "client_credentials"],
        "scopes": ["openid", "profile", "email", "tenant", "address", "phone", "offline_access", "groups"],
        "claims": [
            {"name": "shop_roles", "from": "roles"},
            {"name": "region", "value": "eu"},
            {"name": "login", "from": "preferred_username"},
            {"name": "https://example.com/tenant", "from": "tenant", "tokens": ["IDToken"]},
        ],
        "audiences": ["https://orders.example.com"],
        "pkce": "Optional",
        "consent": "Skip",
        "tokenLifetimes": {"accessToken": "1m", "refreshTokenIdle": "24h", "refreshTokenAbsolute": "24h"},
        "signingAlgorithm": "RS256",
        "backChannelLogoutURL": "https://shop.example.com/oauth/logout",
        "frontChannelLogoutURL": "https://shop.example.com/oauth/front",
        "frontChannelLogoutSessionRequired": True,
        "secret": {"mode": "Require"},
    }
    assert realm.secret("default/web-shop-oauth") == {"client-secret": "k9LZpQx7vB2nR4tW6yU8iO0aS1dF3gH5"}


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("redirectUris: https://shop.example.com/*", "there are no wildcards"),
        ("webOrigins: *", "list the origins in corsOrigins"),
        ("directAccessGrantsEnabled", "remove password from grantModes unless it is in use"),
        ("clientAuthenticatorType", "set tokenEndpointAuthMethod to client_secret_post"),
        ("authorizationServicesEnabled", "decide in the resource server"),
        ("authenticationFlowBindingOverrides", "there is one way to sign in"),
        ("attributes: oauth2.device.authorization.grant.enabled", "the device grant is not served"),
        ("attributes: client.secret.rotated", "nothing like it is known here"),
        ("access.token.lifespan", "30 seconds are out of bounds: from 1m to 24h; 1m was written"),
        ("id.token.signed.response.alg: PS512", "not served"),
        ("protocolMappers: groups", "groups have no path here"),
        ("protocolMappers: realm roles", "a claim within another is not served"),
        ("protocolMappers: script", "script-price.js has no equivalent"),
        ("protocolMappers: tenant", "write tenant into claims of each OAuthUser"),
        ("protocolMappers", "choose another name: by this claim tokens are checked"),
        ("protocolMappers: access.token.claim", "access tokens do not say https://example.com/tenant"),
        ("defaultClientScopes: tenant", "have the application ask for it"),
        ("pkce.code.challenge.method", "remove pkce: Optional once its library sends one"),
    ],
)
def test_what_has_no_equivalent_is_reported_with_what_to_do(realm: Imported, field: str, words: str) -> None:
    found = [line for line in realm.findings("client web-shop") if line.startswith(f"{field}: ")]
    assert any(words in line for line in found), realm.findings("client web-shop")


def test_claims_that_scopes_open_anyway_are_not_mentioned(realm: Imported) -> None:
    assert not any("website" in line for line in realm.findings("client web-shop"))
    assert sum("realm roles" in line for line in realm.findings("client web-shop")) == 1


def test_a_public_client_loses_what_nobody_without_a_secret_may_do(realm: Imported) -> None:
    assert realm.spec("default/spa") == {
        "clientID": "spa",
        "type": "Public",
        "callbackURLs": ["https://spa.example.com/callback"],
        "corsOrigins": ["https://spa.example.com"],
        "grantModes": ["authorization_code", "refresh_token"],
    }
    assert any(line.startswith("flows: password: a Public application") for line in realm.findings("client spa"))


def test_a_masked_secret_is_not_taken_for_one(realm: Imported) -> None:
    assert realm.spec("default/batch") == {
        "clientID": "batch",
        "enabled": False,
        "grantModes": ["client_credentials"],
        "consent": "Skip",
    }
    assert any("export with kc.sh, which does not" in line for line in realm.findings("client batch"))
    assert "***" not in realm.out


def test_a_client_that_signs_keeps_its_keys(realm: Imported) -> None:
    spec = realm.spec("default/signed")
    assert (spec["tokenEndpointAuthMethod"], spec["jwksURL"]) == ("private_key_jwt", "https://signed.example.com/jwks")
    assert "secret" not in spec


def test_what_is_no_client_of_oauth_is_named(realm: Imported) -> None:
    said = "\n".join(realm.findings("What is no client"))
    assert "clients account, shop-realm: they are Keycloak's own; nothing" in said
    assert "client https://saml.example.com/metadata: its protocol is saml" in said
    assert "client orders-api: it only checks tokens" in said
    assert "realm shop: users: people are OAuthUser objects" in said


def test_a_client_that_may_be_sent_anywhere_stays_behind(realm: Imported) -> None:
    findings = realm.findings("client everywhere is not imported")
    assert findings[0].startswith("grants: no grant is left")
    assert any(line.startswith("redirectUris: *: ") for line in findings)


def test_no_secret_is_reported(realm: Imported, resources: Imported) -> None:
    for text in (realm.report, resources.report):
        for secret in ("k9LZpQx7v", "theFormerSecret", "anotherSecret", "TheSecret", "hashed"):
            assert secret not in text


def test_a_resource_of_the_legacy_operator_keeps_the_secret_that_its_operator_made(resources: Imported) -> None:
    assert resources.spec("monitoring/grafana") == {
        "clientID": "Grafana",
        "callbackURLs": ["https://grafana.example.com/login/generic_oauth"],
        "grantModes": ["authorization_code", "refresh_token"],
        "consent": "Skip",
        "secret": {
            "name": "keycloak-client-secret-grafana",
            "mode": "Require",
            "keys": {"clientID": "CLIENT_ID", "clientSecret": "CLIENT_SECRET"},
        },
    }
    assert resources.secret("monitoring/keycloak-client-secret-grafana") == {
        "CLIENT_ID": "Grafana",
        "CLIENT_SECRET": "TheSecretOfGrafanaInFull",
    }


def test_a_resource_of_epam_keeps_the_secret_that_it_refers_to(resources: Imported) -> None:
    spec = resources.spec("gitops/argocd")
    assert spec["callbackURLs"] == ["https://argocd.example.com/auth/callback"]
    assert spec["postLogoutRedirectURLs"] == spec["callbackURLs"]
    assert spec["secret"] == {"name": "argocd-sso", "mode": "Require", "keys": {"clientSecret": "oidc.secret"}}
    assert resources.secret("gitops/argocd-sso") == {"oidc.secret": "TheSecretOfArgoInFullLengthAtLast"}
    assert any(line.startswith("clientRoles: ") for line in resources.findings("gitops/argocd"))


def test_a_resource_of_epam_without_addresses_has_only_a_wildcard(resources: Imported) -> None:
    findings = resources.findings("KeycloakClient gitops/wiki is not imported")
    assert any("https://wiki.example.com/*" in line for line in findings)


def test_something_else_is_named(tmp_path: Path) -> None:
    (file := tmp_path / "x.json").write_text('{"realm": "shop"}')
    assert "document 1: clients: this field is required" in run("keycloak", file).report
    file.write_text('{"clients": [{"clientId": "a", "redirectUris": "b"}]}')
    assert "document 1: clients[0].redirectUris: expected a list of texts" in run("keycloak", file).report
    file.write_text('{"clients": [{"clientId": "a", "attributes": {"access.token.lifespan": "soon"}}]}')
    assert "clients[0].attributes.access.token.lifespan: expected a whole number" in run("keycloak", file).report
