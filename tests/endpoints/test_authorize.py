"""/authorize over HTTP: methods, headers, and the page of what cannot be redirected."""

from dataclasses import replace
from urllib.parse import urlencode

import pytest

from tests.authorizing import APPLICATION, World, address, answer, code_request

TRUSTED = replace(APPLICATION, consent_required=False)


async def test_an_answer_is_a_303_that_nothing_keeps() -> None:
    world = World(TRUSTED)
    async with world.client() as client:
        client.cookies.update(await world.signed_in())
        response = await client.get(address(code_request()))
    assert response.status_code == 303
    assert "code" in answer(response.headers["location"])[1]
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in response.headers
    assert "set-cookie" not in response.headers


async def test_looking_ahead_with_head_yields_no_code() -> None:
    world = World(TRUSTED)
    async with world.client() as client:
        client.cookies.update(await world.signed_in())
        response = await client.head(address(code_request()))
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")
    assert "location" not in response.headers
    assert world.tables.grants == {}


async def test_a_post_from_another_site_goes_on_as_a_get_of_ourselves() -> None:
    world = World(TRUSTED)
    async with world.client() as client:
        posted = await client.post("/authorize", data=code_request(), headers={"Origin": "https://shop.example.com"})
        assert posted.status_code == 303
        assert posted.headers["location"].startswith("/authorize?request_handle=")
        client.cookies.update(await world.signed_in())
        response = await client.get(posted.headers["location"])
    assert "code" in answer(response.headers["location"])[1]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("client_id=unknown", 400),
        ("client_id=shop.web&client_id=shop.web", 400),
        (urlencode(code_request(redirect_uri="https://evil.example/")), 400),
        ("client_id=%ff", 400),
        ("&".join(f"a{number}=1" for number in range(100)), 400),
        ("request_handle=forged", 400),
        (urlencode(code_request(state="s" * 9000)), 413),
    ],
)
async def test_what_cannot_be_redirected_is_a_page(query: str, status: int) -> None:
    async with World().client() as client:
        response = await client.get(f"/authorize?{query}")
    assert response.status_code == status
    assert response.headers["content-type"].startswith("text/html")
    assert "location" not in response.headers
    assert "invalid_" in response.text


async def test_markup_in_parameters_is_never_markup_on_the_page() -> None:
    async with World().client() as client:
        response = await client.get("/authorize", params={"client_id": "<script>alert(1)</script>"})
    assert "<script" not in response.text


async def test_a_body_that_is_no_form_is_a_page_too() -> None:
    async with World().client() as client:
        response = await client.post("/authorize", json={"client_id": "shop.web"})
    assert response.status_code == 400
    assert response.headers["content-type"].startswith("text/html")


async def test_a_database_that_is_away_is_a_page_to_load_again() -> None:
    world = World()
    async with world.client() as client:
        client.cookies.update(await world.signed_in())
        world.tables.away = True
        response = await client.get(address(code_request()))
        assert (response.status_code, response.headers["retry-after"]) == (503, "5")
        assert response.headers["content-type"].startswith("text/html")
        world.tables.away = False
        assert (await client.get(address(code_request()))).status_code == 303


async def test_an_unknown_host_is_misdirected() -> None:
    async with World().client() as client:
        response = await client.get("/authorize", headers={"Host": "elsewhere.example"})
    assert response.status_code == 421


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS"])
async def test_other_methods_are_not_allowed(method: str) -> None:
    async with World().client() as client:
        assert (await client.request(method, "/authorize")).status_code == 405
