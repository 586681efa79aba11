"""The headers of every page, and that no page needs what they forbid."""

import re
from pathlib import Path

import pytest

import ostiary_server.pages
from ostiary_server.pages.texts import TEXTS
from ostiary_state.runtime.issuer import Issuer
from tests.authorizing import APPLICATION, ISSUER, World, address, code_request

PLAIN = Issuer(id="i1", origin="http://login.localhost:8080", namespace=None)
PAGES = Path(ostiary_server.pages.__file__).parent
NAMES = ["/sign-in", "/consent", "/sign-out", "/signed-out", "/", "/account/applications", "/authorize"]
LEAVING = {"/sign-in", "/consent"}


async def page(world: World, name: str, issuer: Issuer) -> dict[str, str]:
    async with world.client(issuer) as client:
        if name in ("/consent", "/sign-out", "/account/applications"):
            client.cookies.update(await world.signed_in(issuer))
        path = address(code_request()) if name == "/consent" else name
        response = await client.get(path, follow_redirects=True)
    assert response.url.path == name
    return dict(response.headers)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("issuer", [ISSUER, PLAIN], ids=["https", "http"])
async def test_every_page_forbids_frames_foreign_content_and_caches(name: str, issuer: Issuer) -> None:
    headers = await page(World(APPLICATION, issuers=(issuer,)), name, issuer)
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["base-uri"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert policy.get("form-action") == (None if name in LEAVING else "'self'")
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert "permissions-policy" in headers
    assert ("strict-transport-security" in headers) is issuer.secure
    assert headers.get("cross-origin-opener-policy") == (None if name in LEAVING else "same-origin")


@pytest.mark.parametrize("template", sorted(PAGES.rglob("*.html")), ids=lambda path: path.name)
def test_no_template_has_inline_code_or_foreign_content(template: Path) -> None:
    source = template.read_text()
    source = re.sub(r'<script src="\{\{ [a-z_]+ \}\}" defer></script>', "", source)  # a file of ours
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|https?://|\|\s*safe", source)


def test_every_text_is_used_and_every_used_text_exists() -> None:
    sources = "".join(path.read_text() for path in PAGES.rglob("*") if path.suffix in {".html", ".py"})
    used = set(re.findall(r"text\(\s*['\"]([a-z_.]+)['\"]", sources))
    assembled = {key for key in TEXTS if key.startswith(("scope.", "error."))}
    assert used | assembled == set(TEXTS)
