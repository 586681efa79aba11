"""`python -m ostiary_server` needs its environment and nothing else, and says what is missing."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from ostiary_server.settings import PREFIX, ServerSettings
from tests.processes import Child, free_port
from tests.server.serving import KEY

BARE = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
COMMAND = [sys.executable, "-m", "ostiary_server"]


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], env=BARE | environment, capture_output=True, text=True, timeout=60, check=False
    )


def environment(url: str, **changes: str) -> dict[str, str]:
    values = {"DATABASE_URL": url, "KEY_ENCRYPTION_KEYS": KEY, "COOKIE_KEYS": KEY, "DRAIN_DELAY": "0"}
    return {PREFIX + name: value for name, value in (values | changes).items()}


def test_help_tells_every_setting() -> None:
    answer = run({}, "--help")
    assert answer.returncode == 0
    for name in ServerSettings.model_fields:
        assert PREFIX + name.upper() in answer.stdout


def test_what_is_missing_is_told_in_a_line_and_the_status_says_that_a_restart_will_not_help() -> None:
    answer = run({})
    assert answer.returncode == os.EX_CONFIG
    assert "OSTIARY_DATABASE_URL: Field required" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_missing_schema_ends_the_process_with_the_command_that_makes_it(tmp_path: Path) -> None:
    answer = run(environment(f"sqlite+aiosqlite:///{tmp_path}/x.db", PORT="0", METRICS_PORT="-1"))
    assert answer.returncode == os.EX_CONFIG
    [*_, last] = map(json.loads, answer.stdout.splitlines())
    assert "ostiary migrate" in last["message"]


def test_a_term_signal_drains_and_ends_well_and_every_line_is_json(sqlite_url: str, tmp_path: Path) -> None:
    port = free_port()
    variables = environment(sqlite_url, PORT=str(port), METRICS_PORT="-1")
    log = tmp_path / "log"
    child = Child(["env", *(f"{name}={value}" for name, value in variables.items()), *COMMAND], log)
    child.start()

    def ready() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz?hint=s3cret", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    child.wait_until(ready, 60)
    with pytest.raises(OSError, match="421"):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/jwks?hint=s3cret", timeout=5)
    child.signal(signal.SIGTERM)
    assert child.wait(20) == 0
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert "draining" in [line["message"] for line in lines]
    assert [line["status"] for line in lines if line.get("path") == "/jwks"] == [421]
    assert "s3cret" not in log.read_text()
    assert KEY not in log.read_text()
