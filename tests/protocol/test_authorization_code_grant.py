"""Redeeming a code: which steps of authlib's grant must not happen as they come, and what binds a code."""

import asyncio
import logging
from dataclasses import replace
from typing import Any

import pytest

from ostiary_state.runtime.revocation import Revocation, RevocationKind
from tests.granting import (
    APPLICATION,
    CALLBACK,
    ELSEWHERE,
    OTHER,
    OTHER_ISSUER,
    PUBLIC,
    USER,
    VERIFIER,
    World,
    basic,
    claims_of,
)

STRANGER = basic(OTHER.client_id, "books' secret")


async def test_a_code_yields_tokens_bound_to_its_grant() -> None:
    world = World()
    answer = (await world.redeem(world.code())).json()
    assert claims_of(answer["access_token"])["sub"] == USER.subject
    assert claims_of(answer["id_token"])["nonce"] == "n-1"
    assert answer["scope"] == "openid email orders:read"
    assert world.statements == ["by_code", "redeem"]


async def test_two_racing_redemptions_do_not_both_win() -> None:
    world = World()
    world.code()
    answers = await asyncio.gather(*(world.redeem("a-code") for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400, 400]
    assert len(world.database.families) == 1


async def test_a_replayed_code_does_not_leave_what_it_issued_alive() -> None:
    world = World()
    issued = (await world.redeem(world.code())).json()
    replay = await world.redeem("a-code")
    assert (replay.status_code, replay.json()["error"]) == (400, "invalid_grant")
    assert await world.introspect(issued["access_token"]) == {"active": False}
    assert (await world.refresh(issued["refresh_token"])).json()["error"] == "invalid_grant"


async def test_a_replay_on_a_replica_whose_clock_is_behind_still_ends_what_was_issued() -> None:
    world = World()
    world.code()
    world.now += 5
    issued = (await world.redeem("a-code")).json()
    world.now -= 5
    await world.redeem("a-code")
    world.now += 5
    assert await world.introspect(issued["access_token"]) == {"active": False}


async def test_a_code_replayed_after_its_expiry_still_ends_the_grant() -> None:
    world = World()
    issued = (await world.redeem(world.code())).json()
    world.now += 120
    await world.redeem("a-code")
    assert await world.introspect(issued["access_token"]) == {"active": False}


async def test_a_stranger_who_replays_a_code_cannot_end_somebody_elses_sign_in() -> None:
    world = World()
    issued = (await world.redeem(world.code())).json()
    replay = await world.redeem("a-code", auth=STRANGER)
    assert replay.json()["error"] == "invalid_grant"
    assert (await world.introspect(issued["access_token"]))["active"]


async def test_a_public_clients_used_code_without_its_verifier_ends_nothing() -> None:
    world = World()
    sent: dict[str, Any] = {"auth": None, "form": {"client_id": PUBLIC.client_id}}
    issued = (await world.redeem(world.code(application=PUBLIC), **sent)).json()
    sent["form"] = sent["form"] | {"code_verifier": "w" * 43}
    assert (await world.redeem("a-code", **sent)).json()["error"] == "invalid_grant"
    grant = world.database.grants["grant of a-code"]
    assert grant.revoked_at is None
    sent["form"] = sent["form"] | {"code_verifier": VERIFIER}
    await world.redeem("a-code", **sent)
    assert world.database.grants["grant of a-code"].revoked_at is not None
    assert issued["refresh_token"]


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"redirect_uri": CALLBACK + "/"}, "invalid_grant"),
        ({"redirect_uri": ""}, "invalid_grant"),
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"code_verifier": "short"}, "invalid_request"),
        ({"code_verifier": ""}, "invalid_request"),
        ({"code_verifier": "w" * 129}, "invalid_request"),
        ({"code_verifier": "ü" * 43}, "invalid_request"),
        ({"code_verifier": "w" * 42 + "="}, "invalid_request"),
        ({"code": "another-code"}, "invalid_grant"),
        ({"code": ""}, "invalid_request"),
    ],
)
async def test_a_failed_check_does_not_burn_the_code(form: dict[str, str], error: str) -> None:
    world = World()
    world.code()
    refused = await world.redeem("a-code", form=form)
    assert (refused.status_code, refused.json()["error"]) == (400, error)
    assert (await world.redeem("a-code")).status_code == 200


async def test_another_client_cannot_redeem_the_code_nor_burn_it() -> None:
    world = World()
    world.code()
    assert (await world.redeem("a-code", auth=STRANGER)).json()["error"] == "invalid_grant"
    assert (await world.redeem("a-code")).status_code == 200


async def test_a_code_of_one_issuer_is_none_at_another() -> None:
    world = World(replace(ELSEWHERE, client_id=APPLICATION.client_id), APPLICATION)
    world.code()
    refused = await world.redeem("a-code", issuer=OTHER_ISSUER)
    assert refused.json()["error"] == "invalid_grant"


async def test_an_expired_code_yields_nothing() -> None:
    world = World()
    world.code()
    world.now += 60
    assert (await world.redeem("a-code")).json()["error"] == "invalid_grant"


async def test_a_verifier_for_a_code_without_challenge_is_refused() -> None:
    world = World()
    world.put(pkce_required=False)
    world.code(code_challenge=None)
    assert (await world.redeem("a-code")).status_code == 400
    assert (await world.redeem("a-code", form={"code_verifier": ""})).status_code == 200


async def test_optional_pkce_still_verifies_the_challenge_that_was_sent() -> None:
    world = World()
    world.put(pkce_required=False)
    world.code()
    assert (await world.redeem("a-code", form={"code_verifier": ""})).status_code == 400


async def test_a_plain_challenge_is_not_compared_as_text() -> None:
    world = World()
    world.code(code_challenge=VERIFIER)
    assert (await world.redeem("a-code")).json()["error"] == "invalid_grant"


async def test_a_confidential_client_is_not_excused_from_pkce() -> None:
    world = World()
    world.code()
    assert APPLICATION.confidential
    assert (await world.redeem("a-code", form={"code_verifier": ""})).status_code == 400


@pytest.mark.parametrize(
    "change",
    [
        {"enabled": False},
        {"incarnation": "uid-of-another-ada"},
        {"not_before": 2_000_000_000.0},
    ],
)
async def test_a_user_who_was_ended_since_gets_no_tokens(change: dict[str, Any]) -> None:
    world = World()
    world.code()
    world.put_user(**change)
    assert (await world.redeem("a-code")).json()["error"] == "invalid_grant"


async def test_a_user_who_is_gone_gets_no_tokens() -> None:
    world = World()
    world.code()
    world.delete_user()
    assert (await world.redeem("a-code")).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "change",
    [
        {"incarnation": "uid-of-another-application"},
        {"not_before": 2_000_000_000.0},
        {"allowed_groups": frozenset({"admins"})},
    ],
)
async def test_an_application_that_was_ended_since_gets_no_tokens(change: dict[str, Any]) -> None:
    world = World()
    world.code()
    world.put(**change)
    assert (await world.redeem("a-code")).json()["error"] == "invalid_grant"


async def test_a_code_dies_with_the_session_it_was_given_in() -> None:
    world = World()
    world.code()
    world.revocations.add(Revocation(RevocationKind.SESSION, "s-1", world.now, world.now + 600))
    assert (await world.redeem("a-code")).json()["error"] == "invalid_grant"


async def test_no_refresh_token_without_the_grant_mode() -> None:
    world = World()
    world.put(grant_modes=frozenset({"authorization_code"}))
    answer = (await world.redeem(world.code())).json()
    assert "refresh_token" not in answer
    assert not world.database.families


async def test_no_id_token_without_openid() -> None:
    world = World()
    answer = (await world.redeem(world.code(scopes=("orders:read",)))).json()
    assert "id_token" not in answer


async def test_tokens_are_not_logged_at_debug_level(caplog: pytest.LogCaptureFixture) -> None:
    """authlib logs the response that it is about to save."""
    world = World()
    with caplog.at_level(logging.DEBUG):
        answer = (await world.redeem(world.code())).json()
        refreshed = (await world.refresh(answer["refresh_token"])).json()
    assert "TokenResponse(...)" in caplog.text
    for value in (answer, refreshed):
        for name in ("access_token", "refresh_token", "id_token"):
            assert value[name] not in caplog.text


async def test_the_issuer_may_be_http_on_localhost() -> None:
    """authlib refuses http on `x.localhost`: it is given the https form of the issuer's URI."""
    world = World()
    world.code(application=ELSEWHERE)
    answer = await world.redeem("a-code", auth=basic(ELSEWHERE.client_id), issuer=OTHER_ISSUER)
    assert answer.status_code == 200
    assert claims_of(answer.json()["access_token"])["iss"] == "http://app.localhost:8080"
