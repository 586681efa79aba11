"""OpenID Connect Core section 9: private_key_jwt, by the rules of RFC 7523 section 3."""

import json
from typing import Any

import httpx
import pytest
from joserfc import jws
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from ostiary_server.protocol.client_assertions import UsedAssertions
from tests.factories import ISSUER
from tests.granting import OTHER_ISSUER, basic
from tests.openid.provider import SECRET, Provider
from tests.openid.test_dynamic import INITIAL, TEMPLATE, refused, registered, send

RSA = RSAKey.generate_key(2048, parameters={"kid": "rsa"})
EC = ECKey.generate_key("P-256", parameters={"kid": "ec"})
STRANGER = ECKey.generate_key("P-256", parameters={"kid": "ec"})
JWKS = json.dumps(KeySet([RSA, EC]).as_dict(private=False)).encode()
JWKS_URL = "https://shop.example.com/jwks"
TOKEN_URL = f"{ISSUER.origin}/token"
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MACHINE = frozenset({"authorization_code", "refresh_token", "client_credentials"})


@pytest.fixture
def provider() -> Provider:
    provider = Provider()
    provider.put(token_endpoint_auth_method="private_key_jwt", credentials=(), grant_modes=MACHINE)
    provider.put_openid(jwks=JWKS)
    return provider


def assertion(
    provider: Provider, key: Any = EC, algorithm: str = "ES256", *, typ: str | None = None, **changes: Any
) -> str:
    """With everything in it, but for `changes` (None: left out)."""
    claims = {
        "iss": "shop.web",
        "sub": "shop.web",
        "aud": ISSUER.origin,
        "jti": f"id-{next(_IDS)}",
        "iat": provider.now,
        "exp": provider.now + 60,
    } | changes
    header = {"alg": algorithm, "kid": key.kid} | ({"typ": typ} if typ else {})
    content = {name: value for name, value in claims.items() if value is not None}
    return jws.serialize_compact(header, json.dumps(content), key, algorithms=[algorithm])


_IDS = iter(range(10**6))


async def sent(
    provider: Provider, signed: str, path: str = "/token", *, auth: str | None = None, **form: str
) -> httpx.Response:
    body = {"grant_type": "client_credentials", "client_assertion": signed, "client_assertion_type": TYPE} | form
    headers = {"authorization": auth} if auth else {}
    async with provider.client() as client:
        return await client.post(path, data={name: value for name, value in body.items() if value}, headers=headers)


async def why_refused(provider: Provider, token: str, **form: str) -> str:
    response = await sent(provider, token, **form)
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client"), response.text
    description: str = response.json()["error_description"]
    return description


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS256"), (RSA, "PS256"), (EC, "ES256")])
@pytest.mark.parametrize("typ", [None, "JWT", "client-authentication+jwt"])
async def test_9_a_client_authenticates_with_its_key(
    provider: Provider, key: Any, algorithm: str, typ: str | None
) -> None:
    response = await sent(provider, assertion(provider, key, algorithm, typ=typ))
    assert response.status_code == 200, response.text
    assert provider.statements == [], "no statement, as with a secret"


@pytest.mark.parametrize("audience", [ISSUER.origin, TOKEN_URL, [TOKEN_URL], [ISSUER.origin, TOKEN_URL]])
async def test_9_the_audience_is_the_issuer_or_its_token_endpoint(provider: Provider, audience: object) -> None:
    assert (await sent(provider, assertion(provider, aud=audience))).status_code == 200


@pytest.mark.parametrize(
    "audience",
    [None, [], "", OTHER_ISSUER.origin, f"{OTHER_ISSUER.origin}/token", [ISSUER.origin, "https://else.example"], 1],
)
async def test_3_an_assertion_for_somebody_else_or_for_others_too_is_refused(
    provider: Provider, audience: object
) -> None:
    assert "aud" in await why_refused(provider, assertion(provider, aud=audience))


async def test_9_introspection_and_revocation_take_it_too(provider: Provider) -> None:
    access_token = (await sent(provider, assertion(provider))).json()["access_token"]
    asked = await sent(provider, assertion(provider), "/introspect", token=access_token)
    assert asked.json()["active"] is True
    assert (await sent(provider, assertion(provider), "/revoke", token=access_token)).status_code == 200
    asked = await sent(
        provider, assertion(provider, aud=f"{ISSUER.origin}/introspect"), "/introspect", token=access_token
    )
    assert asked.json() == {"active": False}


async def test_9_an_assertion_is_good_once(provider: Provider) -> None:
    once = assertion(provider)
    assert (await sent(provider, once)).status_code == 200
    assert "used before" in await why_refused(provider, once)
    same_id = assertion(provider, jti="again")
    assert (await sent(provider, same_id)).status_code == 200
    assert "used before" in await why_refused(provider, assertion(provider, jti="again", exp=provider.now + 120))


async def test_what_was_used_is_forgotten_when_it_can_be_used_no_more_and_is_bounded() -> None:
    used = UsedAssertions(most=3)
    assert used.first_use("c", "one", until=10, now=0)
    assert not used.first_use("c", "one", until=10, now=10)
    assert used.first_use("another", "one", until=10, now=10)
    assert used.first_use("c", "one", until=30, now=11)
    assert len(used) == 1
    for each in range(10):
        assert used.first_use("c", f"more-{each}", until=40 + each, now=12)
    assert len(used) == 3
    assert not used.first_use("c", "more-9", until=60, now=12)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"exp": None}, "exp"),
        ({"exp": "soon"}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": 1_000_000_000}, "expired"),
        ({"exp": 4_000_000_000}, "within 3600 seconds"),
        ({"nbf": 4_000_000_000}, "not valid yet"),
        ({"iat": 4_000_000_000}, "not valid yet"),
        ({"jti": None}, "jti"),
        ({"jti": ""}, "jti"),
        ({"jti": "x" * 513}, "jti"),
        ({"iss": "shop.other"}, "iss"),
        ({"iss": None}, "iss"),
        ({"sub": None}, "sub"),
    ],
)
async def test_3_what_an_assertion_must_say_is_said_in_the_refusal(
    provider: Provider, changes: dict[str, Any], says: str
) -> None:
    assert says in await why_refused(provider, assertion(provider, **changes))


async def test_3_a_token_of_another_type_is_no_assertion(provider: Provider) -> None:
    assert "another type" in await why_refused(provider, assertion(provider, typ="at+jwt"))


async def test_10_a_stranger_learns_no_more_than_of_an_unknown_client(provider: Provider) -> None:
    unknown = await why_refused(provider, assertion(provider, iss="shop.nobody", sub="shop.nobody"))
    assert await why_refused(provider, assertion(provider, STRANGER)) == unknown
    provider.put(token_endpoint_auth_method="client_secret_basic")
    assert await why_refused(provider, assertion(provider)) == unknown


async def test_10_neither_none_nor_a_secret_passes_for_a_signature(provider: Provider) -> None:
    good = assertion(provider)
    unsigned = "eyJhbGciOiJub25lIn0." + good.split(".")[1] + "."
    await why_refused(provider, unsigned)
    by_secret = OctKey.import_key(SECRET * 4, parameters={"kid": "ec"})
    await why_refused(provider, assertion(provider, by_secret, "HS256"))
    for text in ("", "a.b", "a.b.c", "é.b.c", "x" * 20_000):
        assert (await sent(provider, text)).status_code in {400, 401}


async def test_9_the_secret_of_before_does_not_authenticate(provider: Provider) -> None:
    response = await sent(provider, "", auth=basic(), client_assertion_type="")
    assert response.json()["error"] == "invalid_client"


@pytest.mark.parametrize(
    ("form", "auth"),
    [
        ({"client_assertion": ""}, None),
        ({"client_assertion_type": ""}, None),
        ({"client_secret": SECRET}, None),
        ({}, basic()),
        ({"client_id": "shop.other"}, None),
    ],
)
async def test_2_3_one_method_whole_and_for_one_client(
    provider: Provider, form: dict[str, str], auth: str | None
) -> None:
    response = await sent(provider, assertion(provider), auth=auth, **form)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


async def test_another_assertion_type_is_refused(provider: Provider) -> None:
    other = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"
    assert "jwt-bearer" in await why_refused(provider, assertion(provider), client_assertion_type=other)


async def test_the_manifest_may_permit_one_algorithm_only(provider: Provider) -> None:
    provider.put_openid(assertion_algorithm="PS256")
    await why_refused(provider, assertion(provider, RSA, "RS256"))
    assert (await sent(provider, assertion(provider, RSA, "PS256"))).status_code == 200


async def test_10_1_1_keys_at_an_address_may_be_rotated(provider: Provider) -> None:
    provider.put_openid(jwks=None, jwks_url=JWKS_URL)
    provider.outside.documents[JWKS_URL] = json.dumps(KeySet([RSA]).as_dict(private=False)).encode()
    assert (await sent(provider, assertion(provider, RSA, "RS256"))).status_code == 200
    provider.now += 60
    provider.outside.documents[JWKS_URL] = json.dumps(KeySet([EC]).as_dict(private=False)).encode()
    assert (await sent(provider, assertion(provider))).status_code == 200


async def test_discovery_names_the_algorithms_where_an_application_signs(provider: Provider) -> None:
    signing = [
        f"{name}_endpoint_auth_signing_alg_values_supported" for name in ("token", "revocation", "introspection")
    ]
    told = await provider.discovery()
    assert "private_key_jwt" in told["token_endpoint_auth_methods_supported"]
    assert "private_key_jwt" in told["introspection_endpoint_auth_methods_supported"]
    assert {tuple(told[name]) for name in signing} == {("RS256", "PS256", "ES256", "EdDSA")}
    provider.put(token_endpoint_auth_method="client_secret_basic")
    told = await provider.discovery()
    assert "private_key_jwt" not in {each for name, values in told.items() if "methods" in name for each in values}
    assert not told.keys() & {*signing}


class TestRegistered:
    """OpenID Connect Dynamic Client Registration section 2."""

    @pytest.fixture
    def provider(self) -> Provider:
        return Provider(TEMPLATE)

    async def test_a_client_with_keys_gets_no_secret_and_rotates_its_keys_alone(self, provider: Provider) -> None:
        provider.outside.documents[JWKS_URL] = json.dumps(KeySet([RSA]).as_dict(private=False)).encode()
        client = await registered(
            provider,
            grant_types=["authorization_code", "refresh_token", "client_credentials"],
            token_endpoint_auth_method="private_key_jwt",
            token_endpoint_auth_signing_alg="RS256",
            jwks_uri=JWKS_URL,
        )
        assert "client_secret" not in client
        assert client["token_endpoint_auth_signing_alg"] == "RS256"
        own = {"iss": client["client_id"], "sub": client["client_id"]}
        assert (await sent(provider, assertion(provider, RSA, "RS256", **own))).status_code == 200
        fresh = RSAKey.generate_key(2048, parameters={"kid": "fresh"})
        provider.now += 60
        provider.outside.documents[JWKS_URL] = json.dumps(KeySet([fresh]).as_dict(private=False)).encode()
        assert (await sent(provider, assertion(provider, fresh, "RS256", **own))).status_code == 200
        await why_refused(provider, assertion(provider, RSA, "PS256", **own))

    async def test_without_keys_it_is_refused(self, provider: Provider) -> None:
        assert await refused(provider, token_endpoint_auth_method="private_key_jwt") == "invalid_client_metadata"

    async def test_it_cannot_turn_to_a_secret_later(self, provider: Provider) -> None:
        keys = KeySet([EC]).as_dict(private=False)
        client = await registered(provider, token_endpoint_auth_method="private_key_jwt", jwks=keys)
        token, path = client["registration_access_token"], f"/register/{client['client_id']}"
        own = {"client_id": client["client_id"], "redirect_uris": client["redirect_uris"], "jwks": keys}
        for method in ("client_secret_basic", "none"):
            changed = await send(provider, "PUT", path, token=token, token_endpoint_auth_method=method, **own)
            assert changed.json()["error"] == "invalid_client_metadata"
        kept = await send(provider, "PUT", path, token=token, token_endpoint_auth_method="private_key_jwt", **own)
        assert kept.status_code == 200
        assert INITIAL not in kept.text
