"""From a manifest in the database to tokens over a real socket, with the statements that it costs."""

import asyncio

import httpx
import pytest

from ostiary_server.keys.sealing import CannotOpen
from ostiary_server.server import CannotStart, Server
from ostiary_state.errors import SchemaMismatch
from ostiary_state.store.database import Database
from ostiary_state.store.intent import IntentRepository
from tests.server.declared import stored_application, stored_user, write
from tests.server.polling import until
from tests.server.serving import OTHER_KEY, serving, settings

WEB = stored_application(
    "web", grantModes=["authorization_code", "refresh_token", "client_credentials"], consent="Skip"
)


async def test_client_credentials_and_introspection_cost_no_statement(database: Database, sql_url: str) -> None:
    await write(database, WEB)
    async with serving(sql_url) as served:
        issued = await served.client_credentials()
        answer = await served.introspect(issued.json()["access_token"])
    assert issued.status_code == 200, issued.text
    assert answer.json()["active"] is True
    assert served.statements.texts == []


async def test_a_code_flow_with_a_live_session_costs_six_statements_at_most(database: Database, sql_url: str) -> None:
    await write(database, WEB, stored_user())
    async with serving(sql_url) as served:
        signed_in = await served.sign_in()
        assert signed_in.status_code == 303, signed_in.text
        mark = len(served.statements.texts)
        answer = await served.authorize()
        tokens = await served.redeem(answer.headers["location"])
        cost = served.statements.since(mark)
    assert tokens.status_code == 200, tokens.text
    assert {"access_token", "id_token", "refresh_token"} <= tokens.json().keys()
    assert len(cost) <= 6, cost


async def test_the_first_sign_in_of_a_person_ends_at_the_application(database: Database, sql_url: str) -> None:
    await write(database, WEB, stored_user())
    async with serving(sql_url) as served:
        onward = await served.sign_in()
        while not onward.headers["location"].startswith("https://web.example.com/"):
            onward = await served.client.get(onward.headers["location"])
        tokens = await served.redeem(onward.headers["location"])
        userinfo = await served.client.get(
            "/userinfo", headers={"Authorization": f"Bearer {tokens.json()['access_token']}"}
        )
    assert userinfo.json()["sub"].startswith("u_")


async def test_a_manifest_that_is_disabled_is_refused_while_the_server_runs(database: Database, sql_url: str) -> None:
    await write(database, WEB)
    async with serving(sql_url) as served:
        assert (await served.client_credentials()).status_code == 200
        await write(database, stored_application("web", grantModes=["client_credentials"], enabled=False))
        served.server.wake()

        async def refused() -> bool:
            return (await served.client_credentials()).status_code == 401

        await until(refused)


async def test_an_unknown_host_is_misdirected_but_not_for_probes(database: Database, sql_url: str) -> None:
    await write(database, WEB)
    async with serving(sql_url) as served:
        host = {"Host": "unknown.localhost"}
        assert (await served.client.get("/jwks", headers=host)).status_code == 421
        assert (await served.client.get("/authorize", headers=host)).status_code == 421
        assert (await served.client.get("/healthz", headers=host)).status_code == 200
        assert (await served.client.get("/readyz", headers=host)).status_code == 200
        assert (await served.client.get("/jwks")).status_code == 200


async def test_a_replica_tells_its_revision_and_leaves_when_it_has_drained(database: Database, sql_url: str) -> None:
    revision = await write(database, WEB)
    intent = IntentRepository(database)

    async def told() -> bool:
        return (await intent.served()).minimum == revision

    async with serving(sql_url) as served:
        await until(told)
        revision = await write(database, stored_application("app"))
        await until(told)
        assert (await served.client.get("/readyz")).json()["revision"] == revision
    assert (await intent.served()).replicas == 0


async def test_while_it_drains_a_replica_is_red_and_still_answers(database: Database, sql_url: str) -> None:
    await write(database, WEB)
    async with serving(sql_url, drain_delay=0.5) as served:
        leaving = asyncio.create_task(served.server.__aexit__(None, None, None))

        async def red() -> bool:
            return (await served.client.get("/readyz")).status_code == 503

        await until(red)
        assert (await served.client_credentials()).status_code == 200
        await leaving
        with pytest.raises(httpx.ConnectError):
            await served.client.get("/readyz")


async def test_metrics_are_on_a_port_of_their_own(database: Database, sql_url: str) -> None:
    await write(database, WEB)
    async with serving(sql_url) as served:
        await served.client_credentials()
        assert (await served.client.get("/metrics")).status_code == 404
        text = (await served.client.get(f"http://127.0.0.1:{served.server.metrics_port}/metrics")).text
    assert 'ostiary_token_responses_total{grant="client_credentials",outcome="issued"} 1.0' in text
    assert 'ostiary_http_request_duration_seconds_count{method="POST",route="/token",status="200"} 1.0' in text
    for name in (
        "ostiary_revision 1.0",
        "ostiary_applications 1.0",
        "ostiary_ready 1.0",
        "ostiary_database_connections_in_use",
    ):
        assert name in text


async def test_a_schema_that_is_missing_keeps_a_server_from_serving(tmp_path: object) -> None:
    async with serving(f"sqlite+aiosqlite:///{tmp_path}/empty.db", loaded=False) as served:
        assert (await served.client.get("/healthz")).status_code == 200
        assert (await served.client.get("/jwks")).status_code == 503
        with pytest.raises(SchemaMismatch, match="ostiary migrate"):
            await served.server.until_loaded()


async def test_keys_that_cannot_be_opened_keep_a_server_from_serving(database: Database, sql_url: str) -> None:
    await write(database, WEB)
    async with serving(sql_url):
        pass
    async with serving(sql_url, loaded=False, key_encryption_keys=OTHER_KEY) as served:
        with pytest.raises(CannotOpen, match="OSTIARY_KEY_ENCRYPTION_KEYS"):
            await served.server.until_loaded()


@pytest.mark.parametrize("url", ["mysql://host/name", "no url at all"])
async def test_a_database_that_is_none_of_ours_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(CannotStart, match="OSTIARY_DATABASE_URL"):
        await Server(settings(url)).__aenter__()
