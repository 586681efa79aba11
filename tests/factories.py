"""Values with what a test does not care about filled in."""

from dataclasses import replace
from typing import Any

from ostiary_state.applications.application import Application, TokenLifetimes
from ostiary_state.applications.credentials import first_credentials
from ostiary_state.runtime.issuer import Issuer
from ostiary_state.users.user import User

ISSUER = Issuer(id="i1", origin="https://login.example.com", namespace=None)

_APPLICATION = Application(
    id="shop/web",
    incarnation="uid-1",
    revision=1,
    client_id="shop.web",
    issuer_id=ISSUER.id,
    enabled=True,
    not_before=0.0,
    display_name="Shop",
    logo_url=None,
    homepage_url=None,
    policy_url=None,
    terms_url=None,
    confidential=True,
    callback_urls=("https://shop.example.com/callback",),
    post_logout_redirect_urls=(),
    cors_origins=(),
    grant_modes=frozenset({"authorization_code"}),
    scopes=("openid", "profile", "email"),
    audiences=(),
    allowed_groups=frozenset(),
    pkce_required=True,
    consent_required=True,
    lifetimes=TokenLifetimes(60, 600, 600, 1_209_600, 7_776_000),
    opaque_access_tokens=False,
    signing_algorithm="ES256",
    id_token_algorithm="RS256",
    token_endpoint_auth_method="client_secret_basic",
    credentials=first_credentials([b"d" * 32], 0.0),
)


def application(**fields: Any) -> Application:
    """The web application of a shop, but for `fields`."""
    return replace(_APPLICATION, **fields)


_USER = User(
    id="shop/ada",
    incarnation="uid-ada",
    subject="u_ada",
    username="ada",
    display_name="Ada Lovelace",
    email="ada@example.com",
    email_verified=True,
    groups=frozenset({"staff"}),
    claims={},
    enabled=True,
    not_before=0.0,
    password_hash=None,
)


def user(**fields: Any) -> User:
    """Ada, who has no password, but for `fields`."""
    return replace(_USER, **fields)
