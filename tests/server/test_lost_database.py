"""PostgreSQL goes away and comes back: what is in memory keeps working, the rest says when to try again."""

import asyncio
import time

import httpx

from ostiary_state.errors import StoreUnavailable
from ostiary_state.store.engine import open_database
from ostiary_state.store.intent import IntentRepository
from ostiary_state.store.limits import ConnectionLimits
from ostiary_state.store.schema import migrate
from tests.forwarder import forwarding
from tests.postgres import PostgreSQL
from tests.server.declared import stored_application, stored_user, write
from tests.server.polling import until
from tests.server.serving import serving
from tests.server.test_serving import WEB

RECOVERY = 15.0  # seconds from PostgreSQL's return; the timeouts of one request and of what runs beside add up to less


async def test_a_lost_database_is_survived_and_all_recovers_by_itself(own_postgresql: PostgreSQL) -> None:
    url = own_postgresql.url("postgres")
    await migrate(url)
    database = open_database(url)
    await write(database, WEB, stored_user())
    async with serving(url) as served:
        assert (await served.sign_in()).status_code == 303
        code = (await served.authorize()).headers["location"]
        own_postgresql.stop("fast")

        issued = await served.client_credentials()
        assert issued.status_code == 200
        assert (await served.introspect(issued.json()["access_token"])).json()["active"] is True
        assert (await served.client.get("/jwks")).status_code == 200
        assert (await served.client.get("/.well-known/openid-configuration")).status_code == 200
        for answer in (await served.authorize(), await served.redeem(code)):
            assert answer.status_code == 503, answer.text
            assert int(answer.headers["retry-after"]) > 0
        ready = await served.client.get("/readyz")
        assert ready.status_code == 200
        age = ready.json()["revocations_age"]

        async def older() -> bool:
            return bool((await served.client.get("/readyz")).json()["revocations_age"] > age + 0.5)

        await until(older)

        own_postgresql.start()
        answers: list[httpx.Response] = []

        async def redeemed() -> bool:
            answers.append(await served.redeem(code))
            return answers[-1].status_code != 503

        await until(redeemed)
        assert answers[-1].status_code == 200, answers[-1].text
        revision = await write(database, stored_application("after"))

        async def followed() -> bool:
            return bool((await served.client.get("/readyz")).json()["revision"] == revision)

        await until(followed)
    await database.close()


async def test_a_server_that_starts_before_its_database_waits_for_it(own_postgresql: PostgreSQL) -> None:
    url = own_postgresql.url("postgres")
    await migrate(url)
    own_postgresql.stop("fast")
    async with serving(url, loaded=False) as served:
        assert (await served.client.get("/healthz")).status_code == 200
        assert (await served.client.get("/readyz")).status_code == 503
        own_postgresql.start()
        await served.server.until_loaded()
        assert (await served.client.get("/readyz")).status_code == 200


async def test_a_database_that_falls_silent_holds_nobody_for_longer_than_15_seconds_after_it_is_back(
    postgresql_server: PostgreSQL, postgresql_url: str
) -> None:
    """Packets that are dropped, not refused: what is connected never learns of it, and what connects waits."""
    database = open_database(postgresql_url)
    await write(database, WEB, stored_user())
    async with (
        forwarding(postgresql_server.port) as cable,
        serving(postgresql_url.replace(f":{postgresql_server.port}/", f":{cable.port}/")) as served,
    ):
        assert (await served.sign_in()).status_code == 303
        answers = await asyncio.gather(*(served.authorize() for _ in range(40)))  # the pool is full of connections
        codes = [answer.headers["location"] for answer in answers]

        cable.silence()
        waiting = [asyncio.create_task(served.redeem(code)) for code in codes[:4]]
        async with asyncio.timeout(4.0):
            issued = await served.client_credentials()
            assert (await served.introspect(issued.json()["access_token"])).json()["active"] is True
            assert (await served.client.get("/jwks")).status_code == 200
            assert (await served.client.get("/readyz")).status_code == 200

        cable.speak()
        back = time.monotonic()
        revision = await write(database, stored_application("after"))
        for code in codes[4:8]:  # until the first is given up these meet connections that are dead as well
            waiting.append(asyncio.create_task(served.redeem(code)))
            await asyncio.sleep(1.4)
        assert {answer.status_code for answer in await asyncio.gather(*waiting)} <= {200, 503}
        assert (await served.redeem(codes[8])).status_code == 200

        async def followed() -> bool:
            ready = (await served.client.get("/readyz")).json()
            return bool(ready["revision"] == revision and ready["revocations_age"] < 2.0)

        await until(followed, within=back + RECOVERY - time.monotonic())
        assert time.monotonic() < back + RECOVERY
    await database.close()


async def test_the_operators_side_is_over_a_silence_as_soon(postgresql_server: PostgreSQL, postgresql_url: str) -> None:
    async with forwarding(postgresql_server.port) as cable:
        url = postgresql_url.replace(f":{postgresql_server.port}/", f":{cable.port}/")
        database = open_database(url, limits=ConnectionLimits(pool_size=5))
        intent = IntentRepository(database)
        await asyncio.gather(*(intent.users() for _ in range(5)))

        cable.silence()
        attempts = [asyncio.create_task(write(database, stored_user(f"u{number}"))) for number in range(8)]
        await asyncio.sleep(0.1)
        cable.speak()
        back = time.monotonic()
        failures = await asyncio.gather(*attempts, return_exceptions=True)
        assert any(isinstance(failure, StoreUnavailable) for failure in failures)
        assert await write(database, stored_user("ada")) > 0
        assert time.monotonic() < back + RECOVERY
        await database.close()
