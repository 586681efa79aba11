"""What tokens say, and what a user's own claims can never make them say."""

import base64
from dataclasses import replace
from typing import Any

import pytest
from authlib.oidc.core.util import create_half_hash

from ostiary_server.protocol.claims import PRIVATE_CLAIM, REGISTERED_CLAIMS, user_claims
from ostiary_server.protocol.key_pair import SIGNING_ALGORITHMS
from ostiary_server.protocol.signing import KeyRing, RingKey
from ostiary_server.protocol.subjects import Subjects
from ostiary_server.protocol.tokens import TokenMinter, random_token
from ostiary_state.runtime.grant import Grant
from tests.fake_logout import MemorySalts
from tests.fakes import MemoryDatabase
from tests.granting import APPLICATION, ISSUER, NOW, USER, World, claims_of
from tests.observed import key_pair

ALL = ("openid", "profile", "email", "groups")


def grant(**fields: Any) -> Grant:
    world = World()
    world.code(**fields)
    return next(iter(world.database.grants.values()))


def minter() -> TokenMinter:
    ring = KeyRing()
    ring.replace(ISSUER.id, [RingKey(key_pair(ISSUER.id, alg), 0, NOW * 2) for alg in SIGNING_ALGORITHMS])
    return TokenMinter(ring, Subjects(MemorySalts(MemoryDatabase())))


def id_claims(algorithm: str = "RS256", **fields: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "user": USER,
        "grant": grant(),
        "nonce": "n",
        "access_token": "at",
        "code": "c",
        "scopes": ALL,
        "now": NOW + 0.9,
    } | fields
    application = replace(APPLICATION, id_token_algorithm=algorithm)
    return claims_of(minter().id_token(application, ISSUER, **values))


def test_a_users_claims_do_not_overwrite_registered_ones() -> None:
    """authlib merges user information last, over `iss` and `aud`."""
    hostile = replace(USER, claims=dict.fromkeys(REGISTERED_CLAIMS, "evil"))
    claims = id_claims(user=hostile)
    assert "evil" not in claims.values()
    assert (claims["iss"], claims["aud"], claims["sub"]) == (ISSUER.origin, APPLICATION.client_id, USER.subject)
    assert claims["acr"] == "1"
    assert user_claims(hostile, ALL).keys().isdisjoint(REGISTERED_CLAIMS)


def test_a_users_claims_do_not_stand_in_for_what_another_scope_guards() -> None:
    posing = replace(USER, claims={"email": "root@example.com", "email_verified": True, "groups": ["admins"]})
    claims = user_claims(posing, ("openid", "profile"))
    assert claims.keys().isdisjoint({"email", "email_verified", "groups"})


@pytest.mark.parametrize(
    ("scopes", "expected"),
    [
        (("openid",), set()),
        (("openid", "email"), {"email", "email_verified"}),
        (("openid", "groups"), {"groups"}),
        (("openid", "profile"), {"name", "preferred_username", "department"}),
    ],
)
def test_each_scope_opens_its_own_claims(scopes: tuple[str, ...], expected: set[str]) -> None:
    assert set(user_claims(USER, scopes)) == expected


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_the_half_hashes_are_authlibs_where_it_knows_the_algorithm(algorithm: str) -> None:
    claims = id_claims(algorithm)
    assert claims["at_hash"] == create_half_hash("at", algorithm).decode()
    assert claims["c_hash"] == create_half_hash("c", algorithm).decode()


def test_ed25519_does_not_go_without_at_hash() -> None:
    """authlib's `create_half_hash` gives None for the algorithm's RFC 9864 name."""
    assert create_half_hash("at", "Ed25519") is None
    assert id_claims("EdDSA")["at_hash"]


def test_times_are_whole_seconds_and_the_session_is_named() -> None:
    claims = id_claims()
    assert (claims["iat"], claims["exp"]) == (int(NOW), int(NOW) + 600)
    assert claims["sid"] == "s-1"
    assert "at_hash" not in id_claims(access_token=None)


def test_an_access_token_names_what_a_revocation_can_name() -> None:
    minted = minter().access_token(
        APPLICATION, ISSUER, user=USER, scopes=("openid",), audience=(), grant=grant(), now=NOW
    )
    claims = claims_of(minted.value)
    assert claims[PRIVATE_CLAIM] == {"a": "uid-1", "u": "uid-ada", "g": "grant of a-code", "s": "s-1"}
    assert claims.keys().isdisjoint({"email", "name", "department", "groups"})
    assert minted.stored is None


def test_an_opaque_token_is_stored_as_a_digest_with_the_same_claims() -> None:
    opaque = replace(APPLICATION, opaque_access_tokens=True)
    minted = minter().access_token(opaque, ISSUER, user=USER, scopes=(), audience=("r",), grant=grant(), now=NOW)
    assert minted.stored is not None
    assert minted.value not in repr(minted.stored)
    assert len(minted.value) >= 43
    assert minted.stored.claims["aud"] == "r"
    assert minted.stored.expires_at == NOW + minted.expires_in


def test_what_is_a_secret_has_256_random_bits() -> None:
    """RFC 6749 section 10.10 demands 128 of codes, tokens and secrets."""
    made = {random_token() for _ in range(1000)}
    assert len(made) == 1000
    assert all(len(base64.urlsafe_b64decode(token + "=")) == 32 for token in made)
    for place in (0, 21, 42):
        assert len({token[place] for token in made}) >= 16, "no character is always the same"
