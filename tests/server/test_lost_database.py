"""PostgreSQL goes away and comes back: what is in memory keeps working, the rest says when to try again."""

import httpx

from ostiary_state.store.engine import open_database
from ostiary_state.store.schema import migrate
from tests.postgres import PostgreSQL
from tests.server.declared import stored_application, stored_user, write
from tests.server.polling import until
from tests.server.serving import serving
from tests.server.test_serving import WEB


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
