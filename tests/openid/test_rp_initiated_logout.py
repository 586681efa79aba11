"""The RP-Initiated Logout plan (OpenID Connect RP-Initiated Logout 1.0)."""

from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from ostiary_server.protocol.logout import LONGEST_PARAMETERS
from tests.openid.provider import Browser, Provider, Shown
from tests.pages.forms import form_of

BYE = "https://shop.example.com/bye"


@pytest.fixture
def provider() -> Provider:
    provider = Provider()
    provider.put(post_logout_redirect_urls=(BYE, BYE + "?from=shop"))
    return provider


async def id_token(provider: Provider, browser: Browser) -> str:
    """Somebody signs in; the ID token that the application has of it."""
    token: str = (await provider.redeem((await browser.authorized())["code"]))["id_token"]
    return token


async def ends(browser: Browser, method: str = "GET", **parameters: str) -> httpx.Response:
    """Where /end-session leads: the last response that is no redirect of ours."""
    response = await (
        browser.http.get("/end-session", params=parameters)
        if method == "GET"
        else browser.http.post("/end-session", data=parameters)
    )
    while response.status_code == 303 and response.headers["location"].startswith("/"):
        response = await browser.http.get(response.headers["location"])
    return response


def signed_in(provider: Provider) -> bool:
    return any(session.ended_at is None for session in provider.database.sessions.values())


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_2_with_a_hint_of_this_session_the_person_is_signed_out_and_sent_back(
    provider: Provider, browser: Browser, method: str
) -> None:
    hint = await id_token(provider, browser)
    response = await ends(
        browser,
        method,
        id_token_hint=hint,
        post_logout_redirect_uri=BYE,
        state="a b&c",
        ui_locales="fr",
        logout_hint="x",
    )
    assert response.status_code == 303
    location = urlsplit(response.headers["location"])
    assert f"{location.scheme}://{location.netloc}{location.path}" == BYE
    assert parse_qsl(location.query) == [("state", "a b&c")]
    assert not signed_in(provider)
    assert (await browser.refused(prompt="none"))["error"] == "login_required"


async def test_2_the_end_is_the_end_of_what_hung_on_the_session(provider: Provider, browser: Browser) -> None:
    tokens = await provider.redeem((await browser.authorized())["code"])
    await ends(browser, id_token_hint=tokens["id_token"])
    assert (await provider.post("/introspect", {"token": tokens["access_token"]})).json() == {"active": False}
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert (await provider.post("/token", form)).json()["error"] == "invalid_grant"


async def test_2_offline_access_outlives_the_session(provider: Provider, browser: Browser) -> None:
    tokens = await provider.redeem((await browser.authorized(scope="openid offline_access"))["code"])
    await ends(browser, id_token_hint=tokens["id_token"])
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert (await provider.post("/token", form)).status_code == 200


async def test_2_an_expired_hint_counts(provider: Provider, browser: Browser) -> None:
    hint = await id_token(provider, browser)
    provider.now += 3600
    response = await ends(browser, id_token_hint=hint, post_logout_redirect_uri=BYE)
    assert response.headers["location"] == BYE


async def test_3_a_query_of_the_registered_address_is_kept(provider: Provider, browser: Browser) -> None:
    hint = await id_token(provider, browser)
    response = await ends(browser, id_token_hint=hint, post_logout_redirect_uri=BYE + "?from=shop", state="s")
    assert response.headers["location"] == BYE + "?from=shop&state=s"


async def test_2_without_a_redirect_uri_there_is_a_page(provider: Provider, browser: Browser) -> None:
    response = await ends(browser, id_token_hint=await id_token(provider, browser), state="ignored")
    assert "You are signed out" in response.text
    assert not signed_in(provider)


async def test_6_without_a_hint_the_person_is_asked_who_asks(provider: Provider, browser: Browser) -> None:
    await browser.authorized()
    client_id = provider.application.client_id
    response = await ends(browser, client_id=client_id, post_logout_redirect_uri=BYE, state="s")
    assert response.status_code == 200
    assert "Corner Shop" in response.text
    assert signed_in(provider), "a link alone signs nobody out"
    answered = await form_of(response).send(browser.http)
    assert answered.headers["location"] == BYE + "?state=s"
    assert not signed_in(provider)


async def test_6_a_request_of_nobody_is_a_question_too(provider: Provider, browser: Browser) -> None:
    await browser.authorized()
    response = await ends(browser)
    answered = await form_of(response).send(browser.http)
    assert answered.headers["location"] == "/signed-out"
    assert not signed_in(provider)


async def test_2_a_hint_of_another_session_is_a_question(provider: Provider, browser: Browser) -> None:
    """A laptop's ID token does not sign the phone out."""
    hint = await id_token(provider, browser)
    phone = provider.browser()
    await phone.authorized()
    response = await ends(phone, id_token_hint=hint, post_logout_redirect_uri=BYE)
    assert response.status_code == 200
    assert "Sign out?" in response.text
    answered = await form_of(response).send(phone.http)
    assert answered.headers["location"] == BYE
    assert "code" in await browser.authorized(prompt="none"), "the laptop is signed in still"


async def test_4_nobody_signed_in_is_no_error(provider: Provider, browser: Browser) -> None:
    hint = await id_token(provider, browser)
    await ends(browser, id_token_hint=hint)
    response = await ends(browser, id_token_hint=hint, post_logout_redirect_uri=BYE, state="s")
    assert response.headers["location"] == BYE + "?state=s"
    assert "You are signed out" in (await ends(browser)).text


async def test_3_not_even_the_port_of_loopback_is_free(provider: Provider, browser: Browser) -> None:
    provider.put(post_logout_redirect_urls=("http://127.0.0.1:8000/bye",))
    hint = await id_token(provider, browser)
    response = await ends(browser, id_token_hint=hint, post_logout_redirect_uri="http://127.0.0.1:8001/bye")
    assert response.status_code == 400
    response = await ends(browser, id_token_hint=hint, post_logout_redirect_uri="http://127.0.0.1:8000/bye")
    assert response.headers["location"] == "http://127.0.0.1:8000/bye"


async def test_2_state_alone_leads_nowhere(provider: Provider, browser: Browser) -> None:
    await browser.authorized()
    response = await ends(browser, state="s")
    assert response.status_code == 200
    assert signed_in(provider)
    answered = await form_of(response).send(browser.http)
    assert answered.headers["location"] == "/signed-out"


@pytest.mark.parametrize(
    "parameters",
    [
        {"post_logout_redirect_uri": BYE + "?foo=bar"},
        {"post_logout_redirect_uri": "https://evil.example/"},
        {"post_logout_redirect_uri": BYE + "/"},
        {"post_logout_redirect_uri": "javascript:alert(1)"},
        {"client_id": "another.app"},
    ],
)
async def test_3_what_is_not_registered_is_never_followed_and_ends_nothing(
    provider: Provider, browser: Browser, parameters: dict[str, str]
) -> None:
    hint = await id_token(provider, browser)
    response = await ends(browser, id_token_hint=hint, **parameters)
    assert response.status_code == 400
    assert "evil.example" not in response.text
    assert signed_in(provider)


async def test_3_a_redirect_uri_of_nobody_is_not_followed(provider: Provider, browser: Browser) -> None:
    await browser.authorized()
    response = await ends(browser, post_logout_redirect_uri=BYE)
    assert response.status_code == 400
    assert "id_token_hint" in response.text
    assert signed_in(provider)


async def test_4_a_hint_that_is_none_of_ours_is_an_error_on_a_page(provider: Provider, browser: Browser) -> None:
    hint = await id_token(provider, browser)
    header, payload, signature = hint.split(".")
    access_token = (await provider.redeem((await browser.authorized())["code"]))["access_token"]
    for wrong in (f"{header}.{payload}.{signature[:-8]}AAAAAAAA", "x", access_token):
        response = await ends(browser, id_token_hint=wrong, post_logout_redirect_uri=BYE)
        assert response.status_code == 400
        assert "id_token_hint" in response.text
    assert signed_in(provider)


async def test_a_hint_for_another_client_than_the_named_one_is_an_error(provider: Provider, browser: Browser) -> None:
    hint = await id_token(provider, browser)
    assert (await ends(browser, id_token_hint=hint, client_id="another.app")).status_code == 400


async def test_a_parameter_twice_or_megabytes_of_them_are_refused(browser: Browser) -> None:
    twice = await browser.http.get("/end-session?client_id=a&client_id=b")
    assert twice.status_code == 400
    long = await browser.http.post("/end-session", data={"state": "s" * LONGEST_PARAMETERS})
    assert long.status_code == 413


async def test_a_form_of_another_site_ends_nothing(provider: Provider, browser: Browser) -> None:
    await browser.authorized()
    question = form_of(await ends(browser, client_id=provider.application.client_id))
    elsewhere = provider.browser()
    await elsewhere.authorized()
    for form in ({}, question.fields, question.fields | {"form_token": "x"}):
        response = await elsewhere.http.post("/sign-out", data=form)
        assert response.headers["location"].startswith("/sign-out")
    assert all(session.ended_at is None for session in provider.database.sessions.values())


async def test_the_question_of_one_request_is_no_answer_to_another(provider: Provider, browser: Browser) -> None:
    await browser.authorized()
    asked = form_of(await ends(browser, client_id=provider.application.client_id))
    other = form_of(await ends(browser, client_id=provider.application.client_id, post_logout_redirect_uri=BYE))
    response = await browser.http.post(
        "/sign-out", data=asked.fields | {"logout_handle": other.fields["logout_handle"]}
    )
    assert response.headers["location"].startswith("/sign-out?logout_handle=")
    assert signed_in(provider)


async def test_an_old_or_forged_question_starts_again(provider: Provider, browser: Browser) -> None:
    await browser.authorized()
    form = form_of(await ends(browser, client_id=provider.application.client_id))
    assert (await browser.http.get("/sign-out", params={"logout_handle": "forged"})).status_code == 400
    provider.now += 31 * 60
    assert (await form.send(browser.http)).status_code == 400
    assert signed_in(provider)


async def test_3_of_discovery_the_endpoint_is_listed(provider: Provider) -> None:
    document = await provider.discovery()
    assert document["end_session_endpoint"] == document["issuer"] + "/end-session"


async def test_a_sign_in_of_somebody_else_ends_the_session_before_it(provider: Provider, browser: Browser) -> None:
    provider.put_user("bob", {"username": "bob"})
    await browser.authorized()
    shown = await browser.opens(prompt="login")
    assert isinstance(shown, Shown)
    await browser.sign_in(shown, "bob")
    ended = [session.user_id for session in provider.database.sessions.values() if session.ended_at is not None]
    assert ended == ["people/ada"]
