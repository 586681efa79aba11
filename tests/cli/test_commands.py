"""The small commands."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from ostiary_cli.__main__ import application as command_line
from ostiary_state.applications.crd import crd_files

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(command_line, arguments)
    return result.exit_code, result.output


def test_crds_prints_every_definition_as_one_stream() -> None:
    status, text = run("crds")

    assert status == 0
    assert [each["spec"]["names"]["kind"] for each in yaml.safe_load_all(text)] == [
        "OAuthApplication",
        "OAuthUser",
        "OAuthApplicationPolicy",
    ]


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


def test_migrate_tells_beforehand_whether_a_change_is_due(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/ostiary.db"

    status, text = run("migrate", "--database-url", url, "--check")
    assert (status, "run `ostiary migrate`" in text) == (3, True)
    run("migrate", "--database-url", url)
    assert run("migrate", "--database-url", url, "--check") == (0, "the schema fits this release\n")


def test_migrate_waits_for_a_database_that_does_not_answer_and_says_so_once() -> None:
    url = "postgresql://u:hidden@127.0.0.1:1/x"

    status, text = run("migrate", "--database-url", url, "--timeout", "2")

    assert status == 1
    assert text.count("waiting: the database did not answer") == 1
    assert "hidden" not in text


@pytest.mark.parametrize("arguments", [("version",), ("crds",), ("check", "docs/examples/quickstart")])
def test_what_needs_no_cluster_runs_without_its_clients(arguments: tuple[str, ...]) -> None:
    blocked = "import sys; sys.modules |= dict.fromkeys(('kopf', 'kubernetes', 'aiohttp'))"
    program = f"{blocked}; from ostiary_cli.__main__ import main; sys.argv = ['ostiary', *{arguments!r}]; main()"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_needs_a_cluster_says_where_its_client_is() -> None:
    blocked = "import sys; sys.modules['kubernetes'] = None"
    arguments = ("keys", "--namespace", "any", "--secret", "any")
    program = f"{blocked}; from ostiary_cli.__main__ import main; sys.argv = ['ostiary', *{arguments!r}]; main()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "which the operator's image has" in done.stderr
    assert "Traceback" not in done.stderr


def test_version_is_the_distributions() -> None:
    status, text = run("version")

    assert status == 0
    assert text.count(".") == 2
