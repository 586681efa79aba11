"""When a person is asked, and what an answer is remembered for."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from ostiary_server.protocol.authorization import SEALED, Pending
from ostiary_server.protocol.authorization_checks import recognised
from ostiary_server.protocol.consent import terms
from ostiary_server.protocol.responses import Redirect
from ostiary_state.applications.application import Application
from ostiary_state.applications.openid import OpenIDSettings
from tests.authorizing import (
    APPLICATION,
    ISSUER,
    NOW,
    World,
    answer,
    code_request,
    remembered,
)

TRUSTED = replace(APPLICATION, consent_required=False)
NATIVE = replace(TRUSTED, confidential=False, callback_urls=("http://127.0.0.1/cb",))


async def test_consent_is_asked_for_once() -> None:
    world = World()
    cookies = await world.signed_in()
    assert (await world.begin(code_request(), cookies=cookies)).startswith("/consent?")
    world.remember(remembered())
    assert "code" in answer(await world.begin(code_request(), cookies=cookies))[1]
    assert "code" in answer(await world.begin(code_request(scope="openid"), cookies=cookies))[1], "less is covered"


@pytest.mark.parametrize(
    "void",
    [
        {"scopes": frozenset({"openid"})},
        {"terms": "others"},
        {"application_incarnation": "another"},
        {"user_incarnation": "another"},
        {"client_id": "another"},
        {"user_id": "shop/another"},
    ],
)
async def test_a_remembered_consent_covers_what_it_was_given_for(void: dict[str, Any]) -> None:
    world = World()
    world.remember(remembered(**void))
    assert (await world.begin(code_request(), cookies=await world.signed_in())).startswith("/consent?")


@pytest.mark.parametrize(
    "change",
    [
        {"incarnation": "uid-2"},
        {"confidential": False},
        {"callback_urls": (*APPLICATION.callback_urls, "https://elsewhere.example/cb")},
        {"not_before": NOW - 60},
    ],
)
async def test_an_application_that_became_another_is_asked_about_again(change: dict[str, Any]) -> None:
    world = World()
    world.remember(remembered())
    world.put(replace(APPLICATION, **change))
    assert (await world.begin(code_request(), cookies=await world.signed_in())).startswith("/consent?")


async def test_a_new_path_on_a_trusted_host_is_no_reason_to_ask_again() -> None:
    world = World()
    world.remember(remembered())
    world.put(replace(APPLICATION, callback_urls=(*APPLICATION.callback_urls, "https://shop.example.com/new")))
    assert "code" in answer(await world.begin(code_request(), cookies=await world.signed_in()))[1]


async def test_prompt_consent_always_asks() -> None:
    world = World(TRUSTED)
    world.remember(remembered())
    assert (await world.begin(code_request(prompt="consent"), cookies=await world.signed_in())).startswith("/consent?")


@pytest.mark.parametrize(
    "callback", ["http://127.0.0.1/cb", "http://[::1]/cb", "http://app.localhost/cb", "com.example.app:/cb"]
)
async def test_a_client_that_any_program_can_pose_as_is_asked_about_each_time(callback: str) -> None:
    native = replace(NATIVE, callback_urls=(callback,))
    world = World(native)
    world.remember(remembered(terms=terms(native)))
    cookies = await world.signed_in()
    request = code_request(redirect_uri=callback)
    assert (await world.begin(request, cookies=cookies)).startswith("/consent?")
    assert await world.error(request | {"prompt": "none"}, cookies=cookies) == "consent_required"


async def test_a_public_client_on_https_is_remembered_like_any_other() -> None:
    world = World(replace(TRUSTED, confidential=False))
    assert "code" in answer(await world.begin(code_request(), cookies=await world.signed_in()))[1]


async def test_allowing_remembers_and_issues_and_later_scopes_add_up() -> None:
    world = World()
    cookies = await world.signed_in()
    for scope in ("openid", "openid email"):
        request = world.request(code_request(scope=scope), cookies=cookies)
        asked = await world.authorization.begin(request)
        assert isinstance(asked, Redirect)
        handle = urlsplit(asked.location).query.removeprefix(SEALED + "=")
        signed_in = await world.sessions.current(request, APPLICATION.client_id)
        assert signed_in is not None
        pending = world.authorization.open(handle, request)
        onward = await world.authorization.allow(pending, signed_in, world.now)
        assert isinstance(onward, Redirect)
        assert "code" in answer(onward.location)[1]
    (remembered,) = world.tables.consents.values()
    assert remembered.scopes == {"openid", "email"}
    assert remembered.granted_at == NOW


OPTIONAL = replace(APPLICATION, openid=OpenIDSettings(optional_scopes=frozenset({"email", "profile"})))


@pytest.mark.parametrize("application", [OPTIONAL, replace(OPTIONAL, consent_required=False)], ids=["Prompt", "Skip"])
async def test_what_was_declined_is_not_granted_and_the_rest_is(application: Application) -> None:
    world = World(application)
    world.remember(remembered(scopes=frozenset({"openid"}), declined=frozenset({"email"})))
    await world.begin(code_request(scope="openid email"), cookies=await world.signed_in())
    (grant,) = world.tables.grants.values()
    assert grant.scopes == ("openid",)


@pytest.mark.parametrize("application", [OPTIONAL, replace(OPTIONAL, consent_required=False)], ids=["Prompt", "Skip"])
async def test_a_request_for_nothing_but_what_was_declined_is_put_to_the_person(application: Application) -> None:
    world = World(application)
    world.remember(remembered(scopes=frozenset({"openid"}), declined=frozenset({"email", "profile"})))
    cookies = await world.signed_in()
    request = code_request(scope="email profile")
    assert (await world.begin(request, cookies=cookies)).startswith("/consent?")
    assert await world.error(request | {"prompt": "none"}, cookies=cookies) == "consent_required"


async def test_a_scope_that_is_optional_no_more_is_asked_for_again() -> None:
    world = World()
    world.remember(remembered(scopes=frozenset({"openid"}), declined=frozenset({"profile"})))
    assert (await world.begin(code_request(), cookies=await world.signed_in())).startswith("/consent?")


async def test_refusing_a_scope_takes_back_the_claims_that_it_opens() -> None:
    world = World(OPTIONAL)
    world.remember(remembered(scopes=frozenset({"openid"}), claims=frozenset({"email", "nickname"})))
    request = world.request(code_request(scope="openid email"), cookies=await world.signed_in())
    pending = Pending(recognised(request.query, ISSUER, OPTIONAL), world.now + 60)
    signed_in = await world.sessions.current(request, OPTIONAL.client_id)
    assert signed_in is not None
    await world.authorization.allow(pending, signed_in, world.now, frozenset({"email"}))
    (consent,) = world.tables.consents.values()
    assert (consent.scopes, consent.declined, consent.claims) == ({"openid"}, {"email"}, {"nickname"})
