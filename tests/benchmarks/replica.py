"""One real server process over SQLite with some applications in it, and the peer beside it."""

import base64
import hashlib
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ostiary_state.applications.credentials import first_credentials
from ostiary_state.intent import StoredApplication
from ostiary_state.store.engine import open_database
from ostiary_state.store.intent import IntentRepository
from ostiary_state.store.schema import migrate
from tests.processes import Child, free_port
from tests.server_process import answers, server_command

ORIGIN = "http://127.0.0.1"  # the Host header names it without a port
SECRET = "benchmark-secret-of-a-machine-client"
CORE = 0  # the server's; the load has the other one
PINNED = ("taskset", "-c", str(CORE))


def machine_client(number: int) -> StoredApplication:
    """An application that may use client_credentials and introspect what it got."""
    return StoredApplication(
        id=f"bench/app-{number}",
        incarnation=f"uid-{number}",
        client_id=f"bench.app-{number}",
        origin=ORIGIN,
        namespace="",
        spec={
            "displayName": f"Application {number}",
            "grantModes": ["authorization_code", "client_credentials"],
            "callbackURLs": [f"https://app-{number}.example.com/callback"],
            "scopes": ["openid", "profile", "email", "orders:read"],
        },
        credentials=first_credentials([hashlib.sha256(SECRET.encode()).digest()], 0.0),
    )


def basic(client_id: str) -> str:
    """The Authorization header of a client with the secret of this benchmark."""
    return "Basic " + base64.b64encode(f"{client_id}:{SECRET}".encode()).decode()


async def fill(url: str, applications: Sequence[StoredApplication]) -> None:
    """An empty database gets its schema and these applications."""
    await migrate(url)
    database = open_database(url)
    try:
        intent = IntentRepository(database)
        for start in range(0, len(applications), 500):
            await intent.write(applications[start : start + 500], fence=0, now=time.time())
    finally:
        await database.close()


@contextmanager
def server(url: str, directory: Path, *, access_log: bool = False) -> Iterator[tuple[int, Child]]:
    """`python -m ostiary_server` on its own core; yields its port when everything is loaded."""
    port = free_port()
    command = server_command(url, port, access_log=access_log, pinned=PINNED)
    with _running(command, directory / "server.log", f"http://127.0.0.1:{port}/readyz") as child:
        yield port, child


@contextmanager
def bare(body: bytes, directory: Path) -> Iterator[int]:
    """The bare FastAPI routes that answer with `body`, on the same core; yields their port."""
    port = free_port()
    command = ["env", f"BARE_BODY={body.decode()}", *PINNED, sys.executable, "-m", "tests.benchmarks.bare", str(port)]
    with _running(command, directory / "bare.log", f"http://127.0.0.1:{port}/"):
        yield port


@contextmanager
def _running(command: list[str], log: Path, answers_at: str) -> Iterator[Child]:
    child = Child(command, log)
    child.start()
    try:
        child.wait_until(lambda: answers(answers_at), within_s=60)
        yield child
    finally:
        child.stop()


def pin_load() -> None:
    """This process, and wrk with it, leaves the server's core alone."""
    others = os.sched_getaffinity(0) - {CORE}
    os.sched_setaffinity(0, others or {CORE})
