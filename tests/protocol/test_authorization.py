"""Where the browser goes: to sign in, or back with what was asked for."""

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ostiary_server.protocol.authorization import SEALED
from ostiary_state.errors import StoreUnavailable
from tests.authorizing import (
    APPLICATION,
    NOW,
    OTHER_ISSUER,
    USER,
    World,
    answer,
    code_request,
    implicit_request,
    remembered,
)

TRUSTED = replace(APPLICATION, consent_required=False)


async def test_nobody_is_signed_in_so_the_request_is_sealed_and_nothing_is_stored() -> None:
    world = World()
    assert (await world.begin(code_request())).startswith("/sign-in?request_handle=")
    assert world.tables.statements == 0


@pytest.mark.parametrize(
    "user",
    [{"enabled": False}, {"not_before": NOW}, {"incarnation": "another"}],
    ids=["disabled", "password changed", "re-created"],
)
async def test_a_session_ends_with_what_its_user_was(user: dict[str, Any]) -> None:
    world = World(TRUSTED)
    cookies = await world.signed_in()
    assert (await world.begin(code_request(), cookies=cookies)).startswith("https://shop.example.com/")
    world.put_user(**user)
    assert (await world.begin(code_request(), cookies=cookies)).startswith("/sign-in?")


async def test_a_session_lasts_its_lifetime() -> None:
    world = World(TRUSTED)
    cookies = await world.signed_in()
    world.now += 12 * 3600 - 1
    assert (await world.begin(code_request(), cookies=cookies)).startswith("https://shop.example.com/")
    world.now += 1
    assert (await world.begin(code_request(), cookies=cookies)).startswith("/sign-in?")


async def test_a_session_is_honoured_at_its_own_issuer_only() -> None:
    world = World(TRUSTED, replace(TRUSTED, id="other/web", issuer_id=OTHER_ISSUER.id))
    cookies = await world.signed_in(OTHER_ISSUER)
    assert (await world.begin(code_request(), cookies=cookies)).startswith("/sign-in?")


@pytest.mark.parametrize("prompt", ["login", "select_account", "login consent"])
async def test_prompt_asks_for_the_password_even_of_people_who_are_signed_in(prompt: str) -> None:
    world = World(TRUSTED)
    location = await world.begin(code_request(prompt=prompt), cookies=await world.signed_in())
    assert location.startswith("/sign-in?")


@pytest.mark.parametrize(("max_age", "fresh"), [("0", False), ("59", False), ("60", True), ("3600", True)])
async def test_max_age_bounds_the_age_of_the_sign_in(max_age: str, fresh: bool) -> None:
    world = World(TRUSTED)
    cookies = await world.signed_in()
    world.now += 60
    location = await world.begin(code_request(max_age=max_age), cookies=cookies)
    assert location.startswith("https://shop.example.com/" if fresh else "/sign-in?")


@pytest.mark.parametrize("asked", [{"prompt": "login"}, {"max_age": "0"}])
async def test_a_sign_in_made_for_this_request_satisfies_it_and_an_older_one_does_not(asked: dict[str, str]) -> None:
    world = World(TRUSTED)
    older = await world.signed_in()
    sealed = urlsplit(await world.begin(code_request(**asked), cookies=older)).query.removeprefix(SEALED + "=")
    resumed = {SEALED: sealed}
    assert (await world.begin(resumed, cookies=older)).startswith("/sign-in?"), "cancelling is not signing in"

    request = world.request({})
    started = await world.sessions.start(USER, ("pwd",), request)
    onward = world.authorization.signed_in(world.authorization.open(sealed, request), started.session, world.now)
    name, _, value = started.cookies[0].partition(";")[0].partition("=")
    query = {SEALED: parse_qs(urlsplit(onward).query)[SEALED][0]}
    assert (await world.begin(query, cookies={name: value})).startswith("https://shop.example.com/callback?code=")
    assert (await world.begin(query, cookies=older)).startswith("/sign-in?")


@pytest.mark.parametrize("parameters", [code_request(prompt="none"), implicit_request(prompt="none")])
async def test_silent_requests_are_answered_without_a_page(parameters: dict[str, str]) -> None:
    world = World()
    assert await world.error(parameters) == "login_required"
    cookies = await world.signed_in()
    assert await world.error(parameters, cookies=cookies) == "consent_required"
    assert await world.error(parameters | {"max_age": "0"}, cookies=cookies) == "login_required"
    world.remember(remembered())
    assert "error" not in answer(await world.begin(parameters, cookies=cookies))[1]


async def test_a_silent_request_is_told_when_the_database_is_away_and_a_person_sees_a_page() -> None:
    world = World()
    cookies = await world.signed_in()
    world.tables.away = True
    assert await world.error(code_request(prompt="none"), cookies=cookies) == "temporarily_unavailable"
    with pytest.raises(StoreUnavailable):
        await world.begin(code_request(), cookies=cookies)


async def test_only_the_allowed_groups_get_in() -> None:
    world = World(replace(TRUSTED, allowed_groups=frozenset({"admins", "staff"})))
    cookies = await world.signed_in()
    assert "code" in answer(await world.begin(code_request(), cookies=cookies))[1]
    world.put_user(groups=frozenset({"guests"}))
    assert await world.error(code_request(), cookies=cookies) == "access_denied"
    assert await world.error(code_request(prompt="none"), cookies=cookies) == "access_denied"


async def test_someone_who_is_not_admitted_is_not_asked_for_consent() -> None:
    world = World(replace(APPLICATION, allowed_groups=frozenset({"admins"})))
    assert await world.error(code_request(), cookies=await world.signed_in()) == "access_denied"
