"""Python's most used clients, authlib and requests-oauthlib, find everything as they expect it."""

from __future__ import annotations

import asyncio

import pytest
from authlib.integrations.requests_client import OAuth2Session
from oauthlib.oauth2 import BackendApplicationClient, LegacyApplicationClient, MobileApplicationClient
from requests_oauthlib import OAuth2Session as OAuthlibSession

from tests.flows.installation import Installation
from tests.person import Person

pytestmark = pytest.mark.usefixtures("localhost_names", "plain_http")


@pytest.fixture
def plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """oauthlib speaks http only when told so."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")


async def test_authlib_signs_a_user_in_with_pkce_and_refreshes(provider: Installation, ada: Person, app: str) -> None:
    issuer, secret = provider.issuer("shop"), provider.client_secret("clients", "shop-oauth")
    with OAuth2Session(
        "clients.shop", secret, scope="openid profile", redirect_uri=app, code_challenge_method="S256"
    ) as session:
        verifier = "v" * 43
        visit, state = session.create_authorization_url(f"{issuer}/authorize", code_verifier=verifier)
        back = await ada.visit(visit, app)
        token = await asyncio.to_thread(
            session.fetch_token, f"{issuer}/token", authorization_response=back, code_verifier=verifier, state=state
        )
        person = await asyncio.to_thread(session.get, f"{issuer}/userinfo")
        fresh = await asyncio.to_thread(session.refresh_token, f"{issuer}/token")

    assert person.json()["name"] == "Ada Lovelace"
    assert fresh["access_token"] != token["access_token"]
    assert fresh["refresh_token"] != token["refresh_token"]


async def test_requests_oauthlib_signs_a_user_in_with_pkce_and_refreshes(
    provider: Installation, ada: Person, app: str
) -> None:
    issuer, secret = provider.issuer("shop"), provider.client_secret("clients", "shop-oauth")
    with OAuthlibSession("clients.shop", redirect_uri=app, scope=["openid", "email"], pkce="S256") as session:
        visit, _ = session.authorization_url(f"{issuer}/authorize")
        back = await ada.visit(visit, app)
        token = await asyncio.to_thread(
            session.fetch_token, f"{issuer}/token", authorization_response=back, client_secret=secret
        )
        person = await asyncio.to_thread(session.get, f"{issuer}/userinfo")
        fresh = await asyncio.to_thread(session.refresh_token, f"{issuer}/token", auth=("clients.shop", secret))

    assert person.json()["email"] == "ada@example.com"
    assert fresh["refresh_token"] != token["refresh_token"]


async def test_requests_oauthlib_reads_the_token_of_an_implicit_answer(
    provider: Installation, ada: Person, spa: str
) -> None:
    issuer = provider.issuer("notes")
    with OAuthlibSession(
        client=MobileApplicationClient("clients.notes"), redirect_uri=spa, scope=["openid", "profile"]
    ) as session:
        visit, _ = session.authorization_url(f"{issuer}/authorize")
        token = session.token_from_fragment(await ada.visit(visit, spa))
        person = await asyncio.to_thread(session.get, f"{issuer}/userinfo")

    assert "refresh_token" not in token
    assert person.json()["name"] == "Ada Lovelace"


async def test_requests_oauthlib_passes_a_password_on(provider: Installation) -> None:
    issuer, secret = provider.issuer("billing"), provider.client_secret("clients", "billing-oauth")
    with OAuthlibSession(client=LegacyApplicationClient("clients.billing"), scope=["openid", "profile"]) as session:
        token = await asyncio.to_thread(
            session.fetch_token,
            f"{issuer}/token",
            username="ada",
            password="analytical-engine-1843",
            auth=("clients.billing", secret),
        )
        person = await asyncio.to_thread(session.get, f"{issuer}/userinfo")

    assert "refresh_token" in token
    assert person.json()["name"] == "Ada Lovelace"


async def test_requests_oauthlib_gets_a_token_without_a_user(provider: Installation) -> None:
    issuer, secret = provider.issuer("robot"), provider.client_secret("clients", "robot-oauth")
    with OAuthlibSession(client=BackendApplicationClient("clients.robot", scope=["stock:read"])) as session:
        token = await asyncio.to_thread(session.fetch_token, f"{issuer}/token", auth=("clients.robot", secret))

    assert token["token_type"] == "Bearer"
    assert token["scope"] == ["stock:read"]
    assert "refresh_token" not in token
