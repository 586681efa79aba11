"""The page of applications with access: whom it lists, what it says of them, and how they lose it."""

import re
from dataclasses import replace
from html import unescape
from typing import Any

import httpx
import pytest

from ostiary_server.pages.texts import ago_text, date_text
from ostiary_server.protocol.consent import terms
from ostiary_state.applications.openid import OpenIDSettings
from ostiary_state.runtime.grant import Grant
from ostiary_state.runtime.refresh_token import RefreshFamily, RefreshToken
from ostiary_state.runtime.revocation import RevocationKind
from tests.authorizing import APPLICATION, ISSUER, NOW, USER, World, remembered
from tests.pages.forms import forms_of

PATH = "/account/applications"
HOURS = 3600.0
BOOKS = replace(APPLICATION, id="books/web", incarnation="uid-2", client_id="books.web", display_name="Books <&>")


def put_grant(world: World, name: str, *, refreshed_at: float | None = None, **fields: Any) -> Grant:
    """The user's, of an hour ago, but for `fields`; with a refresh token where it was refreshed."""
    values: dict[str, Any] = {
        "id": name,
        "issuer_id": ISSUER.id,
        "client_id": APPLICATION.client_id,
        "application_id": APPLICATION.id,
        "application_incarnation": APPLICATION.incarnation,
        "user_id": USER.id,
        "user_incarnation": USER.incarnation,
        "session_id": None,
        "scopes": ("openid", "email"),
        "audience": (),
        "nonce": None,
        "auth_time": NOW - HOURS,
        "amr": ("pwd",),
        "created_at": NOW - HOURS,
        "expires_at": NOW + 90 * 24 * HOURS,
    }
    grant = world.tables.grants[name] = Grant(**values | fields)
    if refreshed_at is not None:
        family = RefreshFamily(f"f {name}", name, grant.created_at, NOW + 300 * HOURS, NOW + 2000 * HOURS)
        world.tables.families[family.id] = family
        world.tables.refresh_tokens[name.encode()] = RefreshToken(name.encode(), family.id, refreshed_at)
    return grant


async def listed(world: World, client: httpx.AsyncClient, query: str = "") -> httpx.Response:
    if not client.cookies:
        client.cookies.update(await world.signed_in())
    page = await client.get(PATH + query)
    assert page.status_code == 200, page.text
    return page


def words(page: httpx.Response) -> list[str]:
    """What it says of each application, in order."""
    text = page.text.partition('<ul class="applications">')[2].partition('<p class="small">')[0]
    text = re.sub(r'<span class="logo.*?</span>', "", text)
    entries = text.split('<div class="named">')[1:]
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", entry)).split()) for entry in entries]


async def test_who_is_not_signed_in_is_sent_to_sign_in() -> None:
    async with World().client() as client:
        for response in (await client.get(PATH), await client.post(PATH, data={"client_id": "shop.web"})):
            assert (response.status_code, response.headers["location"]) == (303, "/sign-in")


async def test_the_front_page_leads_there_once_one_is_signed_in() -> None:
    world = World()
    async with world.client() as client:
        assert PATH not in (await client.get("/")).text
        client.cookies.update(await world.signed_in())
        assert f'href="{PATH}"' in (await client.get("/")).text


async def test_nothing_given_is_said_so() -> None:
    world = World()
    async with world.client() as client:
        page = await listed(world, client)
    assert "<strong>Ada Lovelace</strong>, no application has access to your account." in page.text
    assert forms_of(page) == []


async def test_each_application_says_what_it_can_since_when_and_when_it_last_did() -> None:
    shop = replace(
        APPLICATION,
        scopes=("openid", "profile", "orders:read", "offline_access"),
        openid=OpenIDSettings(scope_descriptions=(("orders:read", "See your orders"),)),
    )
    world = World(shop, BOOKS)
    world.remember(
        remembered(
            terms=terms(shop),
            granted_at=NOW - 48 * HOURS,
            scopes=frozenset({"orders:read", "openid"}),
            claims=frozenset({"birthdate"}),
        )
    )
    put_grant(world, "g1", scopes=("openid", "offline_access"), refreshed_at=NOW - 600)
    books = {"application_id": BOOKS.id, "application_incarnation": BOOKS.incarnation, "client_id": BOOKS.client_id}
    put_grant(world, "g2", **books, claims={"userinfo": {"phone_number": None, "email": None}})
    async with world.client() as client:
        page = await listed(world, client)
    assert words(page) == [
        "Books <&> Access since 15 January 2027 Last used an hour ago It can: Know that it is you, by an id that never"
        " changes See your e-mail address See your phone_number Remove access",
        "Corner Shop Access since 13 January 2027 Last used 10 minutes ago Keeps access after you sign out It can:"
        " Know that it is you, by an id that never changes See your birthdate See your orders"
        " Remove access",
    ]
    assert "Books &lt;&amp;&gt;" in page.text


async def test_a_consent_alone_is_access_too() -> None:
    world = World()
    world.remember(remembered())
    async with world.client() as client:
        (entry,) = words(await listed(world, client))
    assert "Access since" in entry
    assert "Not used lately" in entry


async def test_access_that_could_last_and_does_not_is_no_lasting_access() -> None:
    world = World()
    world.remember(remembered(scopes=frozenset({"openid", "offline_access"})))
    put_grant(world, "g1", session_id="over", scopes=("openid",), refreshed_at=NOW - 60)
    async with world.client() as client:
        (entry,) = words(await listed(world, client))
    assert "Keeps access after you sign out" not in entry
    assert "Keep this access after you sign out" in entry


async def test_without_any_scope_it_knows_the_sign_in_alone() -> None:
    world = World()
    put_grant(world, "g1", scopes=())
    async with world.client() as client:
        (entry,) = words(await listed(world, client))
    assert "It knows that you sign in here, and nothing else about you." in entry


@pytest.mark.parametrize(
    "fields",
    [
        {"user_id": "shop/bob"},
        {"user_incarnation": "another"},
        {"issuer_id": "i2"},
        {"application_incarnation": "former"},
        {"client_id": "gone.web"},
        {"revoked_at": NOW - 60},
        {"expires_at": NOW},
    ],
    ids=lambda fields: next(iter(fields)),
)
async def test_what_is_somebody_elses_or_has_ended_is_not_listed(fields: dict[str, Any]) -> None:
    world = World()
    put_grant(world, "g1", **fields)
    async with world.client() as client:
        assert words(await listed(world, client)) == []


@pytest.mark.parametrize(
    "change",
    [{"incarnation": "uid-2"}, {"not_before": NOW - 30}, {"callback_urls": ("https://evil.example/cb",)}],
    ids=["made again", "ended", "another recipient"],
)
async def test_a_consent_that_is_void_is_no_access(change: dict[str, Any]) -> None:
    world = World()
    world.remember(remembered())
    world.put(replace(APPLICATION, **change))
    async with world.client() as client:
        assert words(await listed(world, client)) == []


async def test_a_grant_from_before_a_new_password_is_no_access() -> None:
    world = World()
    put_grant(world, "g1", refreshed_at=NOW - 600)
    world.put_user(not_before=NOW - 300)
    async with world.client() as client:
        assert words(await listed(world, client)) == []


async def test_logos_are_shown_from_where_they_are_and_from_nowhere_else() -> None:
    shop = replace(APPLICATION, logo_url="https://cdn.example.com/shop.png")
    evil = replace(BOOKS, logo_url="https://a;script-src *//x")
    world = World(shop, evil)
    for application in (shop, evil):
        world.remember(
            remembered(
                client_id=application.client_id,
                application_incarnation=application.incarnation,
                terms=terms(application),
            )
        )
    async with world.client() as client:
        page = await listed(world, client)
    assert 'src="https://cdn.example.com/shop.png"' in page.text
    assert "img-src 'self' https://cdn.example.com;" in page.headers["content-security-policy"]
    assert "script-src" not in page.text


async def test_so_many_logos_that_the_policy_would_be_too_long_for_proxies_are_not_all_shown() -> None:
    applications = [
        replace(
            BOOKS, id=f"a/{n}", client_id=f"a.{n}", incarnation=f"u{n}", logo_url=f"https://{n}.{'x' * 60}.example/"
        )
        for n in range(50)
    ]
    world = World(*applications)
    for each in applications:
        world.remember(
            remembered(client_id=each.client_id, application_incarnation=each.incarnation, terms=terms(each))
        )
    async with world.client() as client:
        page = await listed(world, client)
    assert len(words(page)) == 50
    assert page.text.count('src="https://') == 32
    assert len(page.headers["content-security-policy"]) < 4096


async def test_the_page_costs_two_statements_however_much_was_given() -> None:
    applications = [replace(BOOKS, id=f"a/{n}", client_id=f"a.{n}", incarnation=f"u{n}") for n in range(40)]
    world = World(*applications)
    for each in applications:
        own = {"application_id": each.id, "application_incarnation": each.incarnation, "client_id": each.client_id}
        world.remember(remembered(**own, terms=terms(each)))
        put_grant(world, each.id, **own, refreshed_at=NOW - 60)
    async with world.client() as client:
        page = await listed(world, client)
        assert len(words(page)) == 40
        assert world.tables.statements == 2, "the session, and what is held"
        await forms_of(page)[0].send(client)
        assert world.tables.statements == 4


# Taking it back


async def test_removing_access_forgets_the_consent_and_ends_the_tokens() -> None:
    world = World()
    world.remember(remembered())
    for name in ("g1", "g2"):
        put_grant(world, name, refreshed_at=NOW - 60)
    async with world.client() as client:
        (form,) = forms_of(await listed(world, client))
        response = await form.send(client)
        assert (response.status_code, response.headers["location"]) == (303, f"{PATH}?withdrawn=shop.web")
        page = await client.get(response.headers["location"])
    assert '<p class="notice" role="status"><strong>Corner Shop</strong> no longer has access' in page.text
    assert words(page) == []
    assert world.tables.consents == {}
    assert {grant.revoked_at for grant in world.tables.grants.values()} == {NOW}
    assert {family.revoked_at for family in world.tables.families.values()} == {NOW}
    entries = list(world.tables.revocations.values())
    assert {(each.kind, each.id) for each in entries} == {(RevocationKind.GRANT, "g1"), (RevocationKind.GRANT, "g2")}
    assert {each.not_before for each in entries} == {NOW + 24 * HOURS}, "whatever a racing clock says"


@pytest.mark.parametrize("client_id", ["books.web", "", None])
async def test_a_form_counts_for_the_application_that_it_was_shown_for(client_id: str | None) -> None:
    world = World(APPLICATION, BOOKS)
    world.remember(remembered())
    put_grant(world, "g1")
    async with world.client() as client:
        (form,) = forms_of(await listed(world, client))
        fields = {name: value for name, value in form.fields.items() if name != "client_id"}
        response = await client.post(PATH, data=fields | ({"client_id": client_id} if client_id is not None else {}))
    assert response.headers["location"] == PATH
    assert world.tables.consents
    assert world.tables.revocations == {}


async def test_a_form_of_another_browser_or_site_takes_nothing_away() -> None:
    world = World()
    world.remember(remembered())
    async with world.client() as attacker, world.client() as victim:
        (planted,) = forms_of(await listed(world, attacker))
        await listed(world, victim)
        for fields in (planted.fields, {"client_id": "shop.web"}):
            assert (await victim.post(PATH, data=fields)).headers["location"] == PATH
    assert world.tables.consents


async def test_what_another_person_gave_stays() -> None:
    world = World()
    world.remember(remembered())
    other = remembered(user_id="shop/bob", user_incarnation="uid-bob")
    world.remember(other)
    put_grant(world, "g1", user_id="shop/bob", user_incarnation="uid-bob")
    async with world.client() as client:
        await forms_of(await listed(world, client))[0].send(client)
    assert list(world.tables.consents.values()) == [other]
    assert world.tables.grants["g1"].revoked_at is None


@pytest.mark.parametrize("client_id", ["shop.web", "unknown", "%3Cb%3E"])
async def test_the_address_cannot_make_the_page_say_what_is_not_so(client_id: str) -> None:
    world = World()
    world.remember(remembered())
    async with world.client() as client:
        page = await listed(world, client, f"?withdrawn={client_id}")
    assert "no longer has access" not in page.text


async def test_a_database_that_is_away_is_told_and_changes_nothing() -> None:
    world = World()
    world.remember(remembered())
    async with world.client() as client:
        (form,) = forms_of(await listed(world, client))
        world.tables.away = True
        for response in (await client.get(PATH), await form.send(client)):
            assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    assert world.tables.consents


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "just now"),
        (119, "just now"),
        (120, "2 minutes ago"),
        (3599, "59 minutes ago"),
        (3600, "an hour ago"),
        (7200, "2 hours ago"),
        (86_399, "23 hours ago"),
        (86_400, "a day ago"),
        (172_800, "2 days ago"),
    ],
)
def test_how_long_ago_is_said_in_words(seconds: float, words: str) -> None:
    assert ago_text(seconds) == words


def test_a_day_is_written_out() -> None:
    assert date_text(1_800_000_000.0) == "15 January 2027"
