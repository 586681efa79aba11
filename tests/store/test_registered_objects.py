"""Registrations and the OAuthApplications that hold them, as the operator writes those: in memory and in SQL."""

from dataclasses import replace

from ostiary_state.intent import Held, Kind, StoredApplication
from ostiary_state.store.registrations import Registrations
from tests.fake_intent import MemoryIntent
from tests.store.repositories import Repositories
from tests.store.test_registrations import registration
from tests.store.values import NOW, application, gone

TEMPLATE = application(spec={"dynamicRegistration": {"maxClients": 10}})
OBJECT = application(
    "shop/web-0123456789", client_id="dyn_1", spec={"registeredBy": "web", "clientID": "dyn_1"}, credentials=()
)
CHANGE = (Kind.APPLICATION, "shop/web/dyn_1")


async def registered(store: Repositories, *names: str) -> None:
    """As the server does."""
    await store.intent.write([TEMPLATE], fence=0, now=NOW)
    for name in names or ("dyn_1",):
        if isinstance(store.intent, MemoryIntent):
            store.intent.database.registrations[name] = registration(name)
        else:
            await Registrations(store.sql).add(registration(name), 10)


async def updated(store: Repositories) -> None:
    if isinstance(store.intent, MemoryIntent):
        rows = store.intent.database.registrations
        rows["dyn_1"] = replace(rows["dyn_1"], version=2, pending=True)
    else:
        await Registrations(store.sql).replace(registration())


async def withdrawn(store: Repositories) -> None:
    if isinstance(store.intent, MemoryIntent):
        rows = store.intent.database.registrations
        rows["dyn_1"] = replace(rows["dyn_1"], deleted_at=NOW, pending=True)
    else:
        await Registrations(store.sql).remove([registration()])


async def pending(store: Repositories) -> list[str]:
    return [each.client_id for each in await store.intent.pending_registrations(10)]


async def write(store: Repositories, *rows: StoredApplication) -> set[tuple[Kind, str]]:
    """What it changed."""
    before = await store.changes.current()
    await store.intent.write(rows, fence=0, now=NOW)
    return {(change.kind, change.id) for change in (await store.changes.since(before)).changes}


async def test_one_is_pending_until_its_object_holds_it(store: Repositories) -> None:
    await registered(store, "dyn_1", "dyn_2")
    assert await pending(store) == ["dyn_1", "dyn_2"]
    assert [each.client_id for each in await store.intent.pending_registrations(1)] == ["dyn_1"]

    changed = await write(store, replace(OBJECT, holds=Held("dyn_1", 1)))

    assert changed >= {CHANGE, (Kind.APPLICATION, OBJECT.id)}, "replicas hear of both"
    assert await pending(store) == ["dyn_2"]
    held = await store.intent.registration("dyn_1")
    assert held == registration(pending=False)
    stored = await store.intent.application(OBJECT.id)
    assert stored is not None
    assert stored.holds is None


async def test_an_update_while_its_object_is_written_stays_pending(store: Repositories) -> None:
    await registered(store)
    await updated(store)
    assert CHANGE not in await write(store, replace(OBJECT, holds=Held("dyn_1", 1)))
    assert await pending(store) == ["dyn_1"]
    assert CHANGE in await write(store, replace(OBJECT, holds=Held("dyn_1", 2)))
    assert await pending(store) == []


async def test_when_its_object_ends_so_does_the_registration(store: Repositories) -> None:
    await registered(store, "dyn_1", "dyn_2")
    await write(store, replace(OBJECT, holds=Held("dyn_1", 1)))
    before = await store.changes.current()

    await store.intent.write([gone(OBJECT)], fence=0, now=NOW + 1)

    assert CHANGE in {(each.kind, each.id) for each in (await store.changes.since(before)).changes}
    assert await store.intent.registration("dyn_1") is None
    assert await store.intent.clients_of(TEMPLATE.id) == ["dyn_2"]


async def test_an_object_that_was_made_again_keeps_the_registration(store: Repositories) -> None:
    await registered(store)
    await write(store, replace(OBJECT, holds=Held("dyn_1", 1)))
    await write(store, replace(OBJECT, incarnation="uid-again"))
    assert await store.intent.registration("dyn_1") is not None


async def test_a_withdrawn_one_waits_for_its_object_to_go_and_is_then_forgotten(store: Repositories) -> None:
    await registered(store)
    await write(store, replace(OBJECT, holds=Held("dyn_1", 1)))
    await store.intent.forget_registration("dyn_1")
    assert await store.intent.registration("dyn_1") is not None, "only of a withdrawn one"

    await withdrawn(store)

    assert await store.intent.registration("dyn_1") is None
    assert await store.intent.clients_of(TEMPLATE.id) == []
    assert await pending(store) == ["dyn_1"]
    await store.intent.forget_registration("dyn_1")
    assert await pending(store) == []


async def test_the_end_of_another_application_ends_no_registration(store: Repositories) -> None:
    await registered(store)
    posing = application("books/web", client_id="dyn_1")
    await write(store, posing)
    await store.intent.write([gone(posing)], fence=0, now=NOW + 1)
    assert await store.intent.registration("dyn_1") is not None
