"""Request objects by value and by reference (RFC 9101, OpenID Connect Core section 6)."""

import hmac
import json
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey

from ostiary_server.protocol.key_pair import encoded
from tests.factories import ISSUER
from tests.openid.provider import CALLBACK, SECRET, Answer, Browser, Provider, Shown

RSA = RSAKey.generate_key(2048, parameters={"kid": "rsa"})
EC = ECKey.generate_key("P-256", parameters={"kid": "ec"})
OTHERS = RSAKey.generate_key(2048, parameters={"kid": "rsa"})
JWKS = json.dumps(KeySet([RSA, EC]).as_dict(private=False)).encode()
REQUEST_URL = "https://shop.example.com/request.jwt"
JWKS_URL = "https://shop.example.com/jwks"


@pytest.fixture
def provider() -> Provider:
    """With an application that signs its requests."""
    provider = Provider()
    provider.put_openid(jwks=JWKS, request_urls=(REQUEST_URL,))
    return provider


def signed(key: Any = RSA, algorithm: str = "RS256", *, typ: str | None = None, **changes: Any) -> str:
    """A request object with everything in it, but for `changes` (None: left out)."""
    claims: dict[str, Any] = {
        "iss": "shop.web",
        "aud": ISSUER.origin,
        "client_id": "shop.web",
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "scope": "openid",
        "state": "signed state",
        "nonce": "n-1",
    } | changes
    header = {"alg": algorithm, "kid": key.kid} | ({"typ": typ} if typ else {})
    content = {name: value for name, value in claims.items() if value is not None}
    if typ is None:  # jwt.encode would write one
        return jws.serialize_compact(header, json.dumps(content), key, algorithms=[algorithm])
    return jwt.encode(header, content, key, algorithms=[algorithm])


def hmac_by_public_key() -> str:
    """The RSA key that everybody knows, as the secret of an HMAC: joserfc refuses to make one."""
    message = encoded(b'{"alg":"HS256","kid":"rsa"}') + b"." + encoded(b'{"client_id":"shop.web"}')
    return (message + b"." + encoded(hmac.digest(RSA.as_pem(private=False), message, "sha256"))).decode()


@pytest.mark.parametrize(
    ("key", "algorithm", "typ"),
    [(RSA, "RS256", None), (RSA, "PS256", "oauth-authz-req+jwt"), (EC, "ES256", "JWT")],
)
async def test_6_1_a_signed_request_is_answered(
    provider: Provider, browser: Browser, key: Any, algorithm: str, typ: str | None
) -> None:
    answer = await browser.authorized(request=signed(key, algorithm, typ=typ), state=None)
    assert answer["state"] == "signed state"
    tokens = await provider.redeem(answer["code"])
    await provider.verified_id_token(tokens["id_token"], nonce="n-1")


async def test_6_3_of_9101_only_what_is_signed_counts(provider: Provider, browser: Browser) -> None:
    answer = await browser.authorized(
        request=signed(state=None, scope="openid"), scope="openid email", state="planted", prompt="none"
    )
    assert "state" not in answer
    tokens = await provider.redeem(answer["code"])
    assert tokens["scope"] == "openid"


async def test_members_may_be_numbers_and_objects(provider: Provider, browser: Browser) -> None:
    claims = {"userinfo": {"email": None}}
    answer = await browser.authorized(request=signed(max_age=3600, claims=claims))
    tokens = await provider.redeem(answer["code"])
    assert (await provider.userinfo(tokens["access_token"]))["email"] == "ada@example.com"


async def test_6_2_a_request_by_reference_is_fetched_from_a_registered_address(
    provider: Provider, browser: Browser
) -> None:
    provider.outside.documents[REQUEST_URL] = signed().encode()
    answer = await browser.authorized(request_uri=REQUEST_URL + "#hash-of-it")
    assert answer["state"] == "signed state"
    assert provider.outside.fetched == [REQUEST_URL], "once: what was read is carried on sealed"


@pytest.mark.parametrize(
    "url",
    ["https://shop.example.com/other.jwt", REQUEST_URL + "?x", "http://169.254.169.254/latest", "file:///etc/passwd"],
)
async def test_6_2_no_other_address_is_ever_asked(provider: Provider, browser: Browser, url: str) -> None:
    assert (await browser.refused(request_uri=url))["error"] == "invalid_request_uri"
    assert provider.outside.fetched == []


async def test_7_of_9101_an_address_that_does_not_answer_is_invalid_request_uri(browser: Browser) -> None:
    assert (await browser.refused(request_uri=REQUEST_URL))["error"] == "invalid_request_uri"


async def test_6_2_what_is_there_is_judged_as_if_it_had_been_sent(provider: Provider, browser: Browser) -> None:
    for content in (b"<html>", b"", b"\xff", signed(OTHERS).encode(), signed(client_id="another").encode()):
        provider.outside.documents[REQUEST_URL] = content
        error = (await browser.refused(request_uri=REQUEST_URL))["error"]
        assert error in {"invalid_request_object", "invalid_request_uri"}


@pytest.mark.parametrize(
    "value",
    [
        "not a jwt",
        "a.b.c",
        signed(OTHERS),
        signed(RSA) + "x",
        signed(typ="at+jwt"),
        signed(typ="logout+jwt"),
        signed(iss="another"),
        signed(client_id="another"),
        signed(aud="https://another.example.com"),
        signed(exp=1),
        signed(exp="soon"),
        signed(nbf=4_000_000_000),
        signed(request="x"),
        signed(request_uri=REQUEST_URL),
        signed(response_type="token"),
        signed(scope=["openid"]),
        signed(max_age=True),
        jws.serialize_compact({"alg": "RS256", "kid": "rsa"}, "[]", RSA, algorithms=["RS256"]),
        jws.serialize_compact({"alg": "HS256"}, "{}", OctKey.import_key(SECRET), algorithms=["HS256"]),
        hmac_by_public_key(),
    ],
)
async def test_7_of_9101_what_the_application_did_not_sign_is_invalid_request_object(
    browser: Browser, value: str
) -> None:
    answer = await browser.refused(request=value)
    assert (answer["error"], answer["state"]) == ("invalid_request_object", "a state")


async def test_6_1_an_unsigned_one_is_not_supported_and_its_error_says_so(provider: Provider, browser: Browser) -> None:
    unsigned = "eyJhbGciOiJub25lIn0." + signed().split(".")[1] + "."
    answer = await browser.refused(request=unsigned)
    assert (answer["error"], answer["state"]) == ("request_not_supported", "a state")
    provider.outside.documents[REQUEST_URL] = unsigned.encode()
    assert (await browser.refused(request_uri=REQUEST_URL))["error"] == "request_not_supported"


async def test_where_no_redirect_uri_is_known_good_the_error_is_a_page(browser: Browser) -> None:
    for changes in ({"redirect_uri": "https://evil.example/"}, {"client_id": "unknown"}, {"client_id": None}):
        shown = await browser.opens(request=signed(OTHERS), **changes)
        assert isinstance(shown, Shown)
        assert shown.response.status_code == 400
        assert "evil.example" not in shown.response.text


async def test_a_redirect_uri_in_the_object_is_compared_too(browser: Browser) -> None:
    shown = await browser.opens(request=signed(redirect_uri="https://evil.example/"))
    assert isinstance(shown, Shown)
    assert shown.response.status_code == 400


@pytest.mark.parametrize("beside", ["request_uri", "registration"])
async def test_two_at_once_are_no_request(browser: Browser, beside: str) -> None:
    assert (await browser.refused(request=signed(), **{beside: REQUEST_URL}))["error"] == "invalid_request"


async def test_the_manifest_may_narrow_the_algorithm(provider: Provider, browser: Browser) -> None:
    provider.put_openid(request_object_algorithm="ES256")
    assert (await browser.refused(request=signed()))["error"] == "invalid_request_object"
    assert "code" in await browser.authorized(request=signed(EC, "ES256"))


@pytest.mark.parametrize("bound", [{"alg": "PS256"}, {"use": "enc"}], ids=["another algorithm", "encryption"])
async def test_6_2_of_9101_a_key_verifies_what_it_is_for(
    provider: Provider, browser: Browser, bound: dict[str, str]
) -> None:
    key = RSA.as_dict(private=False) | bound
    provider.put_openid(jwks=json.dumps({"keys": [key]}).encode())
    assert (await browser.refused(request=signed()))["error"] == "invalid_request_object"


async def test_6_2_of_9101_the_key_that_the_header_names_is_the_one(provider: Provider, browser: Browser) -> None:
    other = RSAKey.import_key(OTHERS.as_dict(private=True), parameters={"kid": "other"})
    provider.put_openid(jwks=json.dumps(KeySet([RSA, other]).as_dict(private=False)).encode())
    assert (await browser.refused(request=signed(OTHERS)))["error"] == "invalid_request_object"
    assert "code" in await browser.authorized(request=signed(other))


async def test_an_ed25519_key_signs_too(provider: Provider, browser: Browser) -> None:
    key = OKPKey.generate_key("Ed25519", parameters={"kid": "ed"})
    provider.put_openid(jwks=json.dumps(KeySet([key]).as_dict(private=False)).encode())
    with pytest.warns(UserWarning, match="9864"):
        value = signed(key, "EdDSA")
    assert "code" in await browser.authorized(request=value)


async def test_keys_at_an_address_are_fetched_once_and_again_for_a_new_one(
    provider: Provider, browser: Browser
) -> None:
    provider.put_openid(jwks=None, jwks_url=JWKS_URL)
    provider.outside.documents[JWKS_URL] = json.dumps(KeySet([RSA]).as_dict(private=False)).encode()
    for _ in range(2):
        assert "code" in await browser.authorized(request=signed())
    assert provider.outside.fetched == [JWKS_URL]
    provider.outside.documents[JWKS_URL] = JWKS
    provider.now += 11
    assert "code" in await browser.authorized(request=signed(EC, "ES256"))
    assert provider.outside.fetched == [JWKS_URL] * 2
    for _ in range(3):
        await browser.refused(request=signed(OTHERS, kid="x"))
    assert len(provider.outside.fetched) == 2, "made-up key ids do not make it ask all the time"


async def test_keys_that_cannot_be_read_are_not_asked_for_all_the_time(provider: Provider, browser: Browser) -> None:
    provider.put_openid(jwks=None, jwks_url=JWKS_URL)
    for content in (None, b"<html>", b'{"keys": []}', b'{"keys": [{"kty": "oct", "k": "AAAA"}]}'):
        provider.now += 11
        if content is not None:
            provider.outside.documents[JWKS_URL] = content
        for _ in range(3):
            assert (await browser.refused(request=signed()))["error"] == "invalid_request_object"
    assert len(provider.outside.fetched) <= 4 * 2


async def test_keys_that_are_away_do_not_lock_out_who_was_known(provider: Provider, browser: Browser) -> None:
    provider.put_openid(jwks=None, jwks_url=JWKS_URL)
    provider.outside.documents[JWKS_URL] = JWKS
    assert isinstance(await browser.authorized(request=signed()), Answer)
    provider.outside.documents.clear()
    provider.now += 3600
    assert "code" in await browser.authorized(request=signed())


async def test_a_request_without_an_object_still_counts_where_none_is_demanded(browser: Browser) -> None:
    assert "code" in await browser.authorized()


async def test_a_posted_object_is_carried_on(browser: Browser) -> None:
    assert "code" in await browser.authorized(method="POST", request=signed())
