"""Software statements: what somebody who is trusted says of a client (RFC 7591 sections 2.3 and 3.1.1)."""

import json
import warnings
from dataclasses import replace
from typing import Any

import pytest
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, KeySet, OctKey

from ostiary_state.applications.openid import OpenIDSettings, RegistrationLimits, SoftwareStatementIssuer
from tests.openid.provider import CALLBACK, NOW, Provider
from tests.openid.test_dynamic import TEMPLATE, refused, registered, send

KEY = ECKey.generate_key("P-256", parameters={"kid": "directory", "use": "sig"})
JWKS = json.dumps(KeySet([KEY]).as_dict(private=False)).encode()
ISSUER = "https://directory.example.org"
ELSEWHERE = "https://keys.example.org/jwks"
STATED: dict[str, Any] = {"client_name": "Ledger", "redirect_uris": [CALLBACK], "software_id": "ledger"}


def limits(**fields: Any) -> RegistrationLimits:
    issuers = (
        SoftwareStatementIssuer(ISSUER, JWKS, None),
        SoftwareStatementIssuer("https://other.example.org", None, ELSEWHERE),
    )
    return RegistrationLimits(5, 3600, issuers, **fields)


@pytest.fixture
def provider() -> Provider:
    """With a template that trusts two issuers."""
    return Provider(replace(TEMPLATE, openid=OpenIDSettings(registration=limits())))


def statement(
    key: Any = KEY, *, issuer: str | None = ISSUER, alg: str = "ES256", typ: str | None = "JWT", **members: Any
) -> str:
    header = {"alg": alg} | ({"typ": typ} if typ is not None else {})
    claims = {"iss": issuer, "iat": int(NOW)} | STATED | members
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        return jwt.encode(header, {k: v for k, v in claims.items() if v is not None}, key, algorithms=[alg])


async def test_2_3_what_it_says_counts_before_what_the_client_says(provider: Provider) -> None:
    stated = statement()
    client = await registered(
        provider, software_statement=stated, client_name="Bank", redirect_uris=["https://evil.example/"], contacts=["a"]
    )
    assert (client["client_name"], client["redirect_uris"], client["contacts"]) == ("Ledger", [CALLBACK], ["a"])
    assert client["software_statement"] == stated, "3.2.1: as it came"
    assert not {"iss", "iat"} & client.keys()


async def test_2_3_it_may_say_all_that_is_needed(provider: Provider) -> None:
    client = await registered(provider, redirect_uris=None, software_statement=statement())
    assert client["redirect_uris"] == [CALLBACK]


async def test_2_3_keys_may_be_at_an_address(provider: Provider) -> None:
    provider.outside.documents[ELSEWHERE] = JWKS
    stated = statement(issuer="https://other.example.org")
    assert (await registered(provider, software_statement=stated))["client_name"] == "Ledger"
    provider.outside.documents.clear()
    assert (await registered(provider, software_statement=stated))["client_name"] == "Ledger", "kept for minutes"


@pytest.mark.parametrize(
    ("stated", "error"),
    [
        pytest.param("eyJ.eyJ.x", "invalid_software_statement", id="no-jwt"),
        pytest.param(7, "invalid_software_statement", id="no-text"),
        pytest.param("x" * 20_000, "invalid_software_statement", id="endless"),
        pytest.param(statement(issuer="https://evil.example"), "unapproved_software_statement", id="issuer-unknown"),
        pytest.param(statement(issuer=None), "unapproved_software_statement", id="2.3-iss-is-required"),
        pytest.param(statement(ECKey.generate_key("P-256")), "invalid_software_statement", id="another-key"),
        pytest.param(
            statement(OctKey.import_key(JWKS), alg="HS256"), "invalid_software_statement", id="public-key-as-a-secret"
        ),
        pytest.param(statement(exp=int(NOW) - 60), "invalid_software_statement", id="expired"),
        pytest.param(statement(nbf=int(NOW) + 60), "invalid_software_statement", id="not-yet"),
        pytest.param(statement(exp="tomorrow"), "invalid_software_statement", id="no-instant"),
        pytest.param(statement(typ="logout+jwt"), "invalid_software_statement", id="another-type"),
    ],
)
async def test_3_2_2_one_that_is_not_good_is_refused_and_nothing_is_registered(
    provider: Provider, stated: Any, error: str
) -> None:
    assert await refused(provider, software_statement=stated) == error
    assert provider.registrations.rows == {}


async def test_an_unsigned_one_is_refused(provider: Provider) -> None:
    head, body, _ = statement().split(".")
    for forged in (f"{head}.{body}.", f"eyJhbGciOiJub25lIn0.{body}."):
        assert await refused(provider, software_statement=forged) == "invalid_software_statement"


async def test_what_it_says_is_judged_like_any_metadata(provider: Provider) -> None:
    stated = statement(redirect_uris=["http://insecure.example/"])
    assert await refused(provider, software_statement=stated) == "invalid_redirect_uri"
    client = await registered(provider, software_statement=statement(scope="openid admin", client_id="shop.shop"))
    assert client["scope"] == "openid"
    assert client["client_id"].startswith("dyn_")


async def test_an_update_cannot_shake_it_off(provider: Provider) -> None:
    client = await registered(provider, software_statement=statement(exp=int(NOW) + 3600))
    provider.now += 7200
    path, token = f"/register/{client['client_id']}", client["registration_access_token"]
    evil = {"client_id": client["client_id"], "redirect_uris": ["https://evil.example/"], "contacts": ["b"]}

    changed = (await send(provider, "PUT", path, token=token, **evil)).json()
    assert (changed["redirect_uris"], changed["contacts"]) == ([CALLBACK], ["b"])
    assert changed["software_statement"] == client["software_statement"]

    fresh = statement(client_name="Ledger 2")
    changed = (await send(provider, "PUT", path, token=token, software_statement=fresh, **evil)).json()
    assert (changed["client_name"], changed["software_statement"]) == ("Ledger 2", fresh)
    assert (await send(provider, "GET", path, token=token)).json()["software_statement"] == fresh


async def test_one_may_be_demanded(provider: Provider) -> None:
    provider.put_openid(registration=limits(statement_required=True))
    assert await refused(provider) == "invalid_client_metadata"
    assert await registered(provider, software_statement=statement())
