"""The objects for addresses follow the applications that are stored, whatever the API does meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from ostiary_operator import labelled_watch
from ostiary_operator.addresses import publisher as publishing
from ostiary_operator.addresses.exposure import Exposure, object_name
from ostiary_operator.addresses.publisher import Publisher
from ostiary_operator.objects import Key, ObjectKind
from ostiary_operator.status import StatusWriter, Target
from ostiary_state.intent import StoredApplication
from tests.reconciling.fake_collections import FakeCollections
from tests.reconciling.fakes import Store
from tests.reconciling.test_addresses import INGRESS, LOGIN, ROUTE
from tests.server.polling import running, until

OTHER, OWN = "https://bank.example.com", "https://id.example.com"


@dataclass
class Street:
    """A publisher over an API in memory."""

    cluster: FakeCollections = field(default_factory=FakeCollections)
    store: Store = field(default_factory=Store)
    exposure: Exposure = INGRESS
    own: str | None = OWN

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """As a new process would."""
        self.status = StatusWriter(self.cluster, lambda: 0.0, lambda: None)
        self.publisher = Publisher(self.cluster, self.store, self.status, self.exposure, self.own)

    async def stored(self, name: str, origin: str, *, generation: int = 1) -> Target:
        """An application is stored, the publisher told of it, and what is to be said of it sent."""
        target = Target(Key(ObjectKind.APPLICATION, "shop", name), f"uid-of-{name}", generation)
        metadata = {"namespace": "shop", "name": name, "uid": target.uid, "generation": generation}
        before = self.cluster.objects.get(target.key.path, {})
        self.status.observe(target.key, self.cluster.put(target.key.path, {**before, "metadata": metadata}))
        row = StoredApplication(target.key.id, target.uid, f"shop.{name}", origin, "shop", {})
        self.store.put(row)
        self.publisher.expect(target, origin)
        await self.status.send(target)
        return target

    def gone(self, target: Target) -> None:
        """It was deleted."""
        self.store.database.applications.pop((target.key.id, target.uid))
        self.cluster.objects.pop(target.key.path)
        self.publisher.forget(target.key)
        self.status.forget(target.key)

    def path(self, origin: str) -> str:
        """Where its object is."""
        return f"{self.exposure.collection}/{object_name(origin)}"

    def has(self, *origins: str) -> bool:
        """Whether these, and no others, have objects."""
        return {each["metadata"]["annotations"]["ostiary.dev/address"] for each in self.held()} == set(origins)

    def held(self) -> list[dict[str, Any]]:
        """The objects that there are."""
        return self.cluster.within(self.exposure.collection)

    def told(self, target: Target) -> tuple[str, int] | None:
        """Reason and generation of the condition, as the API has it."""
        status = self.cluster.objects[target.key.path].get("status", {})
        found = (each for each in status.get("conditions", ()) if each["type"] == "AddressReady")
        return next(((each["reason"], each["observedGeneration"]) for each in found), None)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Minutes in milliseconds."""
    for name, value in {"_TOGETHER": 0.01, "_LINGER": 0.05, "_REFUSED": 0.2, "_AGAIN": 0.05}.items():
        monkeypatch.setattr(publishing, name, value)
    monkeypatch.setattr(labelled_watch, "_REFUSED_PAUSES", (0.01, 0.01, 6.0))
    pauses = {6.0: 0.05}
    sleep = labelled_watch.asyncio.sleep

    async def brief(seconds: float) -> None:
        await sleep(pauses.get(seconds, seconds))

    monkeypatch.setattr(labelled_watch.asyncio, "sleep", brief)


@pytest.fixture
async def street() -> AsyncIterator[Street]:
    """A publisher at work."""
    made = Street()
    async with running(made.publisher.run()):
        yield made


async def test_applications_share_the_object_of_their_address(street: Street) -> None:
    first, second = [await street.stored(name, LOGIN) for name in ("one", "two")]
    await until(lambda: street.has(LOGIN) and street.told(first) == street.told(second) == ("Pending", 1))
    street.gone(first)
    assert street.has(LOGIN)
    street.gone(second)
    await until(lambda: street.has())


async def test_a_restart_writes_nothing() -> None:
    street = Street()
    async with running(street.publisher.run()):
        target = await street.stored("web", LOGIN)
        await until(lambda: street.told(target) is not None)
    street.start()
    street.cluster.requests.clear()
    async with running(street.publisher.run()):
        await street.stored("web", LOGIN)
        marker = await street.stored("marker", OTHER)
        await until(lambda: street.told(marker) is not None)
    assert {path for _, path in street.cluster.requests} == {street.path(OTHER), f"{marker.key.path}/status"}


async def test_a_new_application_costs_one_write_of_status(street: Street) -> None:
    await street.publisher._watch.listed()
    target = await street.stored("web", LOGIN)
    await until(lambda: street.has(LOGIN))
    marker = await street.stored("marker", OTHER)
    await until(lambda: street.has(LOGIN, OTHER) and street.told(marker) is not None)
    assert street.cluster.requests.count(("PATCH", f"{target.key.path}/status")) == 1


async def test_what_the_settings_no_longer_say_is_taken_away() -> None:
    street = Street()
    async with running(street.publisher.run()):
        await street.stored("web", LOGIN)
        await until(lambda: street.has(LOGIN))
    street.exposure = replace(INGRESS, tls=False, annotations={}, ingress_class="")
    street.start()
    async with running(street.publisher.run()):
        await street.stored("web", LOGIN)
        await until(lambda: street.held()[0]["spec"].keys() == {"rules"})
        assert "cert-manager.io/cluster-issuer" not in street.held()[0]["metadata"]["annotations"]


async def test_what_was_left_while_no_operator_ran_is_removed(street: Street) -> None:
    street.cluster.put(street.path(OTHER), INGRESS.body(OTHER))
    await until(lambda: street.has())


async def test_what_was_left_is_removed_even_where_the_first_list_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labelled_watch, "_PATIENCE", 0.01)
    street = Street()
    street.cluster.put(street.path(OTHER), INGRESS.body(OTHER))
    street.cluster.away = lambda *_: True
    async with running(street.publisher.run()):
        await until(lambda: not street.publisher._watch.is_listed)
        await labelled_watch.asyncio.sleep(0.1)
        street.cluster.away = lambda *_: False
        await until(lambda: street.has())


async def test_the_object_of_what_became_the_default_issuer_goes() -> None:
    street = Street(own=LOGIN)
    street.cluster.put(street.path(LOGIN), INGRESS.body(LOGIN))
    async with running(street.publisher.run()):
        target = await street.stored("web", LOGIN)
        await until(lambda: street.has())
        assert street.told(target) is None


async def test_a_deletion_that_met_no_api_is_made_up_for(street: Street) -> None:
    target = await street.stored("web", LOGIN)
    await until(lambda: street.has(LOGIN))
    street.cluster.away = lambda method, _: method == "DELETE"
    street.gone(target)
    await until(lambda: ("DELETE", street.path(LOGIN)) in street.cluster.requests)
    street.cluster.away = lambda *_: False
    await until(lambda: street.has(), within=3)


async def test_a_deletion_that_was_refused_is_tried_again_later(street: Street) -> None:
    target = await street.stored("web", LOGIN)
    await until(lambda: street.has(LOGIN))
    street.cluster.refuses = lambda method, _: 403 if method == "DELETE" else None
    street.gone(target)
    await until(lambda: ("DELETE", street.path(LOGIN)) in street.cluster.requests)
    street.cluster.refuses = lambda *_: None
    await until(lambda: street.has(), within=3)


async def test_a_status_that_met_no_api_is_made_up_for(street: Street) -> None:
    target = await street.stored("web", LOGIN)
    await until(lambda: street.has(LOGIN) and street.told(target) == ("Pending", 1))
    street.cluster.away = lambda _, path: path.endswith("/status")
    street.cluster.requests.clear()
    body = street.cluster.objects[street.path(LOGIN)]
    street.cluster.put(street.path(LOGIN), {**body, "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}})
    await until(lambda: bool(street.cluster.requests))
    street.cluster.away = lambda *_: False
    await until(lambda: street.told(target) == ("Published", 1), within=3)


async def test_an_application_that_goes_while_others_are_told_ends_nothing(street: Street) -> None:
    targets = [await street.stored(f"web-{number}", LOGIN) for number in range(3)]
    await until(lambda: street.has(LOGIN) and all(street.told(each) is not None for each in targets))
    apply = street.cluster.apply

    async def slow(path: str, body: Any, *, manager: str) -> Any:
        if path.endswith("/status"):
            for each in targets[1:]:
                street.publisher.forget(each.key)
        return await apply(path, body, manager=manager)

    street.cluster.apply = slow  # type: ignore[method-assign]
    body = street.cluster.objects[street.path(LOGIN)]
    street.cluster.put(street.path(LOGIN), {**body, "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}})
    await until(lambda: any(street.told(each) == ("Published", 1) for each in targets))
    await labelled_watch.asyncio.sleep(0.1)


async def test_one_refused_address_is_told_of_alone_and_tried_again(street: Street) -> None:
    street.cluster.refuses = lambda method, path: 400 if (method, path) == ("PATCH", street.path(LOGIN)) else None
    refused = await street.stored("refused", LOGIN)
    await until(lambda: street.told(refused) == ("Forbidden", 1))
    good = await street.stored("good", OTHER)
    await until(lambda: street.told(good) == ("Pending", 1))
    await labelled_watch.asyncio.sleep(0.05)
    assert street.told(refused) == ("Forbidden", 1)
    street.cluster.refuses = lambda *_: None
    await until(lambda: street.has(LOGIN, OTHER) and street.told(refused) == ("Pending", 1), within=3)


async def test_each_generation_and_each_application_is_told_while_the_kind_is_missing() -> None:
    street = Street(exposure=ROUTE)
    street.cluster.refuses = lambda _, path: 404 if path.startswith(ROUTE.collection) else None
    async with running(street.publisher.run()):
        first = await street.stored("one", LOGIN)
        await until(lambda: street.told(first) == ("NoGatewayAPI", 1))
        for target in (await street.stored("one", LOGIN, generation=2), await street.stored("two", LOGIN)):
            assert street.told(target) == ("NoGatewayAPI", target.generation)
        street.cluster.refuses = lambda *_: None
        await until(lambda: street.has(LOGIN) and street.told(first) == ("Pending", 2), within=3)


async def test_the_address_of_an_orphaned_application_is_kept_and_repaired(street: Street) -> None:
    target = await street.stored("web", LOGIN)
    await until(lambda: street.has(LOGIN))
    row = street.store.rows[target.key.id]
    street.store.put(replace(row, owned=False))
    street.publisher.forget(target.key)
    await labelled_watch.asyncio.sleep(0.2)
    assert street.has(LOGIN)
    street.cluster.remove(street.path(LOGIN))
    await until(lambda: street.has(LOGIN), within=3)


async def test_a_refused_deletion_says_nothing_of_an_application_that_comes_back(street: Street) -> None:
    target = await street.stored("web", LOGIN)
    await until(lambda: street.has(LOGIN))
    street.cluster.refuses = lambda method, _: 403 if method == "DELETE" else None
    street.gone(target)
    await until(lambda: ("DELETE", street.path(LOGIN)) in street.cluster.requests)
    again = await street.stored("web", LOGIN)
    await until(lambda: street.told(again) == ("Pending", 1))


async def test_an_address_that_only_the_store_knows_is_kept_without_asking_again_and_again(street: Street) -> None:
    asked = 0
    applications = Store.applications

    class Counting(Store):
        async def applications(self) -> Any:
            nonlocal asked
            asked += 1
            return await applications(self)

    street.publisher._store = Counting(street.store.database)
    row = StoredApplication("elsewhere/web", "uid", "elsewhere.web", OTHER, "elsewhere", {})
    street.store.put(row)
    street.cluster.put(street.path(OTHER), INGRESS.body(OTHER))
    await until(lambda: asked > 0)
    await labelled_watch.asyncio.sleep(0.5)
    assert street.has(OTHER)
    assert asked <= 2
