"""32 clients do the same thing at once, half of them at one replica and half at another: it happens once.

The replicas share nothing but the database. Each has connections enough that no request waits for another one's.
"""

import asyncio
import itertools
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import Table, func, select

from ostiary_state.store import tables
from ostiary_state.store.database import Database
from tests.server.declared import SECRET, stored_application, stored_user, write
from tests.server.serving import Served, serving
from tests.server.test_serving import WEB

CLIENTS = 32
ASKING = stored_application("asking", grantModes=["authorization_code", "refresh_token"], scopes=["openid", "email"])


@pytest.fixture
async def replicas(database: Database, sql_url: str) -> AsyncIterator[tuple[Served, Served]]:
    """Two of them, and Ada signed in at both, since her cookie is one."""
    await write(database, WEB, ASKING, stored_user())
    async with (
        serving(sql_url, database_pool_size=CLIENTS // 2) as one,
        serving(sql_url, database_pool_size=CLIENTS // 2) as two,
    ):
        assert (await one.sign_in()).status_code == 303
        for name, value in one.client.cookies.items():
            two.client.cookies.set(name, value)
        yield one, two


async def at_once(
    replicas: tuple[Served, Served], ask: Callable[[Served, int], Awaitable[httpx.Response]]
) -> list[httpx.Response]:
    alternating: Iterator[Served] = itertools.cycle(replicas)
    return await asyncio.gather(*(ask(next(alternating), number) for number in range(CLIENTS)))


async def count(database: Database, table: Table) -> int:
    async with database.read() as transaction:
        found: int = (await transaction.execute(select(func.count()).select_from(table))).scalar_one()
        return found


async def refresh(served: Served, token: str) -> httpx.Response:
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return await served.client.post("/token", data=form, auth=("shop.web", SECRET))


async def test_of_32_that_redeem_a_code_one_gets_tokens(replicas: tuple[Served, Served], database: Database) -> None:
    location = (await replicas[0].authorize()).headers["location"]

    answers = await at_once(replicas, lambda served, _: served.redeem(location))

    assert Counter(answer.status_code for answer in answers) == {200: 1, 400: CLIENTS - 1}
    assert {answer.json().get("error") for answer in answers} == {None, "invalid_grant"}
    assert (await count(database, tables.refresh_families), await count(database, tables.refresh_tokens)) == (1, 1)
    # Its own client presented the code again, so what was issued ends (RFC 6749 section 4.1.2), at every replica.
    issued = next(answer.json() for answer in answers if answer.status_code == 200)
    assert {(await refresh(served, issued["refresh_token"])).status_code for served in replicas} == {400}


async def test_32_that_refresh_one_token_get_the_same_successor(
    replicas: tuple[Served, Served], database: Database
) -> None:
    location = (await replicas[0].authorize()).headers["location"]
    first = (await replicas[1].redeem(location)).json()["refresh_token"]

    answers = await at_once(replicas, lambda served, _: refresh(served, first))

    assert [answer.status_code for answer in answers] == [200] * CLIENTS, Counter(answer.text for answer in answers)
    successors = {answer.json()["refresh_token"] for answer in answers}
    assert len(successors) == 1
    assert len({answer.json()["access_token"] for answer in answers}) == CLIENTS
    assert (await count(database, tables.refresh_families), await count(database, tables.refresh_tokens)) == (1, 2)
    assert await count(database, tables.revocations) == 0
    assert (await refresh(replicas[1], successors.pop())).status_code == 200


async def test_32_answers_to_the_consent_page_leave_one_row_and_a_code_each(
    replicas: tuple[Served, Served], database: Database
) -> None:
    forms = [await asked(replicas[number % 2], "openid email" if number % 4 else "openid") for number in range(CLIENTS)]

    answers = await at_once(replicas, lambda served, number: served.client.post("/consent", data=forms[number]))

    assert [answer.status_code for answer in answers] == [303] * CLIENTS
    codes = {parse_qs(urlsplit(answer.headers["location"]).query)["code"][0] for answer in answers}
    assert len(codes) == CLIENTS
    assert await count(database, tables.consents) == 1
    # What was remembered last counts whole, and asks nobody again who allowed it.
    again = await replicas[0].authorize(client_id="shop.asking", redirect_uri="https://asking.example.com/callback")
    assert again.headers["location"].startswith("https://asking.example.com/callback")


async def test_32_that_sign_out_and_refresh_at_once_leave_nothing_that_can_be_refreshed(
    replicas: tuple[Served, Served],
) -> None:
    location = (await replicas[0].authorize()).headers["location"]
    first = (await replicas[1].redeem(location)).json()["refresh_token"]
    form = await fields(replicas[0], "/sign-out")

    async def ask(served: Served, number: int) -> httpx.Response:
        if number % 8 == 7:
            return await served.client.post("/sign-out", data=form)
        return await refresh(served, first)

    answers = await at_once(replicas, ask)

    assert {answer.status_code for answer in answers} <= {200, 303, 400}, Counter(answer.text for answer in answers)
    held = {first} | {answer.json()["refresh_token"] for answer in answers if "refresh_token" in answer.text}
    for token, served in itertools.product(held, replicas):
        assert (await refresh(served, token)).json().get("error") == "invalid_grant"


async def asked(served: Served, scope: str) -> dict[str, str]:
    """The fields of a consent page, allowed."""
    onward = await served.authorize(
        client_id="shop.asking", redirect_uri="https://asking.example.com/callback", scope=scope
    )
    return await fields(served, onward.headers["location"]) | {"decision": "allow"}


async def fields(served: Served, address: str) -> dict[str, str]:
    page = await served.client.get(address)
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    return {name: unescape(value) for name, value in hidden.items()}
