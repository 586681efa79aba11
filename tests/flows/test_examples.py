"""The clients that docs/guides show, as they stand in docs/examples: each gets what its guide promises.

Only their names differ here: what is https in an example is a name under *.localhost on a port of this run.
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import runpy
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import ECKey
from playwright.async_api import Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tests.authorizing import PASSWORD
from tests.flows.installation import Installation, installation
from tests.flows.signing_in import served, sign_in
from tests.node_clients import SCRIPTS, NodeClients
from tests.processes import free_port

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
GUIDES = ("back-end", "single-page", "native", "machine", "legacy-password")
MANIFESTS = sorted(file for guide in GUIDES for file in (EXAMPLES / guide).glob("*.yaml") if "deploy" not in file.name)
ADA = f"""
apiVersion: ostiary.dev/v1alpha1
kind: OAuthUser
metadata: {{name: ada, namespace: team-a}}
spec:
  username: ada
  displayName: Ada Lovelace
  email: ada@example.com
  groups: [accounting]
  passwordSecretRef: {{name: ada-password}}
---
apiVersion: v1
kind: Secret
metadata:
  name: ada-password
  namespace: team-a
  labels: {{ostiary.dev/secret: "true"}}
stringData: {{password: {PASSWORD}}}
"""
AUDIT_KEY = ECKey.generate_key("P-256")
PUBLISHED = ("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")  # RFC 7515
PAGE = """<!doctype html><title>An application</title><button>Sign in</button><p></p>
<script type="module">
import { signIn, signedIn } from "./script.js";
document.querySelector("button").addEventListener("click", signIn);
const said = document.querySelector("p");
signedIn().then(
  (person) => { said.textContent = person?.name ?? ""; },
  (error) => { said.textContent = error.message; },
);
</script>"""


@pytest.fixture(scope="module")
def port() -> int:
    """Where the applications' own addresses are."""
    return free_port()


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Installation]:
    """`ostiary up` over the manifests of all guides."""
    text = "\n---\n".join([*(file.read_text() for file in MANIFESTS), ADA])
    with installation(tmp_path_factory.mktemp("guides"), _here(text, port), until_served=("login",)) as up:
        confidential = ("orders", "reorder", "stock", "payroll")
        _until(lambda: all((up.data / "secrets" / f"team-a.{name}-oauth.yaml").exists() for name in confidential))
        _until(lambda: {"implicit", "password", "client_credentials"} <= _grant_types(up))
        yield up


@pytest.fixture
def mounted(provider: Installation, tmp_path: Path) -> Callable[[str], Path]:
    """A generated Secret as a pod sees it."""

    def mount(name: str) -> Path:
        provider.mount("team-a", name, tmp_path / name)
        return tmp_path / name

    return mount


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch, mounted: Callable[[str], Path]) -> Callable[..., dict[str, Any]]:
    """Runs a file of docs/examples beside a mounted Secret; the names that it defines."""

    def run(path: str, secret: str, **environment: str) -> dict[str, Any]:
        for name, value in {"OAUTH_SECRET": str(mounted(secret)), **environment}.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(EXAMPLES / path))

    return run


@pytest.mark.usefixtures("localhost_names")
async def test_the_back_end_in_python_signs_a_user_in(
    example: Callable[..., dict[str, Any]], page: Page, port: int
) -> None:
    callback = f"http://orders.localhost:{port}/callback"
    app = example("back-end/app.py", "orders-oauth", CALLBACK_URL=callback, SESSION_KEY="k" * 32)["app"]
    async with served(app, port):
        await _sign_in_at(page, f"http://orders.localhost:{port}/")
        assert json.loads(await page.inner_text("body"))["email"] == "ada@example.com"

        await page.goto(f"http://orders.localhost:{port}/callback?code=x&iss=https://elsewhere.example")
        assert "another issuer" in await page.inner_text("body")


async def test_the_back_end_in_node_signs_a_user_in(
    node_clients: NodeClients, mounted: Callable[[str], Path], page: Page, port: int
) -> None:
    environment = {
        "OAUTH_SECRET": str(mounted("orders-oauth")),
        "CALLBACK_URL": f"http://orders.localhost:{port}/callback",
        "PORT": str(port),
    }
    async with _node(node_clients, environment):
        await _reachable(port)
        await _sign_in_at(page, f"http://orders.localhost:{port}/")
        assert json.loads(await page.inner_text("body"))["email"] == "ada@example.com"

        await page.goto(f"http://orders.localhost:{port}/callback?code=x&state=forged")
        assert "Not signed in" in await page.inner_text("body")


@pytest.mark.parametrize(("script", "name"), [("sign-in.js", "notes"), ("implicit.js", "old-notes")])
async def test_the_single_page_application_signs_a_user_in(
    provider: Installation, page: Page, port: int, script: str, name: str
) -> None:
    text = (EXAMPLES / "single-page" / script).read_text()
    text = text.replace("https://login.example.com", provider.issuer("login"))
    routes = [Route("/", _html), Route("/script.js", functools.partial(_script, text))]
    async with served(Starlette(routes=routes), port):
        home = f"http://{name}.localhost:{port}/"
        await page.goto(home)
        await page.click("button")
        await _agree(page, home)
        await page.wait_for_function("document.querySelector('p').textContent !== ''")
        assert await page.inner_text("p") == "Ada Lovelace"
        assert page.url == home, "neither code nor token stays in the address"

        await page.goto("about:blank")  # a fragment alone would load nothing
        await page.goto(home + ("?" if script == "sign-in.js" else "#") + "state=forged&access_token=x&code=x")
        await page.wait_for_function("document.querySelector('p').textContent === 'the answer is not to our question'")


@pytest.mark.usefixtures("localhost_names")
async def test_the_native_application_signs_a_user_in(
    example: Callable[..., dict[str, Any]], provider: Installation, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    monkeypatch.setattr("webbrowser.open", lambda url: loop.call_soon_threadsafe(opened.put_nowait, url))
    sketch = example("native/sign_in.py", "orders-oauth")  # it has no Secret of its own
    sketch["sign_in"].__globals__["ISSUER"] = provider.issuer("login")

    async def signed_in() -> dict[str, Any]:
        running = asyncio.create_task(asyncio.to_thread(sketch["sign_in"]))
        address = await opened.get()
        await page.goto(address)
        await page.wait_for_url("**/sign-in?**")
        await sign_in(page)
        await page.wait_for_url("**/consent?**")
        await page.click("button[type=submit]")
        await page.wait_for_url(parse_qs(urlsplit(address).query)["redirect_uri"][0] + "?**")
        assert "go back to Sketch" in await page.inner_text("body")
        token: dict[str, Any] = await running
        return token

    tokens = await signed_in()
    assert {"access_token", "id_token", "refresh_token"} <= tokens.keys()


@pytest.mark.usefixtures("localhost_names")
async def test_the_machines_tokens_are_read_in_both_ways(example: Callable[..., dict[str, Any]]) -> None:
    reorder = example("machine/reorder.py", "reorder-oauth")
    token = await asyncio.to_thread(reorder["access_token"])
    stock = example("machine/stock.py", "stock-oauth")
    for reads in (stock["introspected"], stock["verified"]):
        assert await asyncio.to_thread(reads, token)
        assert not await asyncio.to_thread(reads, token[:-4] + "AAAA")
        assert not await asyncio.to_thread(reads, "nonsense")


@pytest.mark.usefixtures("localhost_names")
async def test_the_machine_without_a_secret_signs(
    example: Callable[..., dict[str, Any]], provider: Installation, tmp_path: Path
) -> None:
    (key := tmp_path / "key.pem").write_bytes(AUDIT_KEY.as_pem(private=True))
    endpoint = f"{provider.issuer('login')}/token"
    audit = example("machine/audit.py", "stock-oauth", OAUTH_KEY=str(key), TOKEN_ENDPOINT=endpoint)
    token = await asyncio.to_thread(audit["access_token"])
    stock = example("machine/stock.py", "stock-oauth")
    assert await asyncio.to_thread(stock["introspected"], token)
    assert not list(provider.data.glob("secrets/team-a.audit*"))


@pytest.mark.usefixtures("localhost_names")
async def test_the_legacy_application_passes_a_password_on(example: Callable[..., dict[str, Any]]) -> None:
    payroll = example("legacy-password/sign_in.py", "payroll-oauth")
    tokens = await asyncio.to_thread(payroll["sign_in"], "ada", PASSWORD)
    assert tokens["refresh_token"]
    assert await asyncio.to_thread(payroll["sign_in"], "ada", "wrong") is None

    def guess() -> None:
        for _ in range(10):
            payroll["sign_in"]("ada", "wrong")

    with pytest.raises(payroll["TryLater"]):
        await asyncio.to_thread(guess)


def _here(text: str, port: int) -> str:
    """The issuer at the provider's own port, the applications at theirs."""
    text = text.replace("https://login.example.com", "http://login.localhost")
    own = AUDIT_KEY.as_dict(private=False)
    for coordinate, published in zip("xy", PUBLISHED, strict=True):
        text = text.replace(published, str(own[coordinate]))
    for name in ("orders", "notes", "old-notes"):
        text = text.replace(f"https://{name}.example.com", f"http://{name}.localhost:{port}")
    return text


async def _sign_in_at(page: Page, home: str) -> None:
    await page.goto(home)
    await _agree(page, home)


async def _agree(page: Page, home: str) -> None:
    """Sign in, and agree unless that is remembered from a test before."""
    await page.wait_for_url("**/sign-in?**")
    await sign_in(page)
    await page.wait_for_url(lambda url: "/consent?" in url or url == home)
    if page.url != home:
        await page.click("button[type=submit]")
    await page.wait_for_url(home)


async def _html(_: Request) -> Response:
    return HTMLResponse(PAGE)


async def _script(text: str, _: Request) -> Response:
    return Response(text, media_type="text/javascript")


@asynccontextmanager
async def _node(clients: NodeClients, environment: dict[str, str]) -> AsyncIterator[None]:
    """The example as Node runs it, beside the packages of tests/node."""
    app = clients.directory / "app.mjs"
    app.write_text((EXAMPLES / "back-end" / "app.mjs").read_text())
    process = await asyncio.create_subprocess_exec(
        "node", f"--require={SCRIPTS / 'loopback.cjs'}", app, env={**os.environ, **environment}
    )
    try:
        yield
    finally:
        process.kill()
        await process.wait()


async def _reachable(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


def _until(done: Callable[[], bool], within: float = 20.0) -> None:
    deadline = time.monotonic() + within
    while not done():
        assert time.monotonic() < deadline, "the manifests of the guides are not served"
        time.sleep(0.05)


def _grant_types(up: Installation) -> set[str]:
    host = {"Host": f"login.localhost:{up.port}"}
    asked = urllib.request.Request(f"http://127.0.0.1:{up.port}/.well-known/openid-configuration", headers=host)
    with urllib.request.urlopen(asked, timeout=5) as answer:
        return set(json.load(answer)["grant_types_supported"])
