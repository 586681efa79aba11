"""Status as the API has it after each report: whole, by two owners, and never written twice."""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from ostiary_operator import serving as serving_module
from ostiary_operator.events import EventPoster
from ostiary_operator.metrics import Metrics
from ostiary_operator.objects import Key, ObjectKind, Objects
from ostiary_operator.operation import Operation, Reconcilers
from ostiary_operator.reconcile.declared import DeclaredApplication
from ostiary_operator.serving import ServingFollower
from ostiary_operator.status import StatusWriter, Target
from ostiary_state.errors import StoreUnavailable
from ostiary_state.intent import ServedRevision
from tests.reconciling.fake_cluster import FakeApi, FakeCluster
from tests.reconciling.fakes import World, application
from tests.server.polling import running

WEB = Key(ObjectKind.APPLICATION, "shop", "web")
PUBLIC = {"type": "Public", "callbackURLs": ["https://shop.example.com/callback"]}


@dataclass
class Desk:
    """One operator over a fake API and a store in memory, at a clock of its own."""

    world: World = field(default_factory=World)
    api: FakeApi = field(default_factory=FakeApi)
    time: float = 1_800_000_000.0
    measured: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """As a new process would."""
        cluster = FakeCluster(self.api)
        metrics = Metrics()
        self.status = StatusWriter(cluster, lambda: self.time, lambda: None)
        self.serving = ServingFollower(
            self.world.store, self.status, lambda: self.time, lambda _, seconds: self.measured.append(seconds)
        )
        self.events = EventPoster(cluster, lambda: self.time, lambda: None, lambda: False)
        self.operation = Operation(
            Objects(cluster), self.status, self.serving, self.events, metrics, lambda: self.time, parallelism=4
        )
        reconcilers = Reconcilers(self.world.applications, self.world.users, self.world.vanished)
        self.operation.begin(reconcilers, lambda _: None)

    def object(self, declared: DeclaredApplication) -> dict[str, Any]:
        """The object in the API, changed to say this."""
        before = self.api.objects.get(WEB.path, {})
        metadata = {"namespace": "shop", "name": "web", "uid": declared.uid, "generation": declared.generation}
        body = {**before, "metadata": metadata, "spec": dict(declared.spec)}
        if before and before["metadata"]["uid"] != declared.uid:
            body = {"metadata": metadata, "spec": dict(declared.spec)}
        return self.api.put(WEB.path, body)

    async def seen(self, declared: DeclaredApplication) -> None:
        """kopf saw it, and the worklist has come to an end of it."""
        self.operation.changed(ObjectKind.APPLICATION, self.object(declared))
        await self.operation.worklist.finished(WEB)

    async def look(self) -> None:
        """One look at what the replicas serve."""
        await self.serving._look()

    def replicas(self, applied: int | None) -> None:
        """All of them have applied this revision; None: there is none."""
        self.world.store.database.replicas = {} if applied is None else {"a": applied, "b": applied + 1}

    def conditions(self) -> dict[str, tuple[str, str]]:
        status = self.api.objects[WEB.path].get("status", {})
        return {each["type"]: (each["status"], each["reason"]) for each in status.get("conditions", ())}

    def times(self) -> dict[str, str]:
        conditions = self.api.objects[WEB.path]["status"]["conditions"]
        return {each["type"]: each["lastTransitionTime"] for each in conditions}


@pytest.fixture
def desk() -> Desk:
    """Without a replica."""
    return Desk()


async def test_ready_comes_only_when_every_live_replica_serves_the_revision(desk: Desk) -> None:
    await desk.seen(application(PUBLIC))
    assert "Ready" not in desk.conditions()
    desk.replicas(0)
    desk.time += 0.5
    await desk.look()
    assert "Ready" not in desk.conditions()
    desk.replicas(1)
    await desk.look()
    assert desk.conditions()["Serving"] == ("True", "Served")
    assert desk.conditions()["Ready"] == ("True", "Ready")
    assert desk.measured == [0.5]


async def test_what_waits_longer_than_a_second_says_so_once(desk: Desk) -> None:
    await desk.seen(application(PUBLIC))
    desk.replicas(0)
    desk.time += 2
    await desk.look()
    assert desk.conditions()["Ready"] == ("False", "WaitingForReplicas")
    writes = len(desk.api.requests)
    desk.time += 2
    await desk.look()
    assert len(desk.api.requests) == writes


async def test_serving_does_not_fall_when_a_replica_starts_behind(desk: Desk) -> None:
    await desk.seen(application(PUBLIC))
    desk.replicas(1)
    await desk.look()
    desk.start()
    await desk.seen(application(PUBLIC))
    desk.replicas(0)
    desk.time += 10
    await desk.look()
    assert desk.conditions()["Ready"] == ("True", "Ready")


async def test_no_live_replica_is_said_after_half_a_minute_and_taken_back_when_one_lives(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving_module, "_SWEEP", 1e6)
    await desk.seen(application(PUBLIC))
    desk.replicas(1)
    await desk.look()
    desk.replicas(None)
    await desk.look()
    desk.time += 29
    await desk.look()
    assert desk.conditions()["Ready"] == ("True", "Ready")
    desk.time += 2
    await desk.look()
    assert desk.conditions()["Serving"] == ("Unknown", "NoReplica")
    assert desk.conditions()["Ready"] == ("Unknown", "NoReplica")
    desk.replicas(1)
    await desk.look()
    assert desk.conditions()["Ready"] == ("True", "Ready")


async def test_a_failed_write_is_never_ready(desk: Desk) -> None:
    await desk.seen(application(PUBLIC))
    desk.replicas(1)
    await desk.look()
    desk.world.store.database.away = True
    changed = application({**PUBLIC, "displayName": "Shop"}, generation=2)
    desk.operation.changed(ObjectKind.APPLICATION, desk.object(changed))
    await _until(lambda: desk.conditions()["Ready"] == ("False", "DatabaseUnavailable"))
    assert desk.conditions()["Synced"] == ("False", "DatabaseUnavailable")
    assert desk.conditions()["Accepted"] == ("True", "Accepted")
    assert desk.api.objects[WEB.path]["status"]["observedGeneration"] == 1
    desk.world.store.database.away = False
    await desk.operation.worklist.finished(WEB)
    desk.replicas(2)
    await desk.look()
    assert desk.conditions()["Ready"] == ("True", "Ready")


async def test_a_database_that_is_away_at_a_restart_changes_no_status(desk: Desk) -> None:
    await desk.seen(application(PUBLIC))
    desk.replicas(1)
    await desk.look()
    desk.start()
    desk.world.store.database.away = True
    writes = len(desk.api.requests)
    desk.operation.changed(ObjectKind.APPLICATION, desk.object(application(PUBLIC)))
    await asyncio.sleep(0.05)
    assert len(desk.api.requests) == writes
    await desk.operation.worklist.stop()


async def test_a_restart_with_an_unchanged_object_writes_nothing(desk: Desk) -> None:
    await desk.seen(application(PUBLIC))
    desk.replicas(1)
    await desk.look()
    desk.start()
    writes, batches = len(desk.api.requests), len(desk.world.store.batches)
    desk.time += 3600
    await desk.seen(application(PUBLIC))
    await desk.look()
    assert (len(desk.api.requests), len(desk.world.store.batches)) == (writes, batches)


async def test_a_condition_keeps_its_time_while_its_status_stays(desk: Desk) -> None:
    await desk.seen(application(PUBLIC))
    desk.replicas(1)
    await desk.look()
    before = desk.times()
    desk.time += 60
    await desk.seen(application({**PUBLIC, "callbackURLs": ["ftp://x"]}, generation=2))
    await desk.look()
    after = desk.times()
    assert after["Accepted"] != before["Accepted"]
    assert after["Ready"] != before["Ready"]
    assert after["Serving"] == before["Serving"]
    assert desk.conditions()["Serving"] == ("True", "Served")
    assert desk.conditions()["Ready"] == ("False", "InvalidSpec")


async def test_what_is_served_at_once_costs_one_write(desk: Desk) -> None:
    desk.replicas(1)
    await desk.seen(application(PUBLIC))
    await desk.look()
    assert [method for method, _ in desk.api.requests].count("PATCH") == 1
    assert set(desk.conditions()) == {"Accepted", "Synced", "SecretReady", "Serving", "Ready"}


async def test_what_is_served_later_is_reported_as_decided_first(desk: Desk) -> None:
    desk.replicas(0)
    await desk.seen(application(PUBLIC))
    await desk.look()
    assert desk.conditions() == {}
    desk.time += 0.5
    await desk.look()
    assert set(desk.conditions()) == {"Accepted", "Synced", "SecretReady"}


async def test_an_event_in_between_does_not_lose_what_is_on_its_way(desk: Desk) -> None:
    await desk.seen(application(PUBLIC))
    await desk.seen(application(PUBLIC))
    desk.replicas(1)
    await desk.look()
    assert set(desk.conditions()) == {"Accepted", "Synced", "SecretReady", "Serving", "Ready"}


async def test_each_half_leaves_the_other_alone(desk: Desk) -> None:
    await desk.seen(application(PUBLIC))
    desk.replicas(1)
    await desk.look()
    await desk.seen(application({**PUBLIC, "displayName": "Shop"}, generation=2))
    assert set(desk.conditions()) == {"Accepted", "Synced", "SecretReady", "Serving", "Ready"}


async def test_a_report_on_another_incarnation_is_dropped(desk: Desk) -> None:
    desk.object(application(PUBLIC, uid="new"))
    before = dict(desk.api.objects[WEB.path])
    outcome = await desk.world.applications.reconcile(application(PUBLIC, uid="old"))
    desk.status.decided(Target(WEB, "old", 1), outcome)
    await desk.status.send(Target(WEB, "old", 1))
    assert desk.api.objects[WEB.path] == before


async def test_deletion_waits_for_the_database(desk: Desk) -> None:
    await desk.seen(application(PUBLIC))
    desk.world.store.database.away = True
    body = desk.object(application(PUBLIC))
    body["metadata"]["deletionTimestamp"] = "2027-01-01T00:00:00Z"
    deleting = asyncio.create_task(desk.operation.deleted(ObjectKind.APPLICATION, body))
    await asyncio.sleep(0.02)
    assert not deleting.done()
    desk.world.store.database.away = False
    await asyncio.wait_for(deleting, 5)
    assert desk.world.store.rows == {}


async def test_a_newer_operator_ends_this_one(desk: Desk) -> None:
    desk.world.store.database.fence = 99
    desk.operation.changed(ObjectKind.APPLICATION, desk.object(application(PUBLIC)))
    await asyncio.wait_for(desk.operation.superseded.wait(), 5)
    await desk.operation.worklist.stop()
    assert desk.world.store.rows == {}


async def test_events_tell_what_changed_once(desk: Desk) -> None:
    posting = asyncio.create_task(desk.events.run())
    await desk.seen(application())
    await desk.seen(application())
    await desk.seen(application({"callbackURLs": ["ftp://x"]}, generation=2))
    await desk.seen(application({"callbackURLs": ["ftp://x"]}, generation=2))
    await _until(lambda: len(_events(desk.api)) >= 2)
    posting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await posting
    assert [each["reason"] for each in _events(desk.api)] == ["Accepted", "Rejected"]
    secret = desk.world.secrets.held["shop", "web-oauth"].data["client-secret"].decode()
    assert secret not in str(desk.api.objects)


def _events(api: FakeApi) -> list[dict[str, Any]]:
    return [body for path, body in api.objects.items() if "/events/" in path]


async def _until(true: Any) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - what is waited for is in a fake API
            await asyncio.sleep(0.01)


async def test_who_waits_for_the_database_is_told_once_when_it_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ostiary_operator.serving._IDLE", 0.01)
    told, looks = asyncio.Event(), iter([False, True, False, False])
    back: list[None] = []

    class Absent:
        async def served(self) -> ServedRevision:
            if next(looks, False):
                raise StoreUnavailable("away")
            if back:
                told.set()
            return ServedRevision(minimum=None, replicas=0, ages={})

    follower = ServingFollower(
        Absent(), Desk().status, time.monotonic, lambda *_: None, store_is_back=lambda: back.append(None)
    )
    async with running(follower.run()):
        await asyncio.wait_for(told.wait(), 5.0)
    assert len(back) == 1


async def test_an_address_is_made_reachable_only_once_something_is_stored_there(desk: Desk) -> None:
    told: list[str | None] = []

    class Recorder:
        def expect(self, _: Target, origin: str | None) -> None:
            told.append(origin)

        def forget(self, _: Key) -> None:
            """Not of interest."""

    reconcilers = Reconcilers(desk.world.applications, desk.world.users, desk.world.vanished)
    desk.operation.begin(reconcilers, lambda _: None, Recorder())
    address = {"authenticationAddress": "https://shop.example.com", "callbackURLs": ["https://shop.example.com/cb"]}
    await desk.seen(application({**address, "secret": {"name": "mine", "mode": "Require"}}))
    desk.world.secrets.put("mine", {"client-secret": b"chosen-by-somebody-who-has-time"})
    await desk.seen(application({**address, "secret": {"name": "mine", "mode": "Require"}}, generation=2))
    await desk.seen(application({**address, "callbackURLs": ["nonsense"]}, generation=3))
    assert told == [None, "https://shop.example.com", "https://shop.example.com"]
