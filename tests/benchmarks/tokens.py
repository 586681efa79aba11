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


def run(*, seconds: int = 5, rounds: int = 3) -> str:
    """A Markdown table; each round measures peer and server in turn, and the ratio is taken within the round."""
    replica.pin_load()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        url = f"sqlite+aiosqlite:///{directory / 'bench.db'}"
        asyncio.run(replica.fill(url, [replica.machine_client(number) for number in range(APPLICATIONS)]))
        lines = [
            "| request | bare route/s | Ostiary/s | ratio | p50 ms | p99 ms |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        for access_log in (False, True):
            with replica.server(url, directory, access_log=access_log) as (port, _):
                lines += [_row(name, what, body, directory, seconds, rounds) for name, what, body in _requests(port)]
        lines[4:] = [line.replace("|", "| logged:", 1) for line in lines[4:]]
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


def _row(name: str, what: Post, body: bytes, directory: Path, seconds: int, rounds: int) -> str:
    peers: list[Rate] = []
    ours: list[Rate] = []
    with replica.bare(body, directory) as bare_port:
        same = Post(f"http://127.0.0.1:{bare_port}/{what.url.rpartition('/')[2]}", what.body, what.host)
        for _ in range(rounds):
            peers.append(load.post(same, seconds=seconds))
            ours.append(load.post(what, seconds=seconds))
    refused = sum(rate.refused for rate in (*peers, *ours))
    assert refused == 0, f"{refused} requests were refused"
    ratio = median(our.requests_s / peer.requests_s for our, peer in zip(ours, peers, strict=True))
    return (
        f"| {name} | {median(rate.requests_s for rate in peers):.0f} | {median(rate.requests_s for rate in ours):.0f} "
        f"| {ratio:.2f} | {median(rate.p50_ms for rate in ours):.2f} | {median(rate.p99_ms for rate in ours):.2f} |"
    )
