"""Signing out, the front page, and what is served beside them."""

import httpx

from ostiary_server.pages.static import STYLE
from ostiary_state.runtime.revocation import RevocationKind
from tests.authorizing import World
from tests.pages.forms import open_form


async def in_session(world: World, client: httpx.AsyncClient) -> None:
    client.cookies.update(await world.signed_in())


async def test_signing_out_is_asked_for_and_then_ends_the_session() -> None:
    world = World()
    async with world.client() as client:
        await in_session(world, client)
        response = await (await open_form(client, "/sign-out")).send(client)
        assert (response.status_code, response.headers["location"]) == (303, "/signed-out")
        assert response.headers["set-cookie"].startswith("__Host-ostiary-session=; Max-Age=0;")
        assert "You are signed out" in (await client.get("/signed-out")).text
    (session,) = world.tables.sessions.values()
    (revocation,) = world.tables.revocations.values()
    assert session.ended_at == world.now
    assert (revocation.kind, revocation.id) == (RevocationKind.SESSION, session.id)
    assert revocation.expires_at >= world.now + 24 * 3600


async def test_no_token_of_the_session_outlives_it_whatever_a_racing_clock_says() -> None:
    world = World()
    async with world.client() as client:
        await in_session(world, client)
        await (await open_form(client, "/sign-out")).send(client)
    (revocation,) = world.tables.revocations.values()
    assert revocation.not_before == revocation.expires_at == world.now + 24 * 3600


async def test_the_form_of_another_site_takes_no_session_cookie_away() -> None:
    async with World().client() as client:  # a SameSite=Lax cookie does not come along
        response = await client.post("/sign-out", headers={"Origin": "https://evil.example"})
    assert "set-cookie" not in response.headers


async def test_a_link_or_a_foreign_form_signs_nobody_out() -> None:
    world = World()
    async with world.client() as client:
        await in_session(world, client)
        await client.get("/sign-out")
        assert (await client.post("/sign-out")).headers["location"] == "/sign-out"
    (session,) = world.tables.sessions.values()
    assert session.ended_at is None


async def test_nobody_is_told_that_they_are_signed_out_already() -> None:
    async with World().client() as client:
        assert (await client.get("/sign-out")).headers["location"] == "/signed-out"
        assert (await client.post("/sign-out")).headers["location"] == "/signed-out"


async def test_the_front_page_says_who_is_signed_in() -> None:
    world = World()
    async with world.client() as client:
        assert "Nobody is signed in" in (await client.get("/")).text
        await in_session(world, client)
        assert "Ada Lovelace" in (await client.get("/")).text


async def test_the_style_sheet_is_kept_for_ever_under_the_name_of_its_content() -> None:
    async with World().client() as client:
        style = await client.get(STYLE.address)
        assert style.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert style.headers["content-type"] == "text/css; charset=utf-8"
        assert (await client.get("/static/ostiary.000000000000.css")).status_code == 404
        assert (await client.get("/static/..%2flayout.html")).status_code == 404
        assert STYLE.address in (await client.get("/")).text
