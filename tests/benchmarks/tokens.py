"""Tokens and introspections a second, against a bare FastAPI route that returns the same body."""

import asyncio
import json
import tempfile
from pathlib import Path
from statistics import median

import httpx

from tests.benchmarks import load, replica
from tests.benchmarks.load import Post, Rate

HOST = "127.0.0.1"
APPLICATIONS = 1000


def run(*, seconds: int = 4, rounds: int = 3) -> str:
    """A Markdown table; each round measures peers and server in turn, and ratios are taken within the round."""
    replica.pin_load()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        url = f"sqlite+aiosqlite:///{directory / 'bench.db'}"
        asyncio.run(replica.fill(url, [replica.machine_client(number) for number in range(APPLICATIONS)]))
        lines = [
            "| request | Ostiary/s | bare route, value/s | ratio | bare route, bytes/s | ratio | p50 ms | p99 ms |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |",
        ]
        for access_log in (False, True):
            with replica.server(url, directory, access_log=access_log) as (port, _):
                suffix = ", with the access log" if access_log else ""
                for title, what, body in _requests(port):
                    lines.append(_row(title + suffix, what, body, directory, seconds, rounds))
    return "\n".join(lines)


def _requests(port: int) -> list[tuple[str, Post, bytes]]:
    client = "bench.app-7"
    token = Post(
        f"http://127.0.0.1:{port}/token",
        "grant_type=client_credentials&scope=orders:read",
        HOST,
        replica.basic(client),
    )
    issued = _send(token)
    introspect = Post(
        f"http://127.0.0.1:{port}/introspect", f"token={json.loads(issued)['access_token']}", HOST, token.authorization
    )
    active = _send(introspect)
    assert json.loads(active)["active"] is True
    return [("client_credentials, at+jwt ES256", token, issued), ("introspection of a JWT", introspect, active)]


def _send(what: Post) -> bytes:
    headers = {"host": what.host, "content-type": "application/x-www-form-urlencoded"}
    if what.authorization is not None:
        headers["authorization"] = what.authorization
    answer = httpx.post(what.url, content=what.body, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.content


def _row(title: str, what: Post, body: bytes, directory: Path, seconds: int, rounds: int) -> str:
    rates: dict[str, list[Rate]] = {"value": [], "bytes": [], "ours": []}
    with replica.bare(body, directory) as bare_port:
        asked = {
            peer: Post(f"http://127.0.0.1:{bare_port}/{peer}", what.body, what.host) for peer in ("value", "bytes")
        }
        for _ in range(rounds):
            for name, post in (asked | {"ours": what}).items():
                rates[name].append(load.post(post, seconds=seconds))
    refused = sum(rate.refused for measured in rates.values() for rate in measured)
    assert refused == 0, f"{refused} requests were refused"
    ours = rates["ours"]
    cells = [title, f"{median(rate.requests_s for rate in ours):,.0f}"]
    for peer in ("value", "bytes"):
        ratio = median(our.requests_s / bare.requests_s for our, bare in zip(ours, rates[peer], strict=True))
        cells += [f"{median(rate.requests_s for rate in rates[peer]):,.0f}", f"{ratio:.2f}"]
    cells += [f"{median(rate.p50_ms for rate in ours):.1f}", f"{median(rate.p99_ms for rate in ours):.1f}"]
    return f"| {' | '.join(cells)} |"
