"""Node's most used clients, openid-client and oauth4webapi, find everything as they expect it."""

from __future__ import annotations

import pytest

from tests.flows.conftest import PORTAL_KEY
from tests.flows.installation import Installation
from tests.node_clients import NodeClients
from tests.person import Person


async def test_openid_client_signs_a_user_in_and_stays_signed_in(
    provider: Installation, node_clients: NodeClients, ada: Person, app: str
) -> None:
    async with node_clients.running("code_flow.mjs") as client:
        asked = await client.say(
            issuer=provider.issuer("shop"),
            clientId="clients.shop",
            clientSecret=provider.client_secret("clients", "shop-oauth"),
            redirectUri=app,
            scope="openid profile email",
        )
        told = await client.say(callback=await ada.visit(asked["visit"], app))

    assert told["claims"]["iss"] == provider.issuer("shop")
    assert told["claims"]["aud"] == "clients.shop"
    assert told["claims"]["sub"].startswith("u_")
    assert told["userinfo"] | {"name": "Ada Lovelace", "email": "ada@example.com"} == told["userinfo"]
    assert told["userinfo"]["sub"] == told["claims"]["sub"]
    assert told["rotated"]
    assert told["sameUserAfterRefresh"]
    assert told["introspected"]["active"] is True
    assert told["introspected"]["client_id"] == "clients.shop"
    assert told["afterRevocation"] == "invalid_grant"


@pytest.mark.parametrize("how", ["code id_token", "id_token", "jarm", "jar"])
async def test_openid_client_reads_every_other_kind_of_response(
    provider: Installation, node_clients: NodeClients, ada: Person, callback_port: int, how: str
) -> None:
    redirect_uri = f"http://portal-app.localhost:{callback_port}/callback"
    async with node_clients.running("responses.mjs") as client:
        asked = await client.say(
            issuer=provider.issuer("portal"),
            clientId="clients.portal",
            clientSecret=provider.client_secret("clients", "portal-oauth"),
            redirectUri=redirect_uri,
            scope="openid profile",
            how=how,
            privateJwk=PORTAL_KEY.as_dict(private=True),
            signedUserinfo=True,
        )
        told = await client.say(callback=await ada.visit(asked["visit"], redirect_uri))

    assert told["claims"]["aud"] == "clients.portal"
    assert told["claims"]["sub"].startswith("u_")
    if how != "id_token":
        assert told["userinfo"]["name"] == "Ada Lovelace"
        assert told["userinfo"]["sub"] == told["claims"]["sub"]
        await ada.page.goto(told["signOut"])
        assert "You are signed out" in await ada.page.inner_text("body")


async def test_openid_client_registers_itself_and_signs_a_user_in(
    provider: Installation, node_clients: NodeClients, ada: Person, app: str
) -> None:
    async with node_clients.running("registering.mjs") as client:
        asked = await client.say(
            issuer=provider.issuer("registering"),
            initialAccessToken=provider.client_secret("clients", "registering-oauth"),
            redirectUri=app,
            scope="openid profile",
        )
        told = await client.say(callback=await ada.visit(asked["visit"], app))

    assert told["claims"]["aud"] == told["clientId"]
    assert told["userinfo"]["name"] == "Ada Lovelace"


async def test_oauth4webapi_signs_a_user_in_without_a_secret(
    provider: Installation, node_clients: NodeClients, ada: Person, callback_port: int
) -> None:
    redirect_uri = f"http://127.0.0.1:{callback_port}/callback"  # declared without a port: any will do on loopback
    async with node_clients.running("public_client.mjs") as client:
        asked = await client.say(
            issuer=provider.issuer("desktop"),
            clientId="clients.desktop",
            redirectUri=redirect_uri,
            scope="openid profile",
        )
        told = await client.say(callback=await ada.visit(asked["visit"], redirect_uri))

    assert told["claims"]["aud"] == "clients.desktop"
    assert told["tokenType"] == "bearer"
    assert told["hasRefreshToken"] is False
    assert told["withAGuessedVerifier"] == "invalid_grant"


async def test_openid_client_gets_a_token_without_a_user(provider: Installation, node_clients: NodeClients) -> None:
    async with node_clients.running("client_credentials.mjs") as client:
        told = await client.say(
            issuer=provider.issuer("robot"),
            clientId="clients.robot",
            clientSecret=provider.client_secret("clients", "robot-oauth"),
            scope="stock:read",
        )

    assert told["tokenType"] == "bearer"
    assert told["introspected"]["active"] is True
    assert told["introspected"]["scope"] == "stock:read"
    assert told["introspected"]["iss"] == provider.issuer("robot")
    assert told["withAGuessedSecret"] == "invalid_client"
