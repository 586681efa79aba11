"""What people read on the consent page, what they can leave out, and what of it they are asked again."""

import re
from dataclasses import replace
from html import unescape
from typing import Any

import httpx
import pytest

from ostiary_server.protocol.consent import terms
from ostiary_state.applications.openid import OpenIDSettings
from tests.authorizing import APPLICATION, World, address, answer, code_request, remembered
from tests.pages.forms import Form, form_of

SHOP = replace(
    APPLICATION,
    grant_modes=frozenset({"authorization_code", "refresh_token"}),
    scopes=("openid", "profile", "email", "phone", "orders:read", "orders:write", "offline_access"),
    openid=OpenIDSettings(
        optional_scopes=frozenset({"email", "orders:write"}),
        scope_descriptions=(("orders:read", "See your <orders>"), ("email", "Write to you")),
    ),
)
ALL = " ".join(SHOP.scopes)


async def shown(world: World, client: httpx.AsyncClient, **changes: str) -> httpx.Response:
    client.cookies.update(await world.signed_in())
    page = await client.get(address(code_request(**changes)), follow_redirects=True)
    assert page.url.path == "/consent", page.url
    return page


def lines(page: httpx.Response) -> dict[str, list[str]]:
    """What stands under each heading; sections are told apart by the heading above."""
    found: dict[str, list[str]] = {}
    section = ""
    for tag, content in re.findall(r"<(h2|h3|li)\b[^>]*>(.*?)</\1>", page.text, re.DOTALL):
        words = " ".join(unescape(re.sub(r"<[^>]+>", " ", content)).split())
        if tag == "h2":
            section = words
        elif tag == "h3":
            found[f"{section} {words}"] = []
        else:
            found[list(found)[-1]].append(words)
    return found


async def test_scopes_are_grouped_and_told_in_the_manifest_s_words_or_ours() -> None:
    world = World(SHOP)
    async with world.client() as client:
        page = await shown(world, client, scope=ALL)
    assert lines(page) == {
        "It will be able to: About you": [
            "Know that it is you, by an id that never changes",
            "See your name, username and profile",
            "Write to you",
            "See your telephone number",
        ],
        "It will be able to: In Corner Shop": ["See your <orders>", "Use its permission orders:write"],
        "It will be able to: Lasting access": ["Keep this access after you sign out"],
    }
    assert "See your &lt;orders&gt;" in page.text


async def test_only_optional_scopes_have_a_box_and_it_is_ticked() -> None:
    world = World(SHOP)
    async with world.client() as client:
        page = await shown(world, client, scope=ALL)
        assert form_of(page).boxes == {"email": True, "orders:write": True}
        assert "What has a box is up to you." in page.text
        page = await shown(world, client, scope="openid profile")
    assert form_of(page).boxes == {}
    assert "has a box" not in page.text


async def decided(form: Form, client: httpx.AsyncClient, *ticked: str) -> dict[str, str]:
    response = await form.send(client, decision="allow", scope=list(ticked))
    return answer(response.headers["location"])[1]


async def test_a_box_that_is_not_ticked_is_not_granted_and_not_asked_for_again() -> None:
    world = World(SHOP)
    async with world.client() as client:
        form = form_of(await shown(world, client, scope=ALL))
        assert "code" in await decided(form, client, "orders:write")
        again = await client.get(address(code_request(scope=ALL)))
    assert "code" in answer(again.headers["location"])[1]
    without = tuple(scope for scope in SHOP.scopes if scope != "email")
    assert [grant.scopes for grant in world.tables.grants.values()] == [without, without]
    (consent,) = world.tables.consents.values()
    assert (consent.scopes, consent.declined) == (frozenset(without), {"email"})


async def test_boxes_left_as_they_are_grant_all() -> None:
    world = World(SHOP)
    async with world.client() as client:
        response = await form_of(await shown(world, client, scope=ALL)).send(client, decision="allow")
    assert "code" in answer(response.headers["location"])[1]
    (grant,) = world.tables.grants.values()
    assert grant.scopes == SHOP.scopes


async def test_a_forged_form_declines_nothing_that_is_needed_and_grants_nothing_that_is_not_asked_for() -> None:
    world = World(SHOP)
    async with world.client() as client:
        form = form_of(await shown(world, client, scope="openid email orders:read"))
        assert "code" in await decided(form, client, "orders:write", "offline_access", "admin", "phone")
    (grant,) = world.tables.grants.values()
    assert grant.scopes == ("openid", "orders:read")
    (consent,) = world.tables.consents.values()
    assert (consent.scopes, consent.declined) == ({"openid", "orders:read"}, {"email"})


async def test_what_was_allowed_before_stands_apart_from_what_is_new() -> None:
    world = World(SHOP)
    world.remember(remembered(terms=terms(SHOP), scopes=frozenset({"openid", "profile", "email"})))
    async with world.client() as client:
        page = await shown(world, client, scope="openid email orders:read")
    assert lines(page) == {
        "It will be able to: In Corner Shop": ["See your <orders>"],
        "Already allowed About you": ["Know that it is you, by an id that never changes", "Write to you"],
    }
    assert form_of(page).boxes == {"email": True}, "it can still be taken back"


async def test_taking_back_an_optional_scope_ends_what_was_remembered_of_it() -> None:
    world = World(SHOP)
    world.remember(remembered(terms=terms(SHOP), scopes=frozenset({"openid", "email"})))
    async with world.client() as client:
        await decided(form_of(await shown(world, client, scope="openid email orders:read")), client)
    (consent,) = world.tables.consents.values()
    assert (consent.scopes, consent.declined) == ({"openid", "orders:read"}, {"email"})


async def test_a_claim_that_was_allowed_before_stands_apart_too() -> None:
    world = World(SHOP)
    world.remember(remembered(terms=terms(SHOP), scopes=frozenset({"openid"}), claims=frozenset({"email"})))
    async with world.client() as client:
        page = await shown(world, client, scope="openid", claims='{"userinfo": {"email": null, "nickname": null}}')
    assert lines(page) == {
        "It will be able to: About you": ["See your nickname"],
        "Already allowed About you": ["Know that it is you, by an id that never changes", "See your email"],
    }


async def test_asked_again_for_the_same_the_page_says_so() -> None:
    world = World(SHOP)
    world.remember(remembered(terms=terms(SHOP)))
    async with world.client() as client:
        page = await shown(world, client, scope="openid profile", prompt="consent")
    assert list(lines(page)) == ["You allowed this before: About you"]


async def test_what_was_declined_is_offered_unticked_when_the_application_asks_again() -> None:
    world = World(SHOP)
    world.remember(
        remembered(terms=terms(SHOP), scopes=frozenset({"openid"}), declined=frozenset({"email", "orders:write"}))
    )
    async with world.client() as client:
        page = await shown(world, client, scope="openid email", prompt="consent")
        assert form_of(page).boxes == {"email": False}
        assert "code" in await decided(form_of(page), client, "email")
    (consent,) = world.tables.consents.values()
    assert (consent.scopes, consent.declined) == ({"openid", "email"}, {"orders:write"})


async def test_an_answer_that_anybody_could_have_given_counts_as_no_answer() -> None:
    native = replace(SHOP, confidential=False, callback_urls=("com.example.app:/cb",))
    world = World(native)
    world.remember(remembered(terms=terms(native)))
    async with world.client() as client:
        page = await shown(world, client, redirect_uri="com.example.app:/cb", scope="openid profile")
    assert list(lines(page)) == ["It will be able to: About you"]


@pytest.mark.parametrize(
    "change",
    [
        {"scopes": (*SHOP.scopes, "address")},
        {"openid": replace(SHOP.openid, optional_scopes=frozenset())},
        {"openid": replace(SHOP.openid, optional_scopes=frozenset({"email", "orders:write", "profile"}))},
    ],
    ids=["asks for more", "nothing is optional", "more is optional"],
)
async def test_an_answer_counts_for_what_was_shown_and_not_for_what_the_manifest_says_since(
    change: dict[str, Any],
) -> None:
    world = World(SHOP)
    async with world.client() as client:
        form = form_of(await shown(world, client, scope=ALL + " address"))
        world.put(replace(SHOP, **change))
        response = await form.send(client, decision="allow")
        assert response.status_code == 200, "asked again"
        assert world.tables.grants == {}
        assert "code" in answer((await form_of(response).send(client, decision="allow")).headers["location"])[1]


async def test_leaving_everything_out_is_refusing() -> None:
    world = World(replace(SHOP, openid=replace(SHOP.openid, optional_scopes=frozenset(SHOP.scopes) - {"openid"})))
    async with world.client() as client:
        refused = await decided(form_of(await shown(world, client, scope="email phone")), client)
    assert refused["error"] == "access_denied"
    assert world.tables.consents == {}
    assert world.tables.grants == {}
