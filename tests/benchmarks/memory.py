"""Resident memory of one server worker, by the number of applications that it knows."""

import asyncio
import tempfile
from pathlib import Path

import httpx

from tests.benchmarks import replica


def run(counts: tuple[int, ...] = (1, 1_000, 10_000)) -> str:
    """A Markdown table, after a token for every hundredth application."""
    lines = ["| applications | resident MiB |", "| --- | --- |"]
    for count in counts:
        with tempfile.TemporaryDirectory() as name:
            directory = Path(name)
            url = f"sqlite+aiosqlite:///{directory / 'bench.db'}"
            asyncio.run(replica.fill(url, [replica.machine_client(number) for number in range(count)]))
            with replica.server(url, directory) as (port, child):
                _use(port, range(0, count, 100))
                lines.append(f"| {count:,} | {resident_mib(child.pid):.0f} |")
    return "\n".join(lines)


def resident_mib(pid: int) -> float:
    """VmRSS of a process, in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    kib = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    return int(kib) / 1024


def _use(port: int, numbers: range) -> None:
    with httpx.Client(headers={"host": "127.0.0.1"}) as client:
        for number in numbers:
            answer = client.post(
                f"http://127.0.0.1:{port}/token",
                data={"grant_type": "client_credentials"},
                headers={"authorization": replica.basic(f"bench.app-{number}")},
            )
            assert answer.status_code == 200, answer.text
