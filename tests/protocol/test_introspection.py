"""Introspection: for those whom a token concerns, never more than `{"active": false}` for the rest."""

import base64
import hmac
from dataclasses import replace
from hashlib import sha256
from typing import Any

import orjson
import pytest

from ostiary_server.protocol.key_pair import encoded
from ostiary_state.runtime.revocation import Revocation, RevocationKind
from tests.granting import APPLICATION, ELSEWHERE, ISSUER, NOW, OTHER, OTHER_ISSUER, World, basic, claims_of
from tests.observed import key_pair

OTHERS = basic(OTHER.client_id, "books' secret")
INACTIVE = {"active": False}


async def access_token(world: World) -> str:
    token: str = (await world.token({"grant_type": "client_credentials"})).json()["access_token"]
    return token


def forged(token: str, header: dict[str, Any], claims: dict[str, Any], key: bytes | None = None) -> str:
    """A token with other header fields and claims, signed by HMAC with `key`, or not at all."""
    original = orjson.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    message = encoded(orjson.dumps(original | header)) + b"." + encoded(orjson.dumps(claims_of(token) | claims))
    signature = encoded(hmac.digest(key, message, sha256)) if key else token.split(".")[2].encode()
    return (message + b"." + signature).decode()


async def test_a_jwt_costs_no_statement_the_database_may_be_away() -> None:
    world = World()
    token = await access_token(world)
    world.database.away = True
    assert (await world.introspect(token))["client_id"] == APPLICATION.client_id
    assert (await world.introspect(token + "x")) == INACTIVE
    assert world.statements == []


async def test_the_private_claim_stays_private() -> None:
    world = World()
    answer = await world.introspect((await world.redeem(world.code())).json()["access_token"])
    standard = "active iss sub aud exp iat jti client_id scope auth_time acr amr token_type"
    assert set(answer) == {*standard.split(" ")}


async def test_a_token_that_does_not_concern_the_client_is_merely_inactive() -> None:
    world = World()
    assert await world.introspect(await access_token(world), auth=OTHERS) == INACTIVE


async def test_a_resource_may_introspect_tokens_meant_for_it() -> None:
    world = World()
    world.put(audiences=("https://orders.example.com", "https://stock.example.com"))
    token = await access_token(world)
    assert await world.introspect(token, auth=OTHERS) == INACTIVE
    world.put(OTHER, audiences=("https://stock.example.com",))
    assert (await world.introspect(token, auth=OTHERS))["active"]
    world.put(OTHER)
    world.put(audiences=(OTHER.client_id,))
    assert (await world.introspect(await access_token(world), auth=OTHERS))["active"]


async def test_the_issuer_as_audience_lets_nobody_else_in() -> None:
    world = World()
    token = await access_token(world)
    assert claims_of(token)["aud"] == ISSUER.origin
    assert await world.introspect(token, auth=OTHERS) == INACTIVE


async def test_declaring_the_issuer_as_audience_tells_nothing_of_other_applications_tokens() -> None:
    world = World()
    world.put(OTHER, audiences=(ISSUER.origin, "https://stock.example.com"))
    assert await world.introspect(await access_token(world), auth=OTHERS) == INACTIVE


async def test_a_header_without_alg_is_inactive_and_never_500() -> None:
    world = World()
    header, rest = (token := await access_token(world)).split(".", 1)
    fields = orjson.loads(base64.urlsafe_b64decode(header + "=="))
    del fields["alg"]
    assert await world.introspect(f"{encoded(orjson.dumps(fields)).decode()}.{rest}") == INACTIVE
    assert (await world.introspect(token))["active"]


async def test_an_id_token_is_no_access_token() -> None:
    world = World()
    world.put(id_token_algorithm="ES256")
    issued = (await world.redeem(world.code())).json()
    assert await world.introspect(issued["id_token"]) == INACTIVE


@pytest.mark.parametrize("alg", ["none", "None", "HS256", "RS256", "EdDSA"])
async def test_the_header_does_not_choose_the_algorithm(alg: str) -> None:
    world = World()
    token = await access_token(world)
    public = orjson.dumps(dict(key_pair(ISSUER.id, "ES256").public_jwk))
    assert await world.introspect(forged(token, {"alg": alg}, {}, public)) == INACTIVE
    assert await world.introspect(forged(token, {"alg": alg}, {})) == INACTIVE
    assert await world.introspect(forged(token, {"alg": alg}, {}).rpartition(".")[0] + ".") == INACTIVE


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"typ": None},
        {"crit": ["b64"], "b64": False},
        {"kid": None},
        {"kid": "../../etc/passwd"},
        {"kid": ["x"]},
        {"jwk": {"kty": "oct", "k": "eA"}},
    ],
)
async def test_other_headers_are_refused(header: dict[str, Any]) -> None:
    world = World()
    assert await world.introspect(forged(await access_token(world), header, {}, b"x")) == INACTIVE


@pytest.mark.parametrize("header", [{"crit": ["exp"]}, {"alg": "none"}, {"alg": "RS256"}, {"typ": "JWT"}])
async def test_such_a_header_is_refused_even_under_a_good_signature(header: dict[str, Any]) -> None:
    world = World()
    token = await access_token(world)
    key = key_pair(ISSUER.id, "ES256")
    message = forged(token, header, {}).rpartition(".")[0]
    signed = message + "." + encoded(key._signature(message.encode())).decode()
    assert await world.introspect(signed) == INACTIVE
    same = forged(token, {}, {}).rpartition(".")[0]
    assert (await world.introspect(same + "." + encoded(key._signature(same.encode())).decode()))["active"]


async def test_changed_claims_are_refused() -> None:
    world = World()
    token = await access_token(world)
    assert (await world.introspect(token))["active"]
    assert await world.introspect(forged(token, {}, {"scope": "root"})) == INACTIVE


@pytest.mark.parametrize("token", ["x", "a.b.c", "..", "a.b", "e30.e30.e30", "\x00", "x" * 9000, "é.é.é"])
async def test_nonsense_is_inactive_and_never_500(token: str) -> None:
    assert await World().introspect(token) == INACTIVE


async def test_an_unknown_kid_asks_for_the_keys_again_and_a_known_one_does_not() -> None:
    world = World()
    token = await access_token(world)
    await world.introspect(token)
    assert world.keys.reloads == []
    world.ring.replace(ISSUER.id, [])
    assert await world.introspect(token) == INACTIVE
    assert world.keys.reloads == [ISSUER.id]


async def test_a_token_of_another_issuer_is_inactive_even_under_the_same_client_id() -> None:
    world = World(APPLICATION, replace(ELSEWHERE, client_id=APPLICATION.client_id, incarnation="uid-1"))
    token = await access_token(world)
    assert await world.introspect(token, issuer=OTHER_ISSUER) == INACTIVE


async def test_a_token_expires() -> None:
    world = World()
    token = await access_token(world)
    world.now += APPLICATION.lifetimes.access_token - 1
    assert (await world.introspect(token))["active"]
    world.now += 1
    assert await world.introspect(token) == INACTIVE


@pytest.mark.parametrize(
    "change", [{"incarnation": "another"}, {"not_before": NOW}, {"enabled": False}, {"issuer_id": OTHER_ISSUER.id}]
)
async def test_a_token_dies_with_its_application_though_its_signature_was_seen(change: dict[str, Any]) -> None:
    world = World()
    world.put(OTHER, audiences=("https://orders.example.com",))
    world.put(audiences=("https://orders.example.com",))
    token = await access_token(world)
    assert (await world.introspect(token, auth=OTHERS))["active"]
    world.put(audiences=("https://orders.example.com",), **change)
    assert await world.introspect(token, auth=OTHERS) == INACTIVE


@pytest.mark.parametrize(
    ("kind", "id_"),
    [
        (RevocationKind.GRANT, "grant of a-code"),
        (RevocationKind.SESSION, "s-1"),
        (RevocationKind.USER, "uid-ada"),
        (RevocationKind.APPLICATION, "uid-1"),
    ],
)
async def test_the_revocation_set_is_asked_each_time(kind: RevocationKind, id_: str) -> None:
    world = World()
    token = (await world.redeem(world.code())).json()["access_token"]
    assert (await world.introspect(token))["active"]
    world.revocations.add(Revocation(kind, id_, world.now - 1, world.now + 600))
    assert (await world.introspect(token))["active"]
    world.revocations.add(Revocation(kind, id_, world.now, world.now + 600))
    assert await world.introspect(token) == INACTIVE


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "made_up"])
async def test_a_hint_is_only_a_hint(hint: str) -> None:
    """authlib answers unsupported_token_type to a hint that it does not know."""
    world = World()
    issued = (await world.redeem(world.code())).json()
    for name in ("access_token", "refresh_token"):
        answer = await world.post("/introspect", {"token": issued[name], "token_type_hint": hint})
        assert answer.json()["active"], name


async def test_a_refresh_token_is_told_to_its_own_client_only_and_not_after_its_use() -> None:
    world = World()
    refresh_token = (await world.redeem(world.code())).json()["refresh_token"]
    answer = await world.introspect(refresh_token)
    assert (answer["scope"], answer["sub"]) == ("openid email orders:read", "u_ada")
    assert "token_type" not in answer
    assert await world.introspect(refresh_token, auth=OTHERS) == INACTIVE
    await world.refresh(refresh_token)
    assert await world.introspect(refresh_token) == INACTIVE


async def test_an_opaque_token_of_another_issuer_is_inactive() -> None:
    world = World()
    world.put(ELSEWHERE, audiences=("https://orders.example.com",))
    world.put(opaque_access_tokens=True, audiences=("https://orders.example.com",))
    token = await access_token(world)
    elsewhere = await world.introspect(token, auth=basic(ELSEWHERE.client_id), issuer=OTHER_ISSUER)
    assert elsewhere == INACTIVE
    assert (await world.introspect(token))["active"]


async def test_an_opaque_token_of_the_addresss_former_tenant_is_inactive() -> None:
    """The origin is the same, the issuer is another."""
    world = World()
    world.put(opaque_access_tokens=True)
    token = await access_token(world)
    for digest, stored in world.database.access_tokens.items():
        world.database.access_tokens[digest] = replace(stored, issuer_id="the former issuer")
    assert await world.introspect(token) == INACTIVE


async def test_a_missing_token_is_invalid_request() -> None:
    answer = await World().post("/introspect", {"token": ""})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_the_memory_of_verified_tokens_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ostiary_server.protocol.bearer_tokens.MOST_VERIFIED", 3)
    world = World()
    tokens = [await access_token(world) for _ in range(6)]
    for token in tokens + tokens:
        assert (await world.introspect(token))["active"]
    assert len(world.bearer_tokens._verified) == 3
