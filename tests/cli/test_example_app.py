"""The README's promise: one clicks through all three applications of the quickstart, in a browser."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, expect

from tests.cli.manifests import QUICKSTART
from tests.cli.serving import COMMAND, Loopback, Up, serving
from tests.processes import Child, free_port

PASSWORD = "correct-horse-battery-staple"


@dataclass(frozen=True, slots=True)
class Example:
    """Both processes of the quickstart."""

    up: Up
    port: int

    def address(self, name: str) -> str:
        """Of one of the example's applications."""
        return f"http://{name}.localhost:{self.port}/"


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    """`ostiary up` on the quickstart and `ostiary example-app` beside it, on ports of the test's own."""
    up, port = Up(tmp_path_factory.mktemp("quickstart")), free_port()
    for file in QUICKSTART.iterdir():
        shutil.copy(file, up.manifests)
        up.declare(file.name, file.read_text().replace(":8081", f":{port}"))
    secret_file = up.data / "secrets" / "quickstart.shop-oauth.yaml"
    arguments = ["--port", str(port), "--issuer", up.issuer("shop"), "--secret-file", secret_file]
    log = up.root / "example.log"
    with serving(up, "shop", "notes", "billing"):
        child = Child([*COMMAND, "example-app", *arguments], log)
        child.start()
        try:
            child.wait_until(lambda: "Ctrl-C stops." in log.read_text(), 60)
            yield Example(up, port)
            assert child.interrupt() == 0
            assert "Traceback" not in log.read_text()
        finally:
            child.stop()


async def sign_in(page: Page, password: str = PASSWORD) -> None:
    """On whatever page has the form."""
    await page.fill("input[name=username]", "alice")
    await page.fill("input[name=password]", password)
    await page.click("button[type=submit]")


async def test_the_shop_signs_in_refreshes_and_signs_out(example: Example, page: Page) -> None:
    await page.goto(example.address("app"))
    await page.click("#sign-in")
    assert page.url.startswith(example.up.issuer("shop"))
    await sign_in(page)
    await expect(page).to_have_title(re.compile("Corner Shop"))
    await page.locator("button[type=submit]").first.click()

    await page.wait_for_url(example.address("app"))
    await expect(page.get_by_role("heading", name="Hello, Alice Example")).to_be_visible()
    await expect(page.locator("[data-claim=email]")).to_have_text("alice@example.com")

    await page.click("#refresh")
    await expect(page.locator("#refreshed")).to_have_text("refreshed 1 times")
    await page.click("#refresh")
    await expect(page.locator("#refreshed")).to_have_text("refreshed 2 times")

    await page.click("#sign-out")
    await expect(page.locator("#sign-in")).to_be_visible()


async def test_consent_that_is_declined_is_told(example: Example, page: Page) -> None:
    await page.goto(example.address("app"))
    async with page.expect_request("**/authorize?*") as asked:
        await page.click("#sign-in")
    await page.goto(f"{(await asked.value).url}&prompt=consent")  # whatever was remembered of other tests
    await sign_in(page)
    await page.locator("button[type=submit]").nth(1).click()

    await expect(page.get_by_role("alert")).to_contain_text("access_denied")


async def test_notes_reads_the_token_from_the_hash_and_wipes_it(example: Example, page: Page) -> None:
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.on("console", lambda message: failures.append(message.text) if message.type == "error" else None)
    await page.goto(example.address("spa"))
    await page.click("#sign-in")
    assert page.url.startswith(example.up.issuer("notes"))
    await sign_in(page)
    await page.locator("button[type=submit]").first.click()

    await expect(page.get_by_role("heading", name="Hello, Alice Example")).to_be_visible()
    assert page.url == example.address("spa") + "notes"
    await expect(page.locator("[data-claim=sub]")).to_have_text(re.compile("^u_"))
    assert failures == []

    await page.click("#forget")
    await expect(page.locator("#sign-in")).to_be_visible()


async def test_notes_takes_no_answer_that_it_did_not_ask_for(example: Example, page: Page) -> None:
    await page.goto(example.address("spa") + "notes#access_token=stolen&id_token=a.b.c&state=guessed")

    await expect(page.get_by_role("alert")).to_have_text("the answer is not to our question")


async def test_billing_asks_for_the_password_itself(example: Example, page: Page) -> None:
    await page.goto(example.address("legacy"))
    await sign_in(page, "wrong")
    await expect(page.get_by_role("alert")).to_contain_text("invalid_grant")

    await sign_in(page)
    await expect(page.get_by_role("heading", name="Hello, Alice Example")).to_be_visible()


def test_its_pages_let_nothing_in_from_elsewhere(example: Example) -> None:
    with httpx.Client(transport=Loopback()) as client:
        for name in ("app", "spa", "legacy"):
            answer = client.get(example.address(name), follow_redirects=True)
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy


def test_without_a_generated_secret_it_says_what_to_start(tmp_path: Path) -> None:
    log = tmp_path / "example.log"
    child = Child([*COMMAND, "example-app", "--secret-file", tmp_path / "none.yaml"], log)
    child.start()
    with pytest.raises(RuntimeError, match="ended with 1"):
        child.wait_until(lambda: False, 60)

    assert "start this first: ostiary up docs/examples/quickstart" in log.read_text()
