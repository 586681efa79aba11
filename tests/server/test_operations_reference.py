"""The page about running the server names each metric that it has, and none that it has not."""

import re
from pathlib import Path

from tests.server.serving import serving

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "server-operations.md"


async def test_every_metric_is_documented_and_every_documented_one_exists(sqlite_url: str) -> None:
    async with serving(sqlite_url) as served:
        families = {family.name for family in served.server.metrics.registry.collect()}
    documented = {
        name.removesuffix("_total") for name in re.findall(r"^\| `(ostiary_\w+)`", REFERENCE.read_text(), re.MULTILINE)
    }
    assert documented == {name for name in families if name.startswith("ostiary_")}
