"""Code flows and refreshes a second of one replica on PostgreSQL, beside what it answers from memory."""

import asyncio
import json
import tempfile
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from ostiary_state.store.engine import open_database
from tests import postgres
from tests.benchmarks import replica
from tests.benchmarks.raw_http import Connection
from tests.server.declared import ORIGIN, SECRET, stored_user, write
from tests.server.serving import CHALLENGE, VERIFIER, Served, Statements
from tests.server.test_serving import WEB

CONNECTIONS = 16
CALLBACK = "https://web.example.com/callback"

# Everything that makes a commit durable is on, as in production.
SETTINGS = {"fsync": "on", "full_page_writes": "on", "autovacuum": "on"}

Flow = Callable[[Connection], Awaitable[None]]


def run(*, seconds: float = 5.0, rounds: int = 3) -> str:
    """A Markdown table; each round measures all of them in turn, and the ratio is taken within the round."""
    replica.pin_load()
    with postgres.running(settings=SETTINGS) as server, tempfile.TemporaryDirectory() as name:
        asyncio.run(server.make_template())
        url = server.url(asyncio.run(server.database()))
        asyncio.run(_declare(url))
        with replica.server(url, Path(name)) as (port, _):
            return asyncio.run(_measured(port, seconds, rounds))


async def _declare(url: str) -> None:
    await replica.fill(url, [replica.machine_client(number) for number in range(1_000)])
    database = open_database(url)
    await write(database, WEB, stored_user())
    await database.close()


async def _measured(port: int, seconds: float, rounds: int) -> str:
    flows = await _flows(port)
    rates: dict[str, list[float]] = {title: [] for title in flows}
    times: dict[str, list[float]] = {title: [] for title in flows}
    for _ in range(rounds):
        for title, flow in flows.items():
            took = await _loaded(port, flow, seconds)
            rates[title].append(len(took) / seconds)
            times[title] += took
    first = rates[next(iter(flows))]
    lines = ["| one replica | a second | of client_credentials | p50 ms | p99 ms |", "| --- | --- | --- | --- | --- |"]
    for title, measured in rates.items():
        ratio = median(each / base for each, base in zip(measured, first, strict=True))
        lines.append(
            f"| {title} | {median(measured):,.0f} | {ratio:.2f} "
            f"| {median(times[title]) * 1000:.1f} | {quantiles(times[title], n=100)[98] * 1000:.1f} |"
        )
    return "\n".join(lines)


async def _loaded(port: int, flow: Flow, seconds: float) -> list[float]:
    """Seconds of each time that the flow came to its end; some clients repeat it until the time is over."""
    took: list[float] = []

    async def client() -> None:
        async with Connection.to(port, ORIGIN.removeprefix("http://")) as connection:
            while True:
                begun = time.perf_counter()
                await flow(connection)
                took.append(time.perf_counter() - begun)

    with suppress(TimeoutError):
        async with asyncio.timeout(seconds), asyncio.TaskGroup() as clients:
            for _ in range(CONNECTIONS):
                clients.create_task(client())
    return took


async def _flows(port: int) -> dict[str, Flow]:
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers={"Host": ORIGIN.removeprefix("http://")}
    ) as browser:
        served = Served(None, browser, Statements())  # type: ignore[arg-type] - only its client is used
        assert (await served.sign_in()).status_code == 303
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        token = (await served.client_credentials()).json()["access_token"]
    basic = "Basic " + b64encode(f"shop.web:{SECRET}".encode()).decode()
    refresh_tokens: dict[Connection, str] = {}

    async def posted(connection: Connection, path: str, **form: str) -> dict[str, str]:
        status, _, body = await connection.post(path, urlencode(form), authorization=basic)
        assert status == 200, body
        answer: dict[str, str] = json.loads(body)
        return answer

    async def client_credentials(connection: Connection) -> None:
        await posted(connection, "/token", grant_type="client_credentials")

    async def introspection(connection: Connection) -> None:
        await posted(connection, "/introspect", token=token)

    async def code_flow(connection: Connection) -> dict[str, str]:
        asked = {
            "response_type": "code",
            "client_id": "shop.web",
            "redirect_uri": CALLBACK,
            "scope": "openid",
            "state": "s",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        status, headers, body = await connection.get(f"/authorize?{urlencode(asked)}", cookie=cookie)
        assert status == 303, body
        code = parse_qs(urlsplit(headers["location"]).query)["code"][0]
        return await posted(
            connection,
            "/token",
            grant_type="authorization_code",
            code=code,
            redirect_uri=CALLBACK,
            code_verifier=VERIFIER,
        )

    async def whole_code_flow(connection: Connection) -> None:
        await code_flow(connection)

    async def refresh(connection: Connection) -> None:
        if connection not in refresh_tokens:
            refresh_tokens[connection] = (await code_flow(connection))["refresh_token"]
        presented = refresh_tokens[connection]
        answer = await posted(connection, "/token", grant_type="refresh_token", refresh_token=presented)
        refresh_tokens[connection] = answer["refresh_token"]

    return {
        "client_credentials, JWT": client_credentials,
        "introspection of a JWT": introspection,
        "refresh": refresh,
        "code flow with a live session: /authorize and /token": whole_code_flow,
    }
