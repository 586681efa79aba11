"""Where the browser goes: to sign in, to consent, or back with what was asked for."""

import base64
import hashlib
import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ostiary_server.protocol.authorization import LIFETIME, SEALED
from ostiary_server.protocol.consent import terms
from ostiary_server.protocol.errors import PageError, TemporarilyUnavailable
from ostiary_server.protocol.requests import Parameters
from ostiary_server.protocol.tokens import digest_of
from ostiary_state.errors import StoreUnavailable
from ostiary_state.runtime.consent import Consent
from tests.authorizing import (
    APPLICATION,
    CHALLENGE,
    ISSUER,
    NOW,
    OTHER_ISSUER,
    USER,
    World,
    answer,
    code_request,
    implicit_request,
)

TRUSTED = replace(APPLICATION, consent_required=False)
NATIVE = replace(TRUSTED, confidential=False, callback_urls=("http://127.0.0.1/cb",))


def consent(**fields: Any) -> Consent:
    values = Consent(
        issuer_id=ISSUER.id,
        user_id=USER.id,
        user_incarnation=USER.incarnation,
        client_id=APPLICATION.client_id,
        application_id=APPLICATION.id,
        application_incarnation=APPLICATION.incarnation,
        scopes=frozenset({"openid", "profile"}),
        terms=terms(APPLICATION),
        granted_at=NOW - 60,
    )
    return replace(values, **fields)


def remember(world: World, value: Consent) -> None:
    world.tables.consents[value.issuer_id, value.user_id, value.client_id] = value


def claims(jwt: str) -> dict[str, Any]:
    payload = jwt.split(".")[1]
    content: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return content


async def error_of(world: World, parameters: dict[str, str], **fields: Any) -> str:
    return answer(await world.begin(parameters, **fields))[1]["error"]


# Signing in


async def test_nobody_is_signed_in_so_the_request_is_sealed_and_nothing_is_stored() -> None:
    world = World()
    assert (await world.begin(code_request())).startswith("/sign-in?request_handle=")
    assert world.tables.statements == []


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
    name, _, value = started.cookie.partition(";")[0].partition("=")
    query = {SEALED: parse_qs(urlsplit(onward).query)[SEALED][0]}
    assert (await world.begin(query, cookies={name: value})).startswith("https://shop.example.com/callback?code=")
    assert (await world.begin(query, cookies=older)).startswith("/sign-in?")


# prompt=none


@pytest.mark.parametrize("parameters", [code_request(prompt="none"), implicit_request(prompt="none")])
async def test_silent_requests_are_answered_without_a_page(parameters: dict[str, str]) -> None:
    world = World()
    assert await error_of(world, parameters) == "login_required"
    cookies = await world.signed_in()
    assert await error_of(world, parameters, cookies=cookies) == "consent_required"
    assert await error_of(world, parameters | {"max_age": "0"}, cookies=cookies) == "login_required"
    remember(world, consent())
    assert "error" not in answer(await world.begin(parameters, cookies=cookies))[1]


async def test_a_silent_request_is_told_when_the_database_is_away_and_a_person_sees_a_page() -> None:
    world = World()
    cookies = await world.signed_in()
    world.tables.away = True
    assert await error_of(world, code_request(prompt="none"), cookies=cookies) == "temporarily_unavailable"
    with pytest.raises(StoreUnavailable):
        await world.begin(code_request(), cookies=cookies)


# Who may


async def test_only_the_allowed_groups_get_in() -> None:
    world = World(replace(TRUSTED, allowed_groups=frozenset({"admins", "staff"})))
    cookies = await world.signed_in()
    assert "code" in answer(await world.begin(code_request(), cookies=cookies))[1]
    world.put_user(groups=frozenset({"guests"}))
    assert await error_of(world, code_request(), cookies=cookies) == "access_denied"
    assert await error_of(world, code_request(prompt="none"), cookies=cookies) == "access_denied"


async def test_someone_who_is_not_admitted_is_not_asked_for_consent() -> None:
    world = World(replace(APPLICATION, allowed_groups=frozenset({"admins"})))
    assert await error_of(world, code_request(), cookies=await world.signed_in()) == "access_denied"


# Consent


async def test_consent_is_asked_for_once() -> None:
    world = World()
    cookies = await world.signed_in()
    assert (await world.begin(code_request(), cookies=cookies)).startswith("/consent?")
    remember(world, consent())
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
    remember(world, consent(**void))
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
    remember(world, consent())
    world.put(replace(APPLICATION, **change))
    assert (await world.begin(code_request(), cookies=await world.signed_in())).startswith("/consent?")


async def test_a_new_path_on_a_trusted_host_is_no_reason_to_ask_again() -> None:
    world = World()
    remember(world, consent())
    world.put(replace(APPLICATION, callback_urls=(*APPLICATION.callback_urls, "https://shop.example.com/new")))
    assert "code" in answer(await world.begin(code_request(), cookies=await world.signed_in()))[1]


async def test_prompt_consent_always_asks() -> None:
    world = World(TRUSTED)
    remember(world, consent())
    assert (await world.begin(code_request(prompt="consent"), cookies=await world.signed_in())).startswith("/consent?")


@pytest.mark.parametrize(
    "callback", ["http://127.0.0.1/cb", "http://[::1]/cb", "http://app.localhost/cb", "com.example.app:/cb"]
)
async def test_a_client_that_any_program_can_pose_as_is_asked_about_each_time(callback: str) -> None:
    native = replace(NATIVE, callback_urls=(callback,))
    world = World(native)
    remember(world, consent(terms=terms(native)))
    cookies = await world.signed_in()
    request = code_request(redirect_uri=callback)
    assert (await world.begin(request, cookies=cookies)).startswith("/consent?")
    assert await error_of(world, request | {"prompt": "none"}, cookies=cookies) == "consent_required"


async def test_a_public_client_on_https_is_remembered_like_any_other() -> None:
    world = World(replace(TRUSTED, confidential=False))
    assert "code" in answer(await world.begin(code_request(), cookies=await world.signed_in()))[1]


async def test_allowing_remembers_and_issues_and_later_scopes_add_up() -> None:
    world = World()
    cookies = await world.signed_in()
    for scope in ("openid", "openid email"):
        request = world.request(code_request(scope=scope), cookies=cookies)
        handle = urlsplit(await world.authorization.begin(request)).query.removeprefix(SEALED + "=")
        signed_in = await world.sessions.current(request, APPLICATION.client_id)
        assert signed_in is not None
        pending = world.authorization.open(handle, request)
        assert "code" in answer(await world.authorization.allow(pending, signed_in, world.now))[1]
    (remembered,) = world.tables.consents.values()
    assert remembered.scopes == {"openid", "email"}
    assert remembered.granted_at == NOW


# What is issued


async def test_a_live_session_costs_two_statements() -> None:
    world = World(TRUSTED)
    cookies = await world.signed_in()
    await world.begin(code_request(), cookies=cookies)
    assert world.tables.statements == ["signed_in", "grants.start"]


async def test_a_code_is_stored_as_a_digest_bound_to_client_redirect_challenge_and_session() -> None:
    world = World(TRUSTED)
    cookies = await world.signed_in()
    channel, values = answer(await world.begin(code_request(nonce="n-1"), cookies=cookies))
    assert channel == "query"
    assert values.keys() == {"code", "state", "iss"}
    assert len(values["code"]) == 43
    (grant,) = world.tables.grants
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
    assert world.tables.grants[0].scopes == ("email", "openid")


async def test_a_request_without_scope_gets_what_is_declared_but_no_identity() -> None:
    world = World(TRUSTED)
    await world.begin(code_request(scope=None), cookies=await world.signed_in())
    assert world.tables.grants[0].scopes == ("profile", "email")


async def test_a_redirect_uri_that_was_not_sent_is_not_expected_at_the_token_endpoint() -> None:
    world = World(TRUSTED)
    await world.begin(code_request(redirect_uri=None, scope="profile"), cookies=await world.signed_in())
    code = world.tables.grants[0].code
    assert code is not None
    assert code.redirect_uri == ""


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
    (grant,) = world.tables.grants
    assert (grant.session_id is None) is outlives
    assert ("offline_access" in grant.scopes) is outlives


async def test_implicit_puts_everything_into_the_fragment_and_never_a_refresh_token() -> None:
    world = World(replace(TRUSTED, grant_modes=frozenset({"implicit", "refresh_token"})))
    channel, values = answer(await world.begin(implicit_request(), cookies=await world.signed_in()))
    assert channel == "fragment"
    assert values.keys() == {"access_token", "token_type", "expires_in", "scope", "id_token", "state", "iss"}
    assert (values["token_type"], values["expires_in"], values["scope"]) == ("Bearer", "600", "openid profile")
    identity = claims(values["id_token"])
    assert identity["nonce"] == "n-1"
    assert identity["aud"] == "shop.web"
    half = hashlib.sha256(values["access_token"].encode()).digest()[:16]
    assert identity["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    (grant,) = world.tables.grants
    assert grant.code is None
    assert claims(values["access_token"])["ost"]["g"] == grant.id, "it can be revoked by its grant"


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("token", {"access_token", "token_type", "expires_in", "scope", "state", "iss"}),
        ("id_token", {"id_token", "state", "iss"}),
    ],
)
async def test_each_implicit_response_type_yields_what_it_names(kind: str, names: set[str]) -> None:
    world = World(TRUSTED)
    location = await world.begin(implicit_request(response_type=kind), cookies=await world.signed_in())
    assert answer(location)[1].keys() == names


async def test_an_opaque_implicit_token_is_stored_with_its_grant() -> None:
    world = World(replace(TRUSTED, opaque_access_tokens=True))
    _, values = answer(await world.begin(implicit_request(), cookies=await world.signed_in()))
    (issued,) = world.tables.issued
    assert issued.access_token is not None
    assert issued.access_token.digest == digest_of(values["access_token"])
    assert world.tables.statements == ["signed_in", "grants.start_with"]


async def test_without_a_signing_key_nothing_is_stored_and_a_person_may_try_again() -> None:
    world = World(TRUSTED)
    cookies = await world.signed_in()
    world.ring.replace(ISSUER.id, [])
    with pytest.raises(TemporarilyUnavailable):
        await world.begin(implicit_request(), cookies=cookies)
    assert world.tables.grants == []


# The sealed value


async def test_a_post_is_sealed_and_comes_back_as_a_get_that_brings_the_cookies() -> None:
    world = World(TRUSTED)
    form = Parameters(tuple(code_request().items()))
    location = await world.begin({}, method="POST", form=form)
    assert location.startswith("/authorize?request_handle=")
    again = {SEALED: location.partition("=")[2]}
    assert "code" in answer(await world.begin(again, cookies=await world.signed_in()))[1]


async def test_a_post_to_a_foreign_redirect_uri_is_refused_at_once() -> None:
    form = Parameters(tuple(code_request(redirect_uri="https://evil.example/").items()))
    with pytest.raises(PageError):
        await World().begin({}, method="POST", form=form)


async def test_a_sealed_request_expires_and_looking_at_it_does_not_prolong_it() -> None:
    world = World()
    sealed = urlsplit(await world.begin(code_request())).query.removeprefix(SEALED + "=")
    world.now += LIFETIME - 1
    again = urlsplit(await world.begin({SEALED: sealed})).query.removeprefix(SEALED + "=")
    world.now += 1
    for handle in (sealed, again, "forged"):
        with pytest.raises(PageError):
            await world.begin({SEALED: handle})


async def test_a_sealed_request_is_judged_again_by_what_is_declared_now() -> None:
    world = World(TRUSTED)
    cookies = await world.signed_in()
    sealed = urlsplit(await world.begin(code_request(prompt="login"), cookies=cookies)).query.removeprefix(SEALED + "=")
    world.put(replace(TRUSTED, enabled=False))
    with pytest.raises(PageError):
        await world.begin({SEALED: sealed}, cookies=cookies)
    world.put(replace(TRUSTED, grant_modes=frozenset()))
    assert await error_of(world, {SEALED: sealed}, cookies=cookies) == "unauthorized_client"


async def test_a_sealed_request_of_one_issuer_does_not_open_at_another() -> None:
    world = World(APPLICATION, replace(APPLICATION, id="other/web", issuer_id=OTHER_ISSUER.id))
    sealed = urlsplit(await world.begin(code_request())).query.removeprefix(SEALED + "=")
    with pytest.raises(PageError):
        await world.begin({SEALED: sealed}, issuer=OTHER_ISSUER)
