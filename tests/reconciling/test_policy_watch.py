"""Policies and labels of namespaces as they are followed: what is known, whom a change concerns, what is reported."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from ostiary_operator import labelled_watch
from ostiary_operator.objects import Key, ObjectKind, Objects
from ostiary_operator.policies import reevaluation, reporting
from ostiary_operator.policies.census import Census
from ostiary_operator.policies.deadlines import Deadlines
from ostiary_operator.policies.held import NAMESPACES, POLICIES
from ostiary_operator.policies.notices import policy_notices
from ostiary_operator.policies.reevaluation import Reevaluation
from ostiary_operator.policies.reporting import PolicyReporter
from ostiary_operator.policies.watching import EVERYWHERE, PolicyWatch
from ostiary_operator.reconcile.conditions import Reason, Type
from ostiary_operator.reconcile.outcome import Condition, Outcome, Truth
from ostiary_operator.reconcile.policing import PoliciesUnknown, PoliciesUnusable
from ostiary_operator.worklist import Job, Worklist
from tests.reconciling.fake_collections import FakeCollections
from tests.reconciling.fakes import application
from tests.server.polling import running, until

GOLD = {"matchLabels": {"tier": "gold"}}


class Gauge:
    """Nobody looks at it."""

    def depth(self, entries: int) -> None: ...
    def started(self, waited: float) -> None: ...


@dataclass
class Office:
    """A watch over an API in memory, which has two namespaces."""

    cluster: FakeCollections = field(default_factory=FakeCollections)
    concerned: list[str | None] = field(default_factory=list)
    time: float = 0.0

    def __post_init__(self) -> None:
        self.namespace("shop", tier="gold")
        self.namespace("bank")
        self.start()

    def start(self) -> None:
        """As a new process would."""
        self.census = Census(Objects(self.cluster), lambda: self.time)
        self.reporter = PolicyReporter(self.cluster, lambda: 0.0)
        self.watch = PolicyWatch(self.cluster, self.census, self.concerned.append, self.reporter.changed, lambda: None)

    async def open(self) -> None:
        """Follow, until both lists are there and both watches are on."""
        self.watch.start()
        await self.watch.known()
        await until(lambda: len(self.cluster._watchers) >= 2)

    def namespace(self, name: str, **labels: str) -> None:
        self.cluster.put(f"{NAMESPACES}/{name}", {"metadata": {"name": name, "labels": labels}})

    def policy(self, name: str, selector: dict[str, Any], **spec: Any) -> None:
        path = f"{POLICIES}/{name}"
        before = self.cluster.objects.get(path, {})
        metadata = {"name": name, "generation": 1}
        spec = {"namespaceSelector": selector, **spec}
        self.cluster.put(path, {"status": before.get("status", {}), "metadata": metadata, "spec": spec})

    def application(self, name: str, created: str, **spec: Any) -> str:
        """Its uid."""
        metadata = {"namespace": "shop", "name": name, "creationTimestamp": created}
        path = Key(ObjectKind.APPLICATION, "shop", name).path
        return str(self.cluster.put(path, {"metadata": metadata, "spec": spec})["metadata"]["uid"])

    async def selecting(self, namespace: str) -> str | None:
        bounds = await self.watch.bounds(application(namespace=namespace))
        return None if bounds is None else bounds.names


@pytest.fixture
async def office(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    """Closed, in a hurry."""
    monkeypatch.setattr(labelled_watch, "_REFUSED_PAUSES", (0.02, 10.0))
    monkeypatch.setattr(reporting, "_TOGETHER", 0.01)
    monkeypatch.setattr(reevaluation, "_TOGETHER", 0.01)
    office = Office()
    yield office
    office.watch.stop()


async def test_nothing_is_known_before_both_lists_are_there(office: Office) -> None:
    office.cluster.away = lambda _, path: path == NAMESPACES
    office.watch.start()
    await until(lambda: office.watch.policies.is_listed)
    with pytest.raises(PoliciesUnknown):
        await office.selecting("shop")
    office.cluster.away = lambda *_: False
    await office.watch.known()
    assert await office.selecting("shop") is None


async def test_an_object_waits_for_the_labels_of_a_namespace_that_was_just_made(office: Office) -> None:
    office.policy("base", {})
    await office.open()
    with pytest.raises(PoliciesUnknown, match="new"):
        await office.selecting("new")
    office.namespace("new")
    await until(lambda: "new" in office.watch.namespaces.held)
    assert await office.selecting("new") == "base"


async def test_where_policies_may_not_be_listed_somebody_is_told_how_to_allow_it(office: Office) -> None:
    office.cluster.refuses = lambda _, path: 403 if path == POLICIES else None
    office.watch.start()
    await until(lambda: office.watch.policies.refusal is not None)
    with pytest.raises(
        PoliciesUnusable, match="may not list OAuthApplicationPolicies: allow it, or set OSTIARY_POLICIES"
    ):
        await office.selecting("shop")


async def test_what_went_while_policies_could_not_be_listed_concerns_everybody(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labelled_watch, "_REFUSED_PAUSES", (0.02, 0.02))
    monkeypatch.setattr(labelled_watch, "_BROKEN_PAUSES", (0.01,))
    office.policy("base", GOLD)
    await office.open()
    assert office.concerned == []
    monkeypatch.setattr(office.cluster, "refuses", lambda _, path: 403 if path == POLICIES else None)
    office.cluster._watchers[0][1].put_nowait({"type": "ERROR", "object": {}})
    office.cluster._watchers[1][1].put_nowait({"type": "ERROR", "object": {}})
    await until(lambda: office.watch.policies.refusal is not None)
    office.cluster.remove(f"{POLICIES}/base")
    office.cluster.refuses = lambda *_: None
    await until(lambda: office.concerned == [EVERYWHERE])
    assert await office.selecting("shop") is None


async def test_a_policy_that_is_not_understood_lets_nothing_be_decided(office: Office) -> None:
    office.policy("newer", GOLD, requireDPoP=True)
    await office.open()
    with pytest.raises(PoliciesUnusable, match=r"policy newer is not understood: spec\.requireDPoP: there is no such"):
        await office.selecting("bank")


async def test_each_policy_that_selects_a_namespace_counts_and_no_other(office: Office) -> None:
    office.policy("z", {})
    office.policy("a", GOLD)
    await office.open()
    assert await office.selecting("shop") == "a, z"
    assert await office.selecting("bank") == "z"


async def test_the_first_and_the_last_policy_concern_everybody_and_others_whom_they_select(office: Office) -> None:
    await office.open()
    office.policy("first", GOLD)
    await until(lambda: office.concerned == [EVERYWHERE])
    office.policy("second", GOLD)
    await until(lambda: office.concerned[1:] == ["shop"])
    office.policy("second", GOLD, requirePKCE=True)
    await until(lambda: office.concerned[2:] == ["shop"])
    office.policy("second", {"matchLabels": {"tier": "none"}})
    await until(lambda: office.concerned[3:] == ["shop"])
    office.cluster.remove(f"{POLICIES}/second")
    office.cluster.remove(f"{POLICIES}/first")
    await until(lambda: office.concerned[4:] == [EVERYWHERE])


async def test_a_policy_that_begins_to_speak_of_users_concerns_everybody(office: Office) -> None:
    office.policy("base", GOLD)
    await office.open()
    office.policy("base", GOLD, users={})
    await until(lambda: office.concerned == [EVERYWHERE])


async def test_a_label_that_decides_nothing_concerns_nobody(office: Office) -> None:
    office.policy("base", GOLD)
    await office.open()
    office.namespace("bank", team="a")
    office.namespace("bank", team="a", tier="gold")
    await until(lambda: office.concerned == ["bank"])
    assert await office.selecting("bank") == "base"


async def test_labels_concern_nobody_without_a_policy(office: Office) -> None:
    await office.open()
    office.namespace("bank", tier="gold")
    await until(lambda: office.watch.namespaces.held["bank"].labels == {"tier": "gold"})
    assert office.concerned == []


async def test_a_restart_over_unchanged_policies_writes_nothing(office: Office) -> None:
    office.policy("base", GOLD)
    async with running(office.reporter.run(office.watch)):
        await office.open()
        await until(lambda: office.cluster.objects[f"{POLICIES}/base"].get("status", {}) != {})
        status = office.cluster.objects[f"{POLICIES}/base"]["status"]
        assert (status["observedGeneration"], status["selectedNamespaces"]) == (1, 1)
        assert [(each["type"], each["status"]) for each in status["conditions"]] == [("Accepted", "True")]
        office.namespace("bank", tier="gold")
        await until(lambda: office.cluster.objects[f"{POLICIES}/base"]["status"]["selectedNamespaces"] == 2)
    office.watch.stop()
    written = len(office.cluster.requests)
    office.start()
    async with running(office.reporter.run(office.watch)):
        await office.open()
        await until(lambda: not office.reporter._wake.is_set())
        assert len(office.cluster.requests) == written


async def test_a_policy_that_is_not_understood_says_so(office: Office) -> None:
    office.policy("newer", GOLD, requireDPoP=True)
    async with running(office.reporter.run(office.watch)):
        await office.open()
        await until(lambda: office.cluster.objects[f"{POLICIES}/newer"].get("status", {}) != {})
    (condition,) = office.cluster.objects[f"{POLICIES}/newer"]["status"]["conditions"]
    assert (condition["status"], condition["reason"]) == ("False", "InvalidSpec")


async def test_the_oldest_come_first_and_registered_clients_do_not_count(office: Office) -> None:
    second = office.application("b", "2026-01-02T00:00:00Z")
    first = office.application("z", "2026-01-01T00:00:00Z")
    office.application("registered", "2025-01-01T00:00:00Z", registeredBy="z")
    same = office.application("c", "2026-01-02T00:00:00Z")
    assert [await office.census.place("shop", uid, 9) for uid in (first, second, same)] == [0, 1, 2]
    third = office.application("d", "2026-01-03T00:00:00Z")
    assert await office.census.place("shop", third, 9) == 3
    office.cluster.remove(Key(ObjectKind.APPLICATION, "shop", "z").path)
    office.census.forget("shop")
    assert await office.census.place("shop", third, 9) == 2


async def test_a_flood_of_objects_beyond_a_quota_costs_one_list(office: Office) -> None:
    lists: list[str] = []

    def note(method: str, path: str) -> None:
        if method == "GET":
            lists.append(path)

    first = office.application("a", "2026-01-01T00:00:00Z")
    office.cluster.refuses = note
    assert await office.census.place("shop", first, 1) == 0
    for name in "bcd":
        newer = office.application(name, "2026-01-02T00:00:00Z")
        assert await office.census.place("shop", newer, 1) >= 1
    assert len(lists) == 1


async def test_a_namespace_is_counted_where_a_policy_has_a_quota_and_nowhere_else(office: Office) -> None:
    office.policy("base", {})
    office.policy("few", GOLD, maxApplications=1)
    await office.open()
    assert office.watch.has_quota("shop")
    assert not office.watch.has_quota("bank")


@pytest.mark.parametrize(("told", "found"), [(None, {"shop", "bank"}), ("shop", {"shop"}), ("nowhere", set())])
async def test_whatever_a_change_concerns_is_looked_at_again(office: Office, told: str | None, found: set[str]) -> None:
    for namespace in ("shop", "bank"):
        for kind in ObjectKind:
            key = Key(kind, namespace, "web")
            office.cluster.put(key.path, {"metadata": {"namespace": namespace, "name": "web"}, "spec": {}})
    seen: set[Key] = set()

    async def work(key: Key, job: Job) -> bool:
        assert job.quiet
        seen.add(key)
        return True

    worklist = Worklist(work, Gauge(), lambda: 0.0, parallelism=4)
    again = Reevaluation(Objects(office.cluster), worklist, frozenset())
    async with running(again.run()):
        again.concerns(told)
        await until(lambda: not again._wake.is_set() and not again._due)
        await until(lambda: {key.namespace for key in seen} == found and len(seen) == 2 * len(found))
    await worklist.stop()


async def test_an_object_is_looked_at_when_its_time_has_come(office: Office) -> None:
    rung: list[Key] = []
    key, other = Key(ObjectKind.APPLICATION, "shop", "web"), Key(ObjectKind.USER, "shop", "ada")
    deadlines = Deadlines(rung.append, lambda: office.time)
    deadlines.expect(key, 0.02)
    deadlines.expect(other, 0.02)
    deadlines.expect(other, None)
    await until(lambda: rung == [key])
    deadlines.expect(key, -1.0)
    deadlines.stop()
    assert rung == [key]


def test_events_tell_of_a_refusal_once_and_of_its_end() -> None:
    refused = Condition(Type.POLICY_ALLOWED, Truth.FALSE, Reason.NOT_SELECTED, "no policy")
    allowed = Condition(Type.POLICY_ALLOWED, Truth.TRUE, Reason.ALLOWED, "by base")
    before = {"status": "False", "message": "no policy"}
    (notice,) = policy_notices(None, Outcome(1, (refused,)))
    assert (notice.reason, notice.warning) == ("PolicyRefused", True)
    assert policy_notices(before, Outcome(1, (refused,))) == ()
    assert [each.reason for each in policy_notices(before, Outcome(1, (allowed,)))] == ["PolicyAllowed"]
    assert [each.reason for each in policy_notices(before, Outcome(1))] == ["PolicyAllowed"]
    assert policy_notices(None, Outcome(1, (allowed,))) == ()
