"""The consent page: what it shows, and that only the person it was shown to can answer."""

from dataclasses import replace

import httpx
import pytest

from ostiary_state.runtime.session import SignedIn
from tests.authorizing import APPLICATION, ISSUER, USER, World, address, answer, code_request
from tests.pages.forms import Form, form_of, open_form


async def shown(world: World, client: httpx.AsyncClient, **changes: str) -> Form:
    client.cookies.update(await world.signed_in())
    return await open_form(client, address(code_request(**changes)))


async def test_allow_is_the_first_button_and_deny_the_second() -> None:
    world = World()
    async with world.client() as client:
        form = await shown(world, client)
    assert [(button["type"], button["name"], button["value"]) for button in form.buttons] == [
        ("submit", "decision", "allow"),
        ("submit", "decision", "deny"),
    ]


async def test_the_page_says_who_asks_whom_for_what() -> None:
    world = World(
        replace(
            APPLICATION,
            display_name="Fish & Chips",
            scopes=("openid", "email", "orders:<write>"),
            policy_url="javascript:alert(1)",
            terms_url="https://shop.example.com/terms",
        )
    )
    async with world.client() as client:
        client.cookies.update(await world.signed_in())
        request = code_request(scope="openid email orders:<write>")
        page = await client.get(address(request), follow_redirects=True)
    for text in ("Fish &amp; Chips", "Ada Lovelace", "See your e-mail address", "shop.example.com"):
        assert text in page.text
    assert "orders:&lt;write&gt;" in page.text
    assert 'href="https://shop.example.com/terms"' in page.text
    assert "javascript:" not in page.text


async def test_allowing_answers_the_application_and_is_remembered() -> None:
    world = World()
    async with world.client() as client:
        form = await shown(world, client)
        response = await form.send(client, decision="allow")
        assert response.status_code == 303
        assert answer(response.headers["location"])[1].keys() == {"code", "state", "iss", "session_state"}
        again = await client.get(address(code_request()))
    assert "code" in answer(again.headers["location"])[1]


@pytest.mark.parametrize("decision", ["deny", "", "ALLOW"])
async def test_anything_but_allowing_is_denying(decision: str) -> None:
    world = World()
    async with world.client() as client:
        response = await (await shown(world, client)).send(client, decision=decision)
    assert answer(response.headers["location"])[1]["error"] == "access_denied"
    assert world.tables.consents == {}
    assert world.tables.grants == {}


async def test_a_form_of_another_session_or_browser_is_shown_again_instead_of_counting() -> None:
    world = World()
    async with world.client() as attacker, world.client() as victim:
        planted = await shown(world, attacker)
        own = await shown(world, victim)
        for fields in (planted.fields, own.fields | {"request_handle": planted.fields["request_handle"]}):
            response = await victim.post("/consent", data=fields | {"decision": "allow"})
            assert response.status_code == 200
            assert form_of(response).buttons, "asked again"
    assert world.tables.grants == {}


async def test_an_answer_cannot_be_carried_over_to_a_request_for_more() -> None:
    world = World()
    async with world.client() as client:
        little = await shown(world, client, scope="openid")
        more = await open_form(client, address(code_request(scope="openid email")))
        mixed = little.fields | {"request_handle": more.fields["request_handle"]}
        response = await client.post("/consent", data=mixed | {"decision": "allow"})
    assert response.status_code == 200
    assert world.tables.grants == {}


async def test_signing_in_as_somebody_else_voids_a_form_that_is_still_open() -> None:
    world = World()
    async with world.client() as client:
        form = await shown(world, client)
        world.tables.people["bob"] = replace(
            USER, id="shop/bob", incarnation="uid-bob", username="bob", display_name="Bob"
        )
        started = await world.sessions.start(world.tables.people["bob"], ("pwd",), world.request({}))
        name, _, value = started.cookies[0].partition(";")[0].partition("=")
        client.cookies.set(name, value, domain="login.example.com", path="/")
        client.cookies.jar.clear_expired_cookies()
        response = await client.post(
            "/consent",
            data=form.fields | {"decision": "allow"},
            headers={"Cookie": "; ".join([f"{name}={value}", *_browser(client)])},
        )
    assert response.status_code == 200
    assert "Bob" in response.text
    assert world.tables.grants == {}


def _browser(client: httpx.AsyncClient) -> list[str]:
    return [f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar if "browser" in cookie.name]


async def test_after_signing_out_the_form_leads_to_the_sign_in_page() -> None:
    world = World()
    async with world.client() as client:
        form = await shown(world, client)
        for session in list(world.tables.sessions.values()):
            await world.sessions.end(SignedIn(session, USER, None), ISSUER, world.now)
        response = await form.send(client, decision="allow")
    assert response.headers["location"].startswith("/sign-in?request_handle=")
    assert world.tables.grants == {}


async def test_an_application_that_was_disabled_meanwhile_gets_nothing() -> None:
    world = World()
    async with world.client() as client:
        form = await shown(world, client)
        world.put(replace(APPLICATION, enabled=False))
        response = await form.send(client, decision="allow")
    assert response.status_code == 403
    assert world.tables.grants == {}


async def test_an_application_that_may_no_longer_do_this_is_told_so() -> None:
    world = World()
    async with world.client() as client:
        form = await shown(world, client)
        world.put(replace(APPLICATION, grant_modes=frozenset({"implicit"})))
        response = await form.send(client, decision="allow")
    assert answer(response.headers["location"])[1]["error"] == "unauthorized_client"
    assert world.tables.grants == {}


async def test_consenting_does_not_replace_the_password_that_prompt_login_asks_for() -> None:
    world = World()
    async with world.client() as client:
        client.cookies.update(await world.signed_in())
        sign_in = await client.get(address(code_request(prompt="login")))
        form = await open_form(client, sign_in.headers["location"].replace("/sign-in?", "/consent?"))
        response = await form.send(client, decision="allow")
    assert response.headers["location"].startswith("/sign-in?")
    assert world.tables.grants == {}


async def test_a_person_who_lost_the_group_meanwhile_gets_nothing() -> None:
    world = World()
    async with world.client() as client:
        form = await shown(world, client)
        world.put(replace(APPLICATION, allowed_groups=frozenset({"admins"})))
        response = await form.send(client, decision="allow")
    assert answer(response.headers["location"])[1]["error"] == "access_denied"


async def test_an_app_on_the_device_is_called_that() -> None:
    native = replace(APPLICATION, confidential=False, callback_urls=("com.example.app:/cb",))
    world = World(native)
    async with world.client() as client:
        client.cookies.update(await world.signed_in())
        page = await client.get(address(code_request(redirect_uri="com.example.app:/cb")), follow_redirects=True)
        assert "an app on this device" in page.text
        response = await form_of(page).send(client, decision="allow")
    assert response.headers["location"].startswith("com.example.app:/cb?code=")
