"""The Back-Channel Logout plan (OpenID Connect Back-Channel Logout 1.0)."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from ostiary_server.protocol.key_pair import decoded
from ostiary_state.applications.openid import LogoutAddresses
from ostiary_state.intent import Kind
from tests.factories import ISSUER
from tests.openid.provider import Browser, Provider
from tests.openid.test_rp_initiated_logout import ends, id_token

URL = "https://shop.example.com/logged-out"
OTHER_URL = "https://books.example.com/logged-out"


@pytest.fixture
def provider() -> Provider:
    provider = Provider()
    provider.put_openid(logout=LogoutAddresses(back_channel=URL))
    provider.outside.statuses[URL] = 200
    return provider


async def told(provider: Provider) -> list[tuple[str, dict[str, Any]]]:
    """Who was told, and what the verified logout token says."""
    posted = [(url, dict(form)) for url, form in provider.outside.posted]
    assert all(form.keys() == {"logout_token"} for _, form in posted)
    return [(url, await provider.verified(form["logout_token"], typ="logout+jwt")) for url, form in posted]


async def outcomes(provider: Provider) -> dict[str, float]:
    """How the attempts ended, as the metrics have it."""
    samples = [sample for metric in provider.metrics.registry.collect() for sample in metric.samples]
    return {
        sample.labels["outcome"]: sample.value for sample in samples if sample.name == "ostiary_logout_deliveries_total"
    }


async def test_2_5_the_application_is_posted_a_logout_token(provider: Provider, browser: Browser) -> None:
    hint = await id_token(provider, browser)
    claims = await provider.verified(hint)
    await ends(browser, id_token_hint=hint)
    assert await provider.logouts.round() == 1
    ((url, token),) = await told(provider)
    assert url == URL
    assert (token["iss"], token["aud"]) == (ISSUER.origin, provider.application.client_id)
    assert (token["sub"], token["sid"]) == (claims["sub"], claims["sid"])
    assert token["events"] == {"http://schemas.openid.net/event/backchannel-logout": {}}
    assert token["iat"] == int(provider.now) < token["exp"] <= provider.now + 120
    assert token["jti"]
    assert provider.database.deliveries == {}
    assert await outcomes(provider) == {"delivered": 1.0}


async def test_2_4_a_nonce_is_prohibited(provider: Provider, browser: Browser) -> None:
    await ends(browser, id_token_hint=await id_token(provider, browser))
    await provider.logouts.round()
    ((_, token),) = await told(provider)
    assert "nonce" not in token


async def test_2_6_it_is_signed_as_the_id_tokens_of_the_application(provider: Provider, browser: Browser) -> None:
    provider.put(id_token_algorithm="ES256")
    await ends(browser, id_token_hint=await id_token(provider, browser))
    await provider.logouts.round()
    header = provider.outside.posted[0][1]["logout_token"].partition(".")[0]
    assert orjson.loads(decoded(header.encode()))["alg"] == "ES256"
    assert await told(provider)


async def test_2_2_a_query_of_the_address_is_kept(provider: Provider, browser: Browser) -> None:
    provider.put_openid(logout=LogoutAddresses(back_channel=URL + "?tenant=1"))
    await ends(browser, id_token_hint=await id_token(provider, browser))
    await provider.logouts.round()
    assert [url for url, _ in provider.outside.posted] == [URL + "?tenant=1"]


async def test_a_logout_token_is_no_id_token_and_no_access_token(provider: Provider, browser: Browser) -> None:
    await ends(browser, id_token_hint=await id_token(provider, browser))
    await provider.logouts.round()
    token = provider.outside.posted[0][1]["logout_token"]
    assert (await ends(browser, id_token_hint=token)).status_code == 400
    async with provider.client() as client:
        response = await client.get("/userinfo", headers={"authorization": f"Bearer {token}"})
    assert response.status_code == 401


async def test_2_1_every_application_of_the_session_is_told_and_no_other(provider: Provider, browser: Browser) -> None:
    hint = await id_token(provider, browser)
    shop = provider.application
    books = replace(shop, id="books/web", incarnation="uid-books", client_id="books.web", openid=replace(shop.openid))
    books = replace(books, openid=replace(books.openid, logout=LogoutAddresses(back_channel=OTHER_URL)))
    untouched = replace(books, id="other/web", incarnation="uid-other", client_id="other.web")
    for application in (books, untouched):
        provider.directory.put_application(application)
    provider.outside.statuses[OTHER_URL] = 204
    await browser.authorized(client_id="books.web")
    await browser.authorized(client_id="books.web")
    await ends(browser, id_token_hint=hint)
    assert await provider.logouts.round() == 2
    assert sorted((url, token["aud"]) for url, token in await told(provider)) == [
        (OTHER_URL, "books.web"),
        (URL, "shop.web"),
    ]


async def test_2_1_an_offline_grant_of_the_session_is_told_too(provider: Provider, browser: Browser) -> None:
    tokens = await provider.redeem((await browser.authorized(scope="openid offline_access"))["code"])
    assert (await provider.verified(tokens["id_token"]))["sid"]
    await ends(browser, id_token_hint=tokens["id_token"])
    assert await provider.logouts.round() == 1


async def test_another_device_is_not_told(provider: Provider, browser: Browser) -> None:
    """dexidp/dex#981: several sign-ins of one person at one application are independent."""
    laptop = await provider.redeem((await browser.authorized(scope="openid offline_access"))["code"])
    phone_browser = provider.browser()
    phone = await provider.redeem((await phone_browser.authorized(scope="openid offline_access"))["code"])
    first, second = [await provider.verified(tokens["id_token"]) for tokens in (laptop, phone)]
    assert first["sid"] != second["sid"]
    await ends(browser, id_token_hint=laptop["id_token"])
    await provider.logouts.round()
    ((_, token),) = await told(provider)
    assert token["sid"] == first["sid"]
    form = {"grant_type": "refresh_token", "refresh_token": phone["refresh_token"]}
    assert (await provider.post("/token", form)).status_code == 200


async def test_pairwise_applications_are_told_of_the_person_they_know(provider: Provider, browser: Browser) -> None:
    provider.put_openid(sector="shop.example.com")
    hint = await id_token(provider, browser)
    await ends(browser, id_token_hint=hint)
    await provider.logouts.round()
    ((_, token),) = await told(provider)
    assert token["sub"] == (await provider.verified(hint))["sub"] != "u_ada"


@pytest.mark.parametrize("status", [500, 503, 429, 408, None])
async def test_2_8_one_that_does_not_answer_is_tried_again_ever_more_rarely(
    provider: Provider, browser: Browser, status: int | None
) -> None:
    provider.outside.statuses = {} if status is None else {URL: status}
    await ends(browser, id_token_hint=await id_token(provider, browser))
    waited = []
    for _ in range(4):
        assert await provider.logouts.round() == 1
        assert await provider.logouts.round() == 0, "not before its time"
        (delivery,) = provider.database.deliveries.values()
        waited.append(delivery.due_at - provider.now)
        provider.now = delivery.due_at
    assert waited == sorted(waited)
    assert waited[-1] >= 8 * waited[0] / 2
    provider.outside.statuses[URL] = 200
    assert await provider.logouts.round() == 1
    assert provider.database.deliveries == {}
    assert len({form["logout_token"] for _, form in provider.outside.posted}) == 5, "a fresh token each time"
    assert await outcomes(provider) == {"retried": 4.0, "delivered": 1.0}


@pytest.mark.parametrize("status", [400, 401, 404, 302])
async def test_2_8_one_that_refuses_is_not_asked_again(provider: Provider, browser: Browser, status: int) -> None:
    provider.outside.statuses[URL] = status
    await ends(browser, id_token_hint=await id_token(provider, browser))
    await provider.logouts.round()
    assert provider.database.deliveries == {}
    assert await outcomes(provider) == {"refused": 1.0}


async def test_it_is_given_up_after_a_day(provider: Provider, browser: Browser) -> None:
    provider.outside.statuses = {}
    await ends(browser, id_token_hint=await id_token(provider, browser))
    provider.now += 24 * 3600
    await provider.logouts.round()
    assert provider.outside.posted == []
    assert await outcomes(provider) == {"given_up": 1.0}


@pytest.mark.parametrize(
    "change",
    [
        {"enabled": False},
        {"incarnation": "uid-again"},
        {"openid": replace(Provider().application.openid, logout=LogoutAddresses())},
    ],
    ids=["disabled", "made again", "without the address"],
)
async def test_what_the_manifest_withdrew_meanwhile_is_told_nothing(
    provider: Provider, browser: Browser, change: dict[str, Any]
) -> None:
    await ends(browser, id_token_hint=await id_token(provider, browser))
    provider.put(**change)
    await provider.logouts.round()
    assert provider.outside.posted == []
    assert await outcomes(provider) == {"withdrawn": 1.0}


async def test_two_replicas_share_the_queue_and_none_is_told_twice(provider: Provider, browser: Browser) -> None:
    await ends(browser, id_token_hint=await id_token(provider, browser))
    claimed = await provider.logouts._queue.claim(provider.now, provider.now + 60, 10)
    assert len(claimed) == 1
    assert await provider.logouts.round() == 0, "another one is at it"
    provider.now += 60
    assert await provider.logouts.round() == 1, "which died"


async def test_a_person_who_is_disabled_is_signed_out_everywhere(provider: Provider, browser: Browser) -> None:
    await id_token(provider, browser)
    provider.now += 5
    provider.put_user("ada", {"username": "ada", "enabled": False}, not_before=provider.now)
    await provider.logouts.end_void_sessions()
    assert await provider.logouts.round() == 1
    await provider.logouts.end_void_sessions()
    assert await provider.logouts.round() == 0
    (session,) = provider.database.sessions.values()
    assert session.ended_at == provider.now


async def test_a_person_who_is_deleted_is_too(provider: Provider, browser: Browser) -> None:
    await id_token(provider, browser)
    provider.database.deleted[Kind.USER, "people/ada", "uid-ada"] = provider.now + 1
    provider.now += 2
    await provider.logouts.end_void_sessions()
    assert await provider.logouts.round() == 1


async def test_2_3_of_discovery_it_is_listed_with_sid(provider: Provider) -> None:
    document = await provider.discovery()
    assert document["backchannel_logout_supported"] is True
    assert document["backchannel_logout_session_supported"] is True
