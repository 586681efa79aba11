"""The example of docs/guides/moving-in.md is what the command makes of its input."""

from pathlib import Path

from ostiary_cli.importing.command import Product
from tests.importing.running import assert_accepted, run

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLE = DOCS / "examples" / "moving-in"


def test_the_example_is_what_the_command_prints(tmp_path: Path) -> None:
    done = run("hydra-maester", EXAMPLE / "oauth2clients.yaml", "--report", tmp_path / "report.md")
    assert done.exit_code == 0
    assert done.out == (EXAMPLE / "imported.yaml").read_text()
    assert (tmp_path / "report.md").read_text() == (EXAMPLE / "report.md").read_text()
    assert_accepted(done, tmp_path)


def test_every_product_has_its_commands() -> None:
    guide = (DOCS / "guides" / "moving-in.md").read_text()
    for product in Product:
        assert f"ostiary import --from {product} " in guide
        assert f"| `{product}` |" in guide
