"""Clients that registered themselves, on real replicas over a real database."""

import base64
import time
from dataclasses import replace
from typing import Any

import httpx
import pytest

from ostiary_server.metrics import Metrics
from ostiary_server.replica.directory import Directory
from ostiary_server.replica.registrations import ServedRegistrations
from ostiary_state.store.applications import Applications
from ostiary_state.store.database import Database
from ostiary_state.store.registrations import Registrations
from ostiary_state.store.replicas import Replicas
from tests.server.declared import stored_application, write
from tests.server.polling import until
from tests.server.serving import Served, serving

INITIAL = "an-initial-access-token"
TEMPLATE = stored_application(
    "clients",
    secret=INITIAL,
    callbackURLs=[],
    grantModes=["client_credentials"],
    scopes=["stock:read"],
    dynamicRegistration={"maxClients": 50, "unusedFor": "1h"},
)


async def register(served: Served) -> dict[str, Any]:
    response = await served.client.post(
        "/register",
        json={"grant_types": ["client_credentials"], "response_types": []},
        headers={"authorization": f"Bearer {INITIAL}"},
    )
    assert response.status_code == 201, response.text
    client: dict[str, Any] = response.json()
    return client


async def token(served: Served, client: dict[str, Any]) -> httpx.Response:
    credentials = base64.b64encode(f"{client['client_id']}:{client['client_secret']}".encode()).decode()
    return await served.client.post(
        "/token", data={"grant_type": "client_credentials"}, headers={"authorization": f"Basic {credentials}"}
    )


async def test_a_client_is_served_by_every_replica_when_it_is_told(database: Database, sql_url: str) -> None:
    await write(database, TEMPLATE)
    async with serving(sql_url) as one, serving(sql_url) as two:
        for _ in range(5):
            client = await register(one)
            assert (await token(two, client)).status_code == 200, "at once, without another try"
        async with serving(sql_url) as three:
            assert (await token(three, client)).status_code == 200, "a new replica loads it"
        removed = await one.client.delete(
            f"/register/{client['client_id']}",
            headers={"authorization": f"Bearer {client['registration_access_token']}"},
        )
        assert removed.status_code == 204
        for served in (one, two):
            assert (await token(served, client)).json()["error"] == "invalid_client"


async def test_its_tokens_cost_no_statement(database: Database, sql_url: str) -> None:
    await write(database, TEMPLATE)
    async with serving(sql_url) as served:
        client = await register(served)
        await token(served, client)
        mark = len(served.statements.texts)
        assert (await token(served, client)).status_code == 200
        assert served.statements.since(mark) == []


async def test_when_the_template_goes_so_do_its_clients(database: Database, sql_url: str) -> None:
    await write(database, TEMPLATE)
    async with serving(sql_url) as served:
        client = await register(served)
        await write(database, replace(TEMPLATE, spec={**TEMPLATE.spec, "enabled": False}))
        await until(lambda: _refused(served, client))


async def _refused(served: Served, client: dict[str, Any]) -> bool:
    return (await token(served, client)).status_code == 401


async def test_one_that_nobody_uses_is_forgotten_and_one_that_is_used_is_not(database: Database, sql_url: str) -> None:
    await write(database, TEMPLATE)
    async with serving(sql_url) as served:
        used, unused = await register(served), await register(served)
    directory = Directory()
    rows = Registrations(database)
    await Applications(database).load_into(directory)
    for registration in await rows.load_all():
        directory.put_registration(registration)
    now = time.time() + 3590
    kept = ServedRegistrations(rows, directory, clock=lambda: now, metrics=Metrics(), patience=0.1)
    application = directory.application(registration.issuer_id, used["client_id"])
    assert application is not None

    kept.note(application)
    assert await kept.round() == 0
    now += 20
    assert await kept.round() == 1

    assert [each.client_id for each in await rows.load_all()] == [used["client_id"]]
    assert unused["client_id"] != used["client_id"]


async def test_a_replica_that_lags_does_not_keep_a_client_waiting_for_ever(
    database: Database, sql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ServedRegistrations.__init__, "__kwdefaults__", {"patience": 0.3})
    await write(database, TEMPLATE)
    await Replicas(database).heartbeat("stuck", 0)
    async with serving(sql_url) as served:
        assert (await register(served))["client_id"]
