"""Load from a process of its own: wrk, so that the generator is not what is measured."""

import json
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.system_packages import require

CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Post:
    """One form POST, sent over and over."""

    url: str
    body: str
    host: str
    authorization: str | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests a second, the median and 99th percentile in milliseconds, and how many were not answered with 2xx."""

    requests_s: float
    p50_ms: float
    p99_ms: float
    refused: int


def post(what: Post, *, seconds: int) -> Rate:
    """Load one core's worth of a server for some seconds."""
    if shutil.which("wrk") is None:
        require("wrk")
    headers = {"Host": what.host, "Content-Type": "application/x-www-form-urlencoded"}
    if what.authorization is not None:
        headers["Authorization"] = what.authorization
    lines = ['wrk.method = "POST"', f"wrk.body = {json.dumps(what.body)}"]
    lines += [f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}" for name, value in headers.items()]
    with tempfile.TemporaryDirectory() as directory:
        script = Path(directory, "post.lua")
        script.write_text("\n".join(lines))
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-s", str(script), what.url]
        report = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return _read(report)


def _read(report: str) -> Rate:
    rate = re.search(r"Requests/sec:\s+([\d.]+)", report)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", report)
    assert rate is not None, report
    return Rate(
        float(rate[1]), _percentile(report, 50), _percentile(report, 99), int(refused[1]) if refused is not None else 0
    )


def _percentile(report: str, percent: int) -> float:
    found = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s)$", report, re.MULTILINE)
    assert found is not None, report
    return float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found[2]]
