"""JupyterHub signs its users in with the manifest and the configuration that its guide shows."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Page

from tests import virtual_environment
from tests.flows.hub import PROGRAM, ROOT, Hub, asked
from tests.flows.installation import LOOPBACK, Installation, installation
from tests.person import Person
from tests.processes import free_port

MANIFEST = ROOT / "docs" / "examples" / "jupyterhub" / "application.yaml"
GUIDE = ROOT / "docs" / "guides" / "jupyterhub.md"
SECRET = ("jupyterhub", "hub-oauth")
PASSWORD = "analytical-engine-1843"
PEOPLE = {
    "ada": ["data-science"],
    "grace": ["hub-admins"],
    "katherine": ["data-science", "hub-admins"],
    "lea": ["data-science"],
    "dan": ["data-science"],
    "vera": ["visitors"],
    "sam": [],
}
PERSON = """
---
apiVersion: ostiary.dev/v1alpha1
kind: OAuthUser
metadata: {{name: {name}, namespace: jupyterhub}}
spec:
  username: {name}
  groups: {groups}
  passwordSecretRef: {{name: password}}
"""
PASSWORD_SECRET = f"""
---
apiVersion: v1
kind: Secret
metadata: {{name: password, namespace: jupyterhub, labels: {{ostiary.dev/secret: "true"}}}}
stringData: {{password: {PASSWORD}}}
"""


@pytest.fixture(scope="module")
def hub_port() -> int:
    """Where JupyterHub is."""
    return free_port()


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory, hub_port: int) -> Iterator[Installation]:
    """`ostiary up` over the guide's manifest and people of all kinds."""
    directory = tmp_path_factory.mktemp("provider")
    with installation(directory, _manifests(hub_port, PEOPLE), until_served=(LOOPBACK,)) as up:
        yield up


@pytest.fixture(scope="module")
def python() -> Path:
    """The Python that has JupyterHub and oauthenticator."""
    return virtual_environment.interpreter(PROGRAM / "requirements.txt")


@pytest.fixture(scope="module")
def secret(provider: Installation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder where JupyterHub's pod would have the generated Secret."""
    provider.mount(*SECRET, folder := tmp_path_factory.mktemp("oauth"))
    return folder


@pytest.fixture(scope="module")
def hub(python: Path, secret: Path, hub_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """JupyterHub at work."""
    hub = Hub(python, tmp_path_factory.mktemp("hub"), secret, hub_port)
    try:
        hub.start()
        yield hub
    finally:
        hub.stop()


@pytest.fixture
async def administrator(hub: Hub, browser: Browser) -> Page:
    """A page of somebody who may read of others what JupyterHub keeps of them."""
    page = await (await browser.new_context()).new_page()
    await _signed_in(hub, page, "grace")
    return page


async def test_a_member_of_an_allowed_group_signs_in_under_the_username(hub: Hub, page: Page) -> None:
    assert await _signed_in(hub, page, "ada") == {"name": "ada", "admin": False, "groups": ["data-science"]}
    assert page.url == f"{hub.home}home", "back where the visit began"
    refused = await page.goto(f"{hub.home}admin")
    assert refused is not None
    assert refused.status == 403


async def test_a_member_of_an_admin_group_administers_the_hub(hub: Hub, page: Page) -> None:
    assert await _signed_in(hub, page, "grace") == {"name": "grace", "admin": True, "groups": ["hub-admins"]}
    admitted = await page.goto(f"{hub.home}admin")
    assert admitted is not None
    assert admitted.status == 200


async def test_the_hub_refuses_who_is_in_none_of_its_groups(hub: Hub, page: Page) -> None:
    await Person(page, "vera", PASSWORD).come_back(f"{hub.home}home", hub.callback)
    assert "403 : Sorry, you are not currently authorized to use this hub." in await page.inner_text("body")


async def test_ostiary_refuses_whom_the_manifest_does_not_admit(hub: Hub, page: Page) -> None:
    await Person(page, "sam", PASSWORD).come_back(f"{hub.home}home", hub.callback)
    assert "400 : OAuth error: The user is in none of the groups" in await page.inner_text("body")


async def test_an_answer_that_the_hub_did_not_ask_for_is_refused(hub: Hub, page: Page) -> None:
    await page.goto(f"{hub.callback}?code=x&state=forged")
    assert "400 : OAuth state missing from cookies" in await page.inner_text("body")


async def test_groups_that_change_count_without_another_sign_in(
    provider: Installation, hub: Hub, page: Page, hub_port: int
) -> None:
    assert (await _signed_in(hub, page, "katherine"))["admin"]
    _follow(provider, _manifests(hub_port, PEOPLE | {"katherine": ["visitors"]}))
    # JupyterHub looks at allowed_groups when one signs in, and at admin_groups each time.
    await _until(lambda: _is(hub, page, {"name": "katherine", "admin": False, "groups": ["visitors"]}))


async def test_who_is_still_admitted_gets_another_access_token(
    provider: Installation, hub: Hub, page: Page, administrator: Page
) -> None:
    await _signed_in(hub, page, "ada")
    before = await _access_token_ends(provider, administrator, "ada")
    await asyncio.sleep(1)  # auth_refresh_age
    await page.goto(f"{hub.home}home")
    assert (await asked(page, "user"))["name"] == "ada"
    after = (await asked(administrator, "users/ada"))["auth_state"]
    assert after["access_token"] != before["access_token"]
    assert after["refresh_token"] != before["refresh_token"]


async def test_who_is_admitted_no_longer_is_refused_when_the_hub_asks_next(
    provider: Installation, hub: Hub, page: Page, hub_port: int
) -> None:
    await _signed_in(hub, page, "lea")
    _follow(provider, _manifests(hub_port, PEOPLE | {"lea": []}))

    async def refused() -> bool:
        await page.goto(f"{hub.home}home")
        return "400 : OAuth error: The user is in none of the groups" in await page.inner_text("body")

    await _until(refused)


async def test_who_is_disabled_is_signed_out(provider: Installation, hub: Hub, page: Page, hub_port: int) -> None:
    await _signed_in(hub, page, "dan")
    disabled = _manifests(hub_port, PEOPLE).replace("username: dan\n", "username: dan\n  enabled: false\n")
    _follow(provider, disabled)
    await _until(lambda: _asks_for_a_password(hub, page))


async def test_signing_out_of_the_hub_leads_to_signing_out_of_ostiary(
    provider: Installation, hub: Hub, page: Page
) -> None:
    await _signed_in(hub, page, "ada")
    await page.click("#logout")
    await page.wait_for_url(f"{provider.issuer(LOOPBACK)}/sign-out")
    await page.click("button[type=submit]")
    await page.wait_for_url("**/signed-out")
    assert await _asks_for_a_password(hub, page)


async def test_after_a_rotation_the_hub_is_started_again(
    provider: Installation, hub: Hub, secret: Path, page: Page
) -> None:
    before = provider.client_secret(*SECRET)
    (provider.data / "secrets" / "jupyterhub.hub-oauth.yaml").unlink()
    await _until(lambda: _rotated(provider, before))
    await _until(lambda: _fails(hub, page))
    assert re.search(r"Error fetching 401 POST \S+/token: \{[^}]*invalid_client", hub.log.read_text())

    provider.mount(*SECRET, secret)
    hub.start()
    assert (await _signed_in(hub, page, "ada"))["name"] == "ada"


def test_what_the_guide_says_that_one_sees_is_in_the_programs(python: Path) -> None:
    rows = GUIDE.read_text().partition("| you see | it is |")[2].partition("\n\n")[0].splitlines()[2:]
    assert len(rows) > 5
    folder = next(python.parents[1].glob("lib/python*/site-packages"))
    programs = (folder / "jupyterhub", folder / "oauthenticator", ROOT / "server" / "ostiary_server")
    source = "".join(file.read_text() for program in programs for file in program.rglob("*.py"))
    for row in rows:
        for said in re.findall(r"`([^`]+)`", row.split(" | ")[0]):
            assert said in source, said


def _manifests(hub_port: int, people: dict[str, list[str]]) -> str:
    """The guide's, at the ports of this run; it admits visitors too, so that the hub has somebody to refuse."""
    manifest = MANIFEST.read_text()
    for there, here in (
        ("https://login.example.com", f"http://{LOOPBACK}"),
        ("https://hub.example.com", f"http://hub.localhost:{hub_port}"),
        ("allowedGroups: [", "allowedGroups: [visitors, "),
    ):
        assert there in manifest
        manifest = manifest.replace(there, here)
    return manifest + "".join(PERSON.format(name=name, groups=people[name]) for name in people) + PASSWORD_SECRET


def _follow(provider: Installation, manifests: str) -> None:
    """Edit and save; it is followed soon after."""
    (fresh := provider.manifests / "manifests.tmp").write_text(manifests)
    fresh.replace(provider.manifests / "manifests.yaml")


async def _signed_in(hub: Hub, page: Page, name: str) -> dict[str, Any]:
    """Who the hub says has come."""
    await Person(page, name, PASSWORD).come_back(f"{hub.home}home", hub.home)
    return await _user(page)


async def _user(page: Page) -> dict[str, Any]:
    user = await asked(page, "user")
    return {key: user[key] for key in ("name", "admin", "groups")}


async def _is(hub: Hub, page: Page, user: dict[str, Any]) -> bool:
    await page.goto(f"{hub.home}home")
    return await _user(page) == user


async def _access_token_ends(provider: Installation, administrator: Page, name: str) -> dict[str, Any]:
    """As it would after ten minutes; what JupyterHub has kept of this person's sign-in."""
    kept: dict[str, Any] = (await asked(administrator, f"users/{name}"))["auth_state"]
    credentials = ("jupyterhub.hub", provider.client_secret(*SECRET))
    async with httpx.AsyncClient(base_url=provider.issuer(LOOPBACK)) as client:
        done = await client.post("/revoke", data={"token": kept["access_token"]}, auth=credentials)
    assert done.status_code == 200, done.text
    return kept


async def _asks_for_a_password(hub: Hub, page: Page) -> bool:
    await page.goto(f"{hub.home}home")
    return await page.locator("input[name=password]").count() == 1


async def _fails(hub: Hub, page: Page) -> bool:
    await page.context.clear_cookies(domain="hub.localhost")  # a visit that is not signed in yet
    await Person(page, "ada", PASSWORD).come_back(f"{hub.home}home", hub.home)
    return "500 : Internal Server Error" in await page.inner_text("body")


async def _rotated(provider: Installation, before: str) -> bool:
    try:
        return provider.client_secret(*SECRET) != before
    except FileNotFoundError:
        return False


async def _until(done: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await done():  # noqa: ASYNC110 - a browser has no event for what a server follows
            await asyncio.sleep(0.1)
