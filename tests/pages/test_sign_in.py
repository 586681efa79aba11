"""The sign-in page: what it shows, whom it lets in, and what it refuses without a trace."""

from dataclasses import replace

import httpx
import pytest

from ostiary_server.protocol.cookies import BROWSER, SESSION, cookie_name
from ostiary_server.protocol.errors import TemporarilyUnavailable
from ostiary_server.protocol.throttle import PER_ACCOUNT_AND_ADDRESS
from tests.authorizing import APPLICATION, ISSUER, PASSWORD, USER, World, address, answer, code_request
from tests.pages.forms import form_of, open_form

TRUSTED = replace(APPLICATION, consent_required=False)
RIGHT = {"username": "ada", "password": PASSWORD}


async def test_fields_and_buttons_are_what_password_managers_and_tests_look_for() -> None:
    async with World().client() as client:
        form = await open_form(client, address(code_request()))
    assert form.inputs["username"]["autocomplete"] == "username"
    assert form.inputs["password"]["autocomplete"] == "current-password"
    assert form.inputs["password"]["type"] == "password"
    assert [button["type"] for button in form.buttons] == ["submit"]


async def test_the_page_shows_the_application_and_the_hint() -> None:
    application = replace(APPLICATION, display_name="Fish & <Chips>", logo_url="https://cdn.example.com:8443/logo.png")
    async with World(application).client() as client:
        page = await client.get(address(code_request(login_hint='"><script>')), follow_redirects=True)
    assert "Fish &amp; &lt;Chips&gt;" in page.text
    assert 'src="https://cdn.example.com:8443/logo.png"' in page.text
    assert "img-src 'self' https://cdn.example.com:8443;" in page.headers["content-security-policy"]
    assert form_of(page).fields["username"] == '"><script>'
    assert "<script" not in page.text


@pytest.mark.parametrize("logo", ["javascript:alert(1)", "http://cdn.example.com/x.png", "https://a;script-src *//x"])
async def test_a_logo_that_is_not_https_is_not_shown(logo: str) -> None:
    async with World(replace(APPLICATION, logo_url=logo)).client() as client:
        page = await client.get(address(code_request()), follow_redirects=True)
    assert logo not in page.text
    assert "img-src 'self';" in page.headers["content-security-policy"]


async def test_signing_in_goes_on_with_the_request_that_led_here() -> None:
    world = World(TRUSTED)
    async with world.client() as client:
        form = await open_form(client, address(code_request()))
        signed_in = await form.send(client, **RIGHT)
        assert signed_in.status_code == 303
        response = await client.get(signed_in.headers["location"])
    assert answer(response.headers["location"])[1].keys() == {"code", "state", "iss", "session_state"}


async def test_a_password_is_asked_for_once_a_session() -> None:
    world = World(TRUSTED)
    async with world.client() as client:
        await (await open_form(client, address(code_request()))).send(client, **RIGHT)
        again = await client.get(address(code_request()))
    assert "code" in answer(again.headers["location"])[1]


async def test_without_a_request_one_lands_on_the_front_page() -> None:
    async with World().client() as client:
        response = await (await open_form(client, "/sign-in")).send(client, **RIGHT)
        assert response.headers["location"] == "/"
        assert "Ada Lovelace" in (await client.get("/")).text


async def test_a_wrong_password_says_so_accessibly_and_keeps_the_name() -> None:
    world = World()
    async with world.client() as client:
        form = await open_form(client, address(code_request()))
        response = await form.send(client, username="ada", password="wrong")
    again = form_of(response)
    assert response.status_code == 403
    assert 'role="alert" id="problem"' in response.text
    assert "The username or password is not correct." in response.text
    assert again.inputs["password"]["aria-describedby"] == "problem"
    assert "autofocus" in again.inputs["password"]
    assert again.fields["username"] == "ada"
    assert again.fields["password"] == ""
    assert again.fields["request_handle"]
    assert world.tables.sessions == {}


async def test_unknown_and_known_names_get_the_same_page() -> None:
    pages = []
    for name in ("ada", "bob"):
        async with World().client() as client:
            form = await open_form(client, "/sign-in")
            response = await form.send(client, username=name, password="wrong")
            token = form_of(response).fields["form_token"]
            pages.append((response.status_code, response.text.replace(token, "").replace(f'value="{name}"', "")))
    assert pages[0] == pages[1]


async def test_guessing_is_answered_with_429_and_a_time() -> None:
    async with World().client() as client:
        form = await open_form(client, "/sign-in")
        for _ in range(PER_ACCOUNT_AND_ADDRESS.free):
            assert (await form.send(client, username="ada", password="wrong")).status_code == 403
        response = await form.send(client, **RIGHT)
    assert (response.status_code, response.headers["retry-after"]) == (429, "1")
    assert "Wait 1 second" in response.text


async def test_a_storm_of_sign_ins_is_answered_with_503(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()

    async def full(_: str | None, __: str) -> bool:
        raise TemporarilyUnavailable("Too many.", retry_after=2)

    monkeypatch.setattr(world.passwords, "verify", full)
    async with world.client() as client:
        response = await (await open_form(client, "/sign-in")).send(client, **RIGHT)
    assert (response.status_code, response.headers["retry-after"]) == (503, "2")
    assert form_of(response).fields["username"] == "ada"


async def test_a_database_that_is_away_keeps_the_form() -> None:
    world = World()
    async with world.client() as client:
        form = await open_form(client, address(code_request()))
        world.tables.away = True
        response = await form.send(client, **RIGHT)
        assert (response.status_code, response.headers["retry-after"]) == (503, "5")
        world.tables.away = False
        assert (await form_of(response).send(client, **RIGHT)).status_code == 303


async def test_what_is_logged_names_no_password_and_no_name_that_could_be_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    async with World().client() as client:
        form = await open_form(client, address(code_request()))
        await form.send(client, username="my secret\u2028password", password="wrong secret")
        await form.send(client, username="other secret", password="wrong secret")
        await form.send(client, **RIGHT)
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("ostiary")]
    assert ours == [
        "a sign-in at https://login.example.com from 127.0.0.1 failed",
        "a sign-in at https://login.example.com from 127.0.0.1 failed",
        "user shop/ada signed in at https://login.example.com from 127.0.0.1",
    ]
    assert "secret" not in caplog.text


# Cross-site request forgery, fixation


async def test_a_form_that_another_site_made_signs_nobody_in() -> None:
    world = World()
    async with world.client() as attacker, world.client() as victim:
        planted = await open_form(attacker, "/sign-in")
        for cookies in (httpx.Cookies(), victim.cookies):
            victim.cookies = cookies
            response = await planted.send(victim, **RIGHT)
            assert response.status_code == 403
            assert "Please try again." in response.text
            assert cookie_name(ISSUER, SESSION) not in response.headers.get("set-cookie", "")
        await open_form(victim, "/sign-in")
        assert (await planted.send(victim, **RIGHT)).status_code == 403, "the victim's own cookie does not help"
    assert world.tables.sessions == {}


async def test_after_a_stale_form_the_next_one_works() -> None:
    async with World().client() as client:
        form = await open_form(client, "/sign-in")
        client.cookies.clear()
        stale = await form.send(client, **RIGHT)
        assert stale.status_code == 403
        assert (await form_of(stale).send(client, **RIGHT)).status_code == 303


async def test_signing_in_never_takes_over_a_session_id_that_was_there_before() -> None:
    world = World()
    planted = "p" * 43
    async with world.client() as client:
        client.cookies.set(cookie_name(ISSUER, SESSION), planted)
        response = await (await open_form(client, "/sign-in")).send(client, **RIGHT)
    assert planted not in response.headers["set-cookie"]
    session, state = response.headers.get_list("set-cookie")
    assert session.startswith("__Host-ostiary-session=")
    assert session.endswith("; Path=/; HttpOnly; SameSite=Lax; Secure")
    assert state.startswith("__Host-ostiary-state="), "what scripts of other sites' frames may compare"
    assert state.endswith("; Path=/; SameSite=None; Secure")


async def test_the_cookie_itself_is_not_in_the_store() -> None:
    world = World()
    async with world.client() as client:
        await (await open_form(client, "/sign-in")).send(client, **RIGHT)
        value = client.cookies[cookie_name(ISSUER, SESSION)]
    (session,) = world.tables.sessions.values()
    assert value not in repr(session)


async def test_another_person_in_the_same_browser_ends_the_first_ones_session() -> None:
    world = World()
    world.tables.people["bob"] = replace(USER, id="shop/bob", incarnation="uid-bob", username="bob")
    async with world.client() as client:
        for name in ("ada", "ada", "bob"):
            await (await open_form(client, "/sign-in")).send(client, username=name, password=PASSWORD)
    ended = [session.ended_at is not None for session in world.tables.sessions.values()]
    assert ended == [False, True, False], "signing in again oneself ends nothing"


async def test_the_browser_cookie_is_set_once() -> None:
    async with World().client() as client:
        first = await client.get("/sign-in")
        assert first.headers["set-cookie"].startswith(cookie_name(ISSUER, BROWSER))
        assert "set-cookie" not in (await client.get("/sign-in")).headers


async def test_a_forged_or_expired_request_is_an_error_page() -> None:
    async with World().client() as client:
        response = await client.get("/sign-in?request_handle=forged")
    assert response.status_code == 400
    assert "took too long" in response.text
