"""Clients that registered themselves: written with a revision, on SQLite and on PostgreSQL."""

import asyncio
from dataclasses import replace

import pytest

from ostiary_state.applications.registration import Registration
from ostiary_state.intent import Kind, Tombstone
from ostiary_state.store.registered_clients import change_id, registered_client
from ostiary_state.store.registrations import Registrations, TooManyRegistrations
from ostiary_state.store.replicas import Replicas
from ostiary_state.store.sweeper import Sweeper
from tests.store.repositories import Repositories
from tests.store.values import ISSUER, NOW, application, digest


def registration(name: str = "dyn_1", **fields: object) -> Registration:
    row = Registration(
        client_id=name,
        issuer_id=ISSUER,
        application_id="shop/web",
        application_incarnation="uid-web-1",
        metadata={"redirect_uris": ["https://a.example.com/"], "grant_types": ["authorization_code"]},
        secret_digest=digest(name),
        access_digest=digest(f"access {name}"),
        created_at=NOW,
        used_at=NOW,
        expires_at=NOW + 3600,
    )
    return replace(row, **fields)  # type: ignore[arg-type]


async def test_a_registration_is_a_change_that_replicas_follow(sql_store: Repositories) -> None:
    rows = Registrations(sql_store.sql)
    before = await sql_store.changes.current()

    value = await rows.add(registration(), 10)

    assert value == before + 1
    following = await sql_store.changes.since(before)
    assert [(change.kind, registered_client(change.id)) for change in following.changes] == [
        (Kind.APPLICATION, "dyn_1")
    ]
    assert await rows.load(["dyn_1", "dyn_2"]) == {"dyn_1": registration(), "dyn_2": None}
    change = change_id("shop/web", "dyn_1")
    missing = "a replica of the release before finds no such application"
    assert await sql_store.applications.load([change]) == {change: None}, missing


async def test_the_last_place_is_given_once(sql_store: Repositories) -> None:
    rows = Registrations(sql_store.sql)

    adds = [rows.add(registration(f"dyn_{n}"), 3) for n in range(8)]
    results = await asyncio.gather(*adds, return_exceptions=True)

    refused = [result for result in results if isinstance(result, TooManyRegistrations)]
    assert len(refused) == 5
    assert len(await rows.load_all()) == 3
    await rows.add(registration("dyn_other", application_id="books/web"), 3)


async def test_it_is_replaced_and_removed_and_neither_where_it_is_gone(sql_store: Repositories) -> None:
    rows = Registrations(sql_store.sql)
    await rows.add(registration(), 10)
    changed = registration(metadata={"redirect_uris": []})

    assert await rows.replace(changed) is not None
    assert (await rows.load(["dyn_1"]))["dyn_1"] == replace(changed, version=2)
    await rows.remove([changed])
    assert await rows.load_all() == []
    current = await sql_store.changes.current()
    assert await rows.replace(changed) is None
    assert await sql_store.changes.current() == current


async def test_one_that_is_used_is_kept_and_others_expire(sql_store: Repositories) -> None:
    rows = Registrations(sql_store.sql)
    await rows.add(registration("dyn_1"), 10)
    await rows.add(registration("dyn_2"), 10)

    await rows.used({"dyn_1": NOW + 9000}, NOW + 3000)

    assert [each.client_id for each in await rows.expired(NOW + 3600, 10)] == ["dyn_2"]
    assert (await rows.load(["dyn_1"]))["dyn_1"] == registration("dyn_1", used_at=NOW + 3000, expires_at=NOW + 9000)


async def test_it_is_served_everywhere_when_the_slowest_live_replica_serves_it(sql_store: Repositories) -> None:
    rows, replicas = Registrations(sql_store.sql), Replicas(sql_store.sql)
    value = await rows.add(registration(), 10)
    assert await rows.served_everywhere(value), "nobody serves anything else"

    await replicas.heartbeat("fast", value)
    await replicas.heartbeat("slow", value - 1)
    assert not await rows.served_everywhere(value)
    await replicas.heartbeat("slow", value)
    assert await rows.served_everywhere(value)


async def test_when_its_template_goes_the_sweeper_takes_it(sql_store: Repositories) -> None:
    rows = Registrations(sql_store.sql)
    await sql_store.intent.write([application()], fence=0, now=NOW)
    await rows.add(registration(), 10)
    await Sweeper(sql_store.sql).sweep(NOW)
    assert len(await rows.load_all()) == 1

    await sql_store.intent.write([Tombstone(Kind.APPLICATION, "shop/web", "uid-web-1")], fence=0, now=NOW)
    await Sweeper(sql_store.sql).sweep(NOW)

    assert await rows.load_all() == []


@pytest.mark.parametrize(("change", "client_id"), [("a/b", None), ("a/b/dyn_1", "dyn_1"), ("issuer", None)])
def test_a_change_names_a_client_or_an_object(change: str, client_id: str | None) -> None:
    assert registered_client(change) == client_id
