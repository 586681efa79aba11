"""One operator holds the Lease, by its own clock, and never longer than it can prove."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from ostiary_operator.lease import DEADLINE, DURATION, RETRY, Lease
from tests.reconciling.fake_cluster import FakeApi, FakeCluster

PATH = "/apis/coordination.k8s.io/v1/namespaces/ostiary-system/leases/operator"
NOW = 1_800_000_000.0


@dataclass
class Time:
    """Passes only when somebody sleeps; `then` happens after each sleep."""

    clock: float = 100.0
    then: list[Callable[[], None]] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.clock += seconds
        if self.then:
            self.then.pop(0)()
        await asyncio.sleep(0)


def _lease(api: FakeApi, time: Time, identity: str) -> Lease:
    sleep: Callable[[float], Awaitable[None]] = time.sleep
    return Lease(
        FakeCluster(api),
        "ostiary-system",
        "operator",
        identity,
        clock=lambda: time.clock,
        now=lambda: NOW + time.clock,
        sleep=sleep,
    )


async def test_the_first_lease_is_created_and_a_deleted_one_does_not_begin_anew() -> None:
    api, time = FakeApi(), Time()
    first = _lease(api, time, "a")
    await first.acquire()
    fence = first.fence
    await first.release()
    second = _lease(api, time, "b")
    await second.acquire()
    assert second.fence == fence + 1
    del api.objects[PATH]
    time.clock += 120
    third = _lease(api, time, "c")
    await third.acquire()
    assert third.fence > second.fence


async def test_anothers_lease_is_taken_only_after_it_has_not_changed_for_its_duration() -> None:
    api, time = FakeApi(), Time()
    await _lease(api, time, "a").acquire()
    seen = time.clock
    second = _lease(api, time, "b")
    await second.acquire()
    assert time.clock - seen >= DURATION
    assert api.objects[PATH]["spec"]["holderIdentity"] == "b"


async def test_a_lease_that_is_renewed_is_not_taken_whatever_the_clocks_say() -> None:
    api, time = FakeApi(), Time()
    first = _lease(api, time, "a")
    await first.acquire()
    second = _lease(api, time, "b")
    attempts = 20
    time.then = [lambda: api.put(PATH, api.objects[PATH]) and None for _ in range(attempts)]
    acquiring = asyncio.create_task(second.acquire())
    while time.then:  # noqa: ASYNC110 - the fake time is what is waited for
        await asyncio.sleep(0)
    assert not acquiring.done()
    assert time.clock > 100 + DURATION
    acquiring.cancel()


async def test_a_released_lease_is_taken_at_once() -> None:
    api, time = FakeApi(), Time()
    first = _lease(api, time, "a")
    await first.acquire()
    await first.release()
    before = time.clock
    await _lease(api, time, "b").acquire()
    assert time.clock == before


async def test_who_cannot_renew_gives_up_before_anybody_else_may_claim() -> None:
    api, time = FakeApi(), Time()
    lease = _lease(api, time, "a")
    await lease.acquire()
    renewed = time.clock
    api.away = True
    await lease.hold()
    assert DEADLINE <= time.clock - renewed <= DEADLINE + RETRY < DURATION


async def test_a_short_outage_is_survived() -> None:
    api, time = FakeApi(), Time()
    lease = _lease(api, time, "a")
    await lease.acquire()
    renewed = time.clock

    def away(value: bool) -> Callable[[], None]:
        return lambda: setattr(api, "away", value)

    # away for three attempts, then back for good until it is taken away for the end of the test
    time.then = [away(True), away(True), away(True), away(False), away(False), away(True)]
    await lease.hold()
    assert time.clock - renewed > DEADLINE + 4 * RETRY


async def test_who_finds_another_holder_stops_at_once() -> None:
    api, time = FakeApi(), Time()
    lease = _lease(api, time, "a")
    await lease.acquire()
    api.objects[PATH]["spec"]["holderIdentity"] = "b"
    api.put(PATH, api.objects[PATH])
    before = time.clock
    await lease.hold()
    assert time.clock - before == RETRY


async def test_two_that_race_for_a_free_lease_do_not_both_get_it() -> None:
    api, time = FakeApi(), Time()
    leases = [_lease(api, time, name) for name in "abcd"]
    racing = [asyncio.create_task(lease.acquire()) for lease in leases]
    await asyncio.wait(racing, return_when=asyncio.FIRST_COMPLETED)
    assert sum(task.done() for task in racing) == 1
    for task in racing:
        task.cancel()
    await asyncio.gather(*racing, return_exceptions=True)


async def test_releasing_what_another_holds_changes_nothing() -> None:
    api, time = FakeApi(), Time()
    await _lease(api, time, "a").acquire()
    before = dict(api.objects[PATH])
    other = _lease(api, time, "b")
    await other.release()
    assert api.objects[PATH] == before


@pytest.mark.parametrize("away", [True, False])
async def test_a_release_that_fails_is_no_error(away: bool) -> None:
    api, time = FakeApi(), Time()
    lease = _lease(api, time, "a")
    await lease.acquire()
    api.away = away
    if not away:
        api.put(PATH, api.objects[PATH])
    await lease.release()
    assert api.objects[PATH]["spec"]["holderIdentity"] == "a"
