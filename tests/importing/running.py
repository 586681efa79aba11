"""`ostiary import` as a person runs it: what it printed, and what it made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from typer.testing import CliRunner

from ostiary_cli.__main__ import application as command_line
from ostiary_cli.check import check
from ostiary_state.applications.spec import OAuthApplicationSpec

EXPORTS = Path(__file__).parent / "exports"


@dataclass(frozen=True)
class Imported:
    """One run."""

    exit_code: int
    out: str
    report: str  # standard error

    @property
    def manifests(self) -> dict[tuple[str, str], dict[str, Any]]:
        """By kind and "<namespace>/<name>", in their order."""
        return {
            (each["kind"], f"{each['metadata']['namespace']}/{each['metadata']['name']}"): each
            for each in yaml.safe_load_all(self.out)
        }

    def spec(self, name: str) -> dict[str, Any]:
        """Of an application."""
        found: dict[str, Any] = self.manifests["OAuthApplication", name]["spec"]
        return found

    def secret(self, name: str) -> dict[str, str]:
        """What a Secret holds."""
        found: dict[str, str] = self.manifests["Secret", name]["stringData"]
        return found

    def findings(self, client: str) -> list[str]:
        """The lines of the report below the title that holds this text."""
        lines = self.report.splitlines()
        start = next(number for number, line in enumerate(lines) if client in line and not line.startswith(" "))
        rest = lines[start + 1 :]
        end = next((number for number, line in enumerate(rest) if not line.startswith(" ")), len(rest))
        return [line.strip() for line in rest[:end]]


def run(product: str, *arguments: str | Path, stdin: str = "") -> Imported:
    """Files are those of `exports`, or paths."""
    files = [str(EXPORTS / each) if (EXPORTS / str(each)).exists() else str(each) for each in arguments]
    done = CliRunner().invoke(command_line, ["import", "--from", product, *files], input=stdin)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return Imported(done.exit_code, done.stdout, done.stderr)


def assert_accepted(imported: Imported, directory: Path) -> None:
    """`ostiary check` has nothing to say of it, warnings included, and it says no default."""
    (file := directory / "imported.yaml").write_text(imported.out)
    problems, count = check([file])
    assert ([str(each) for each in problems], count) == ([], len(imported.manifests))
    for (kind, _), manifest in imported.manifests.items():
        if kind == "OAuthApplication":
            assert OAuthApplicationSpec.read(manifest["spec"]).canonical() == manifest["spec"]
