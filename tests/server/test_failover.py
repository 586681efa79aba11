"""The primary dies under load, its synchronous standby is promoted: what was answered holds, no code is used twice.

Two replicas of the server know both hosts by their URL. Nobody tells them which one is the primary.
"""

import asyncio
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx

from ostiary_state.store.engine import open_database
from ostiary_state.store.schema import migrate
from tests.postgres import USER, PostgreSQL
from tests.server.declared import SECRET, stored_user, write
from tests.server.polling import until
from tests.server.serving import Served, serving
from tests.server.test_serving import WEB

PEOPLE = 24
RECOVERY = 15.0  # seconds


@dataclass
class Client:
    """One code and what came of it: every answer of a success counts, whatever happened around it."""

    location: str
    redeemed: int = 0
    unknown: bool = False  # an attempt to redeem was answered by 503: it may have happened or not
    refreshed: list[float] = field(default_factory=list)
    refresh_token: str = ""

    async def run(self, replicas: Iterator[Served], stop: asyncio.Event) -> None:
        """Redeem the code, then refresh again and again; what was not answered is sent again."""
        while not stop.is_set():
            served = next(replicas)
            if self.refresh_token:
                answer = await refresh(served, self.refresh_token)
            else:
                answer = await served.redeem(self.location)
            if answer.status_code == 503:
                self.unknown |= not self.refresh_token
                await asyncio.sleep(0.05)
                continue
            if self.unknown and not self.refresh_token and answer.status_code == 400:
                return  # the lost answer was a success: the code is spent
            assert answer.status_code == 200, answer.text
            if self.refresh_token:
                self.refreshed.append(time.monotonic())
            else:
                self.redeemed += 1
            self.refresh_token = answer.json()["refresh_token"]


async def refresh(served: Served, token: str) -> httpx.Response:
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return await served.client.post("/token", data=form, auth=("shop.web", SECRET))


async def test_a_promoted_standby_knows_all_that_was_answered_and_redeems_no_code_twice(
    own_postgresql: PostgreSQL, own_standby: PostgreSQL
) -> None:
    await own_postgresql.wait_for_standbys()
    hosts = "&".join(f"host=127.0.0.1:{server.port}" for server in (own_postgresql, own_standby))
    url = f"postgresql+asyncpg://{USER}@/postgres?{hosts}"
    await migrate(url)
    database = open_database(url)
    await write(database, WEB, stored_user())
    async with serving(url) as one, serving(url) as two:
        assert (await one.sign_in()).status_code == 303
        clients = [Client((await one.authorize()).headers["location"]) for _ in range(PEOPLE)]
        late = [(await one.authorize()).headers["location"] for _ in range(4)]
        replicas, stop = itertools.cycle((one, two)), asyncio.Event()
        # The first half refreshes when the primary dies, the second half has just begun to redeem.
        running = [asyncio.create_task(client.run(replicas, stop)) for client in clients[: PEOPLE // 2]]
        await until(lambda: all(len(client.refreshed) >= 2 for client in clients[: PEOPLE // 2]), within=30.0)
        running += [asyncio.create_task(client.run(replicas, stop)) for client in clients[PEOPLE // 2 :]]
        await asyncio.sleep(0.05)

        own_postgresql.crash()
        assert (await one.client_credentials()).status_code == 200
        await asyncio.to_thread(own_standby.promote)
        promoted = time.monotonic()
        await until(
            lambda: all(client.unknown or client.refreshed[-1:] > [promoted] for client in clients), within=RECOVERY
        )
        stop.set()
        await asyncio.gather(*running)

        assert all(client.redeemed <= 1 for client in clients)
        held = [client for client in clients if client.refresh_token]
        assert len(held) >= PEOPLE // 2
        assert {(await refresh(two, client.refresh_token)).status_code for client in held} == {200}
        assert {(await two.redeem(location)).status_code for location in late} == {200}
        for client in held:  # last, since a replay ends what the code has issued
            assert (await one.redeem(client.location)).json()["error"] == "invalid_grant"
        revision = await write(database, stored_user("grace"))
        for served in (one, two):
            await until(lambda served=served: follows(served, revision))
    await database.close()


async def follows(served: Served, revision: int) -> bool:
    return bool((await served.client.get("/readyz")).json()["revision"] == revision)
