"""What a permitted request yields, and what is stored of it."""

import base64
import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest

from ostiary_server.protocol.errors import TemporarilyUnavailable
from ostiary_server.protocol.issuing import Issuing
from ostiary_server.protocol.signing import RingKey
from ostiary_server.protocol.subjects import Subjects
from ostiary_server.protocol.tokens import TokenMinter, digest_of
from tests.authorizing import (
    APPLICATION,
    CHALLENGE,
    ISSUER,
    NOW,
    USER,
    World,
    answer,
    code_request,
    implicit_request,
    key_pairs,
)
from tests.fake_logout import MemorySalts
from tests.fakes import MemoryGrants

TRUSTED = replace(APPLICATION, consent_required=False)


def claims(jwt: str) -> dict[str, Any]:
    payload = jwt.split(".")[1]
    content: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return content


async def test_a_live_session_costs_two_statements() -> None:
    world = World(TRUSTED)
    cookies = await world.signed_in()
    await world.begin(code_request(), cookies=cookies)
    assert world.tables.statements == 2


async def test_a_code_is_stored_as_a_digest_bound_to_client_redirect_challenge_and_session() -> None:
    world = World(TRUSTED)
    cookies = await world.signed_in()
    channel, values = answer(await world.begin(code_request(nonce="n-1"), cookies=cookies))
    assert channel == "query"
    assert values.keys() == {"code", "state", "iss", "session_state"}
    assert len(values["code"]) == 43
    (grant,) = world.tables.grants.values()
    (session,) = world.tables.sessions.values()
    assert grant.code is not None
    assert grant.code.digest == digest_of(values["code"])
    assert (grant.code.redirect_uri, grant.code.code_challenge) == ("https://shop.example.com/callback", CHALLENGE)
    assert (grant.code.expires_at, grant.session_id) == (NOW + 60, session.id)
    assert (grant.client_id, grant.user_id, grant.nonce) == ("shop.web", USER.id, "n-1")
    assert (grant.scopes, grant.audience) == (("openid", "profile"), (ISSUER.origin,))
    assert grant.auth_time == session.auth_time
    assert grant.expires_at == NOW + 60 + 600


async def test_undeclared_scopes_are_dropped_silently() -> None:
    world = World(TRUSTED)
    await world.begin(code_request(scope="email root openid email"), cookies=await world.signed_in())
    (grant,) = world.tables.grants.values()
    assert grant.scopes == ("email", "openid")


async def test_a_request_without_scope_gets_what_is_declared_but_no_identity() -> None:
    world = World(TRUSTED)
    await world.begin(code_request(scope=None), cookies=await world.signed_in())
    (grant,) = world.tables.grants.values()
    assert grant.scopes == ("profile", "email")


async def test_a_redirect_uri_that_was_not_sent_is_not_expected_at_the_token_endpoint() -> None:
    world = World(TRUSTED)
    await world.begin(code_request(redirect_uri=None, scope="profile"), cookies=await world.signed_in())
    (grant,) = world.tables.grants.values()
    assert grant.code is not None
    assert grant.code.redirect_uri == ""


@pytest.mark.parametrize(
    ("modes", "parameters", "outlives"),
    [
        ({"authorization_code", "refresh_token"}, code_request(scope="openid offline_access"), True),
        ({"authorization_code", "refresh_token"}, code_request(scope="openid"), False),
        ({"authorization_code"}, code_request(scope="openid offline_access"), False),
        ({"implicit", "refresh_token"}, implicit_request(scope="openid offline_access"), False),
    ],
)
async def test_offline_access_counts_only_where_a_refresh_token_can_follow(
    modes: set[str], parameters: dict[str, str], outlives: bool
) -> None:
    scopes = ("openid", "offline_access")
    world = World(replace(TRUSTED, grant_modes=frozenset(modes), scopes=scopes))
    await world.begin(parameters, cookies=await world.signed_in())
    (grant,) = world.tables.grants.values()
    assert (grant.session_id is None) is outlives
    assert ("offline_access" in grant.scopes) is outlives


async def test_implicit_puts_everything_into_the_fragment_and_never_a_refresh_token() -> None:
    world = World(replace(TRUSTED, grant_modes=frozenset({"implicit", "refresh_token"})))
    channel, values = answer(await world.begin(implicit_request(), cookies=await world.signed_in()))
    assert channel == "fragment"
    assert values.keys() == {
        "access_token",
        "token_type",
        "expires_in",
        "scope",
        "id_token",
        "state",
        "iss",
        "session_state",
    }
    assert (values["token_type"], values["expires_in"], values["scope"]) == ("Bearer", "600", "openid profile")
    identity = claims(values["id_token"])
    assert identity["nonce"] == "n-1"
    assert identity["aud"] == "shop.web"
    half = hashlib.sha256(values["access_token"].encode()).digest()[:16]
    assert identity["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    (grant,) = world.tables.grants.values()
    assert grant.code is None
    assert claims(values["access_token"])["ost"]["g"] == grant.id, "it can be revoked by its grant"


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("token", {"access_token", "token_type", "expires_in", "scope", "state", "iss", "session_state"}),
        ("id_token", {"id_token", "state", "iss", "session_state"}),
    ],
)
async def test_each_implicit_response_type_yields_what_it_names(kind: str, names: set[str]) -> None:
    world = World(TRUSTED)
    location = await world.begin(implicit_request(response_type=kind), cookies=await world.signed_in())
    assert answer(location)[1].keys() == names


async def test_an_opaque_implicit_token_is_stored_with_its_grant() -> None:
    world = World(replace(TRUSTED, opaque_access_tokens=True))
    _, values = answer(await world.begin(implicit_request(), cookies=await world.signed_in()))
    (stored,) = world.tables.access_tokens.values()
    (grant,) = world.tables.grants.values()
    assert stored.grant_id == grant.id
    assert stored.digest == digest_of(values["access_token"])
    assert world.tables.statements == 2


async def test_without_a_signing_key_nothing_is_stored_and_a_person_may_try_again() -> None:
    world = World(TRUSTED)
    cookies = await world.signed_in()
    world.ring.replace(ISSUER.id, [])
    with pytest.raises(TemporarilyUnavailable):
        await world.begin(implicit_request(), cookies=cookies)
    assert world.tables.grants == {}


async def test_the_first_token_of_an_issuer_has_its_keys_made() -> None:
    world = World(TRUSTED)
    cookies = await world.signed_in()
    world.ring.replace(ISSUER.id, [])
    made: list[str] = []

    class Keys:
        async def ensure(self, issuer_id: str, algorithm: str) -> None:
            made.append(algorithm)
            pairs = [pair for pair in key_pairs() if pair.algorithm in made]
            world.ring.replace(issuer_id, [RingKey(pair, 0.0, NOW * 2) for pair in pairs])

        async def reload(self, issuer_id: str) -> None:
            raise NotImplementedError

    minter = TokenMinter(world.ring, Subjects(MemorySalts(world.tables)), keys=Keys())
    issuing = Issuing(MemoryGrants(world.tables), minter)
    world.authorization = replace(world.authorization, issuing=issuing)
    _, values = answer(await world.begin(implicit_request(), cookies=cookies))
    assert values.keys() >= {"access_token", "id_token"}
    assert made == ["ES256", "RS256"]
