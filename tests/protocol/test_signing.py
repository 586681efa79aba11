"""The key ring: per issuer and algorithm, and readable by what we did not write (joserfc)."""

import warnings

import orjson
import pytest
from joserfc import jws
from joserfc.errors import BadSignatureError, SecurityWarning
from joserfc.jwk import KeySet, import_key, thumbprint

from ostiary_server.protocol.key_pair import SIGNING_ALGORITHMS, KeyPair, decoded, generate_key, load_key
from ostiary_server.protocol.signing import KeyRing, NoSigningKey, RingKey
from tests.observed import key_pair


def jwk_of(pair: KeyPair) -> dict[str, str]:
    ring = KeyRing()
    ring.replace("i", [RingKey(pair, 0, 10)])
    keys: list[dict[str, str]] = orjson.loads(ring.jwks("i", 1))["keys"]
    return keys[0]


@pytest.mark.parametrize("algorithm", SIGNING_ALGORITHMS)
def test_joserfc_verifies_what_is_signed(algorithm: str) -> None:
    pair = key_pair("i", algorithm)
    token = pair.sign("at+jwt", {"sub": "x"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)  # joserfc would rather read Ed25519 (RFC 9864)
        verified = jws.deserialize_compact(token, import_key(jwk_of(pair)), algorithms=[algorithm])
        other = import_key(jwk_of(generate_key(algorithm)))
        with pytest.raises(BadSignatureError):
            jws.deserialize_compact(token, other, algorithms=[algorithm])
    assert verified.headers() == {"alg": algorithm, "typ": "at+jwt", "kid": pair.kid}
    assert verified.payload == b'{"sub":"x"}'


@pytest.mark.parametrize("algorithm", SIGNING_ALGORITHMS)
def test_a_signature_over_anything_else_does_not_verify(algorithm: str) -> None:
    pair = key_pair("i", algorithm)
    message, _, signature = pair.sign("JWT", {"sub": "x"}).rpartition(".")
    good = decoded(signature.encode())
    assert pair.verifies(message.encode(), good)
    assert not pair.verifies(message.encode() + b"x", good)
    assert not pair.verifies(message.encode(), good[:-1])
    assert not pair.verifies(message.encode(), b"")
    assert not pair.verifies(message.encode(), bytes(len(good)))


def test_an_ecdsa_signature_has_one_form_only() -> None:
    pair = key_pair("i", "ES256")
    message, _, signature = pair.sign("JWT", {"sub": "x"}).rpartition(".")
    good = decoded(signature.encode())
    assert not pair.verifies(message.encode(), good[:32] + b"\0" + good[32:])


@pytest.mark.parametrize("algorithm", SIGNING_ALGORITHMS)
def test_the_key_id_is_the_thumbprint_and_the_private_half_is_not_published(algorithm: str) -> None:
    published = jwk_of(key_pair("i", algorithm))
    bare = {name: value for name, value in published.items() if name not in ("kid", "use", "alg")}
    assert published["kid"] == thumbprint(bare)
    assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(published)
    assert KeySet.import_key_set({"keys": [published]}).keys


@pytest.mark.parametrize("algorithm", SIGNING_ALGORITHMS)
def test_a_stored_key_is_the_same_key(algorithm: str) -> None:
    pair = key_pair("i", algorithm)
    assert load_key(algorithm, pair.private_bytes()).kid == pair.kid


def test_a_stored_key_does_not_serve_another_algorithm() -> None:
    for algorithm in ("RS256", "EdDSA", "HS256", "none"):
        with pytest.raises(ValueError, match="no "):
            load_key(algorithm, key_pair("i", "ES256").private_bytes())
    with pytest.raises(ValueError, match="no such signing algorithm"):
        generate_key("HS256")


def test_the_private_half_is_not_in_the_repr() -> None:
    assert repr(key_pair("i", "ES256")) == f"KeyPair(ES256, {key_pair('i', 'ES256').kid})"


def test_a_key_signs_from_its_time_until_a_later_one_does_and_is_published_before() -> None:
    old, new = generate_key("ES256"), generate_key("ES256")
    ring = KeyRing()
    ring.replace("i", [RingKey(old, 0, 100), RingKey(new, 50, 200)])
    assert ring.signer("i", "ES256", 49).kid == old.kid
    assert ring.signer("i", "ES256", 50).kid == new.kid
    published = [[key["kid"] for key in orjson.loads(ring.jwks("i", now))["keys"]] for now in (1, 99, 100, 200)]
    assert published == [[old.kid, new.kid], [old.kid, new.kid], [new.kid], []]


def test_a_clock_that_is_behind_still_signs() -> None:
    ring = KeyRing()
    first, later = generate_key("ES256"), generate_key("ES256")
    ring.replace("i", [RingKey(later, 90, 200), RingKey(first, 60, 200)])
    assert ring.signer("i", "ES256", 10).kid == first.kid


def test_an_issuers_keys_neither_sign_nor_verify_for_another() -> None:
    pair = key_pair("i", "ES256")
    ring = KeyRing()
    ring.replace("i", [RingKey(pair, 0, 100)])
    assert ring.verifier("i", pair.kid) is pair
    assert ring.verifier("j", pair.kid) is None
    with pytest.raises(NoSigningKey):
        ring.signer("j", "ES256", 1)
    with pytest.raises(NoSigningKey):
        ring.signer("i", "RS256", 1)
    assert orjson.loads(ring.jwks("j", 1)) == {"keys": []}


def test_replacing_keys_replaces_the_published_document_at_once() -> None:
    ring = KeyRing()
    ring.replace("i", [RingKey(key_pair("i", "ES256"), 0, 100)])
    before = ring.jwks("i", 1)
    assert ring.jwks("i", 2) is before
    ring.replace("i", [RingKey(key_pair("i", "EdDSA"), 0, 100)])
    assert key_pair("i", "EdDSA").kid.encode() in ring.jwks("i", 2)
    ring.replace("i", [])
    assert not ring.has("i", "EdDSA")
