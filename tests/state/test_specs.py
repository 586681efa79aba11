"""Manifests that mean the same are equal, and an application is served as its manifest says."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from ostiary_state.applications.application import Application
from ostiary_state.applications.credentials import first_credentials
from ostiary_state.applications.identity import client_id_of, secret_name_of
from ostiary_state.applications.spec import OAuthApplicationSpec, canonical
from ostiary_state.users.spec import OAuthUserSpec
from ostiary_state.users.spec import canonical as canonical_user
from ostiary_state.users.user import User
from tests.state.manifests import ACCEPTED_APPLICATIONS, application, public
from tests.state.user_manifests import ACCEPTED_USERS, user

DEFAULTED = {
    "accessTokenFormat": "JWT",
    "consent": "Prompt",
    "deletionPolicy": "Delete",
    "enabled": True,
    "grantModes": ["authorization_code"],
    "pkce": "Required",
    "scopes": ["openid", "profile", "email"],
    "signingAlgorithm": "ES256",
    "suspend": False,
    "tokenLifetimes": {
        "accessToken": "10m",
        "authorizationCode": "1m",
        "idToken": "10m",
        "refreshTokenAbsolute": "2160h",
        "refreshTokenIdle": "336h",
    },
    "type": "Confidential",
}


def served(spec: dict[str, Any], id: str = "team/shop") -> Application:  # noqa: A002 - the field's name
    return Application.from_spec(
        OAuthApplicationSpec.read(spec),
        id=id,
        incarnation="uid",
        revision=7,
        client_id="team.shop",
        issuer_id="issuer",
        not_before=3.0,
        credentials=first_credentials([b"digest"], 0.0),
    )


@pytest.mark.parametrize("spec", ACCEPTED_APPLICATIONS.values(), ids=ACCEPTED_APPLICATIONS)
def test_the_canonical_form_of_an_application_is_json_that_reads_back_as_the_same(spec: dict[str, Any]) -> None:
    form = canonical(OAuthApplicationSpec.read(spec))
    read_back = OAuthApplicationSpec.read(json.loads(json.dumps(form)))
    assert read_back == OAuthApplicationSpec.read(spec)
    assert json.dumps(canonical(read_back)) == json.dumps(form)


@pytest.mark.parametrize("spec", ACCEPTED_USERS.values(), ids=ACCEPTED_USERS)
def test_the_canonical_form_of_a_user_is_json_that_reads_back_as_the_same(spec: dict[str, Any]) -> None:
    form = canonical_user(OAuthUserSpec.read(spec))
    read_back = OAuthUserSpec.read(json.loads(json.dumps(form)))
    assert read_back == OAuthUserSpec.read(spec)
    assert json.dumps(canonical_user(read_back)) == json.dumps(form)


def test_defaults_that_the_api_server_writes_change_nothing() -> None:
    assert canonical(OAuthApplicationSpec.read(application(**DEFAULTED))) == application()


def test_the_same_lifetime_in_other_words_changes_nothing() -> None:
    seconds = OAuthApplicationSpec.read(application(tokenLifetimes={"accessToken": "600s", "idToken": "3600s"}))
    assert canonical(seconds) == application(tokenLifetimes={"idToken": "1h"})


def test_a_secret_that_says_nothing_is_no_secret() -> None:
    assert canonical(OAuthApplicationSpec.read(application(secret={"mode": "Generate"}))) == application()


def test_the_order_of_the_manifest_does_not_show() -> None:
    spec = ACCEPTED_APPLICATIONS["everything"]
    backwards = dict(reversed(spec.items()))
    assert list(canonical(OAuthApplicationSpec.read(backwards))) == list(canonical(OAuthApplicationSpec.read(spec)))


def test_a_spec_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        OAuthApplicationSpec.read(application()).enabled = False  # type: ignore[misc]


def test_a_row_that_newer_rules_would_refuse_is_still_readable() -> None:
    assert OAuthApplicationSpec.read({"callbackURLs": ["http://shop.example.com/*"]}).callback_urls


def test_an_application_is_served_with_its_defaults_resolved() -> None:
    app = served(application())
    assert app.display_name == "shop"
    assert (app.confidential, app.token_endpoint_auth_method) == (True, "client_secret_basic")
    assert (app.signing_algorithm, app.id_token_algorithm) == ("ES256", "RS256")
    assert (app.pkce_required, app.consent_required, app.opaque_access_tokens) == (True, True, False)
    assert app.grant_modes == {"authorization_code"}
    assert app.lifetimes.authorization_code == 60
    assert app.lifetimes.refresh_token_absolute == 90 * 24 * 3600
    assert (app.incarnation, app.revision, app.not_before) == ("uid", 7, 3.0)
    assert [each.digest for each in app.credentials] == [b"digest"]


def test_an_application_is_served_as_it_says() -> None:
    app = served(ACCEPTED_APPLICATIONS["everything"])
    assert app.display_name == "Büro 🗝 Shop"
    assert app.token_endpoint_auth_method == "client_secret_post"
    assert (app.enabled, app.pkce_required, app.consent_required, app.opaque_access_tokens) == (False,) * 3 + (True,)
    assert app.allowed_groups == {"Staff of Köln"}
    assert app.lifetimes.id_token == 5400
    assert app.cors_origins == ("https://shop.example.com", "http://localhost:5173")


def test_a_public_application_sends_no_secret() -> None:
    app = served(public())
    assert (app.confidential, app.token_endpoint_auth_method) == (False, "none")


def test_an_application_is_named_after_its_object_where_it_does_not_say() -> None:
    silent = OAuthApplicationSpec.read(application())
    told = OAuthApplicationSpec.read(application(clientID="web", secret={"name": "web-credentials"}))
    assert client_id_of(silent, namespace="team", name="shop") == "team.shop"
    assert client_id_of(told, namespace="team", name="shop") == "web"
    assert secret_name_of(silent, name="shop") == "shop-oauth"
    assert secret_name_of(told, name="shop") == "web-credentials"
    assert secret_name_of(OAuthApplicationSpec.read(public()), name="shop") is None


def test_a_user_is_read_with_defaults_resolved() -> None:
    ada = User.from_spec(
        OAuthUserSpec.read(user(groups=["staff"], claims={"department": "Finance"})),
        id="team/ada",
        incarnation="uid",
        subject="u_1",
        not_before=0.0,
        password_hash=None,
    )
    assert (ada.username, ada.display_name, ada.email, ada.email_verified) == ("ada", "ada", None, False)
    assert ada.groups == {"staff"}
    assert ada.claims == {"department": "Finance"}
    assert ada.enabled
    assert OAuthUserSpec.read(user(passwordSecretRef={"name": "a"})).password_secret_ref.key == "password"  # type: ignore[union-attr]
