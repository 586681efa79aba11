"""The small commands."""

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from ostiary_cli.__main__ import application as command_line
from ostiary_state.applications.crd import crd_files


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(command_line, arguments)
    return result.exit_code, result.output


def test_crds_prints_every_definition_as_one_stream() -> None:
    status, text = run("crds")

    assert status == 0
    assert [each["spec"]["names"]["kind"] for each in yaml.safe_load_all(text)] == ["OAuthApplication", "OAuthUser"]


def test_crds_writes_a_file_each(tmp_path: Path) -> None:
    assert run("crds", "--output-dir", str(tmp_path / "new")) == (0, "")
    assert {path.name: path.read_text() for path in (tmp_path / "new").iterdir()} == crd_files()


def test_migrate_may_run_twice(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/ostiary.db"

    assert run("migrate", "--database-url", url) == (0, "the schema is up to date\n")
    assert run("migrate", "--database-url", url) == (0, "the schema is up to date\n")


@pytest.mark.parametrize(
    "url", ["mysql://user:hidden@host/name", "hidden", "postgresql+asyncpg://u:hidden@127.0.0.1:1/x"]
)
def test_migrate_says_what_is_wrong_without_the_password(url: str) -> None:
    status, text = run("migrate", "--database-url", url)

    assert status == 1
    assert text.startswith("ostiary migrate: ")
    assert "hidden" not in text


def test_version_is_the_distributions() -> None:
    status, text = run("version")

    assert status == 0
    assert text.count(".") == 2
