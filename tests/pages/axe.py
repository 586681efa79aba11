"""axe-core, the accessibility checker: fetched by npm once, kept in the user's cache, run in the page."""

import os
import subprocess
from pathlib import Path
from typing import Any

from playwright.async_api import Page

from tests import system_packages

VERSION = "4.14.1"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def source() -> str:
    """The script itself."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ostiary" / f"axe-core-{VERSION}"
    script = cache / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        system_packages.require("nodejs", "npm")
        cache.mkdir(parents=True, exist_ok=True)
        npm = ["npm", "install", "--prefix", str(cache), "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run([*npm, f"axe-core@{VERSION}"], check=True, capture_output=True, timeout=100)
    return script.read_text()


async def violations(page: Page) -> list[str]:
    """What axe finds wrong on the page, one line each; also what it could not decide about colours."""
    await page.evaluate(source())
    found: dict[str, Any] = await page.evaluate("rules => axe.run({runOnly: rules})", RULES)
    assert len(found["passes"]) > 10, "it looked"
    undecided = [rule for rule in found["incomplete"] if rule["id"] == "color-contrast"]
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in [*found["violations"], *undecided]
        for node in rule["nodes"]
    ]
