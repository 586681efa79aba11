"""Clients in Go and Java that this project did not write find everything as they expect it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.client_processes import running
from tests.cluster.build import Programs, binaries
from tests.flows.installation import Installation
from tests.java_clients import JavaClient
from tests.person import Person


@pytest.fixture(scope="session")
def go_clients() -> Path:
    """Built once; some seconds the first time."""
    return binaries(Programs.CLIENTS) / "oidc-clients"


@pytest.mark.parametrize(("library", "name"), [("zitadel", "till"), ("coreos", "shop")])
async def test_a_go_service_signs_a_user_in_and_stays_signed_in(
    provider: Installation, go_clients: Path, ada: Person, app: str, library: str, name: str
) -> None:
    async with running(go_clients, library) as client:
        asked = await client.say(
            issuer=provider.issuer(name),
            clientID=f"clients.{name}",
            clientSecret=provider.client_secret("clients", f"{name}-oauth"),
            redirectURI=app,
            scope=["openid", "profile", "email"],
        )
        told = await client.say(callback=await ada.visit(asked["visit"], app))

    _ada_is_known(told, provider, name)
    if library == "zitadel":
        assert "invalid_grant" in told["afterRevocation"]


async def test_a_java_service_signs_a_user_in_and_stays_signed_in(
    provider: Installation, java_client: JavaClient, ada: Person, app: str, tmp_path: Path
) -> None:
    issuer = provider.issuer("shop")
    (hosts := tmp_path / "hosts").write_text(f"127.0.0.1 {urlsplit(issuer).hostname}\n")
    async with java_client.running(hosts) as client:
        asked = await client.say(
            issuer=issuer,
            clientId="clients.shop",
            clientSecret=provider.client_secret("clients", "shop-oauth"),
            redirectUri=app,
            scope="openid profile email",
        )
        told = await client.say(callback=await ada.visit(asked["visit"], app))

    _ada_is_known(told, provider)
    assert told["revoked"] == 200


def _ada_is_known(told: dict[str, Any], provider: Installation, name: str = "shop") -> None:
    claims, userinfo = told["claims"], told["userinfo"]
    assert claims["iss"] == provider.issuer(name)
    assert claims["aud"] in (f"clients.{name}", [f"clients.{name}"])  # zitadel/oidc always writes a list
    assert claims["sub"].startswith("u_")
    assert userinfo["sub"] == claims["sub"]
    assert (userinfo["name"], userinfo["email"]) == ("Ada Lovelace", "ada@example.com")
    assert told["rotated"]
    assert told["sameUserAfterRefresh"]
