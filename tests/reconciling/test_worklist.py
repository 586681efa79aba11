"""One entry an object, tried again until it is done, and whatever comes in meanwhile is not lost."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from ostiary_operator.objects import Key, ObjectKind
from ostiary_operator.worklist import Job, Worklist
from tests.reconciling.fakes import application
from tests.server.polling import until

WEB = Key(ObjectKind.APPLICATION, "shop", "web")


@dataclass
class Seen:
    """A Gauge."""

    depths: list[int] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def depth(self, entries: int) -> None:
        self.depths.append(entries)

    def started(self, waited: float) -> None:
        self.waits.append(waited)


def _worklist(
    work: Callable[[Key, Job], Awaitable[bool]], *, parallelism: int = 4, seen: Seen | None = None
) -> Worklist:
    return Worklist(work, seen or Seen(), time.monotonic, parallelism=parallelism)


async def test_an_object_is_worked_on_once_and_leaves_the_list() -> None:
    jobs: list[Job] = []

    async def work(_: Key, job: Job) -> bool:
        jobs.append(job)
        return True

    seen = Seen()
    worklist = _worklist(work, seen=seen)
    worklist.add(WEB, application())
    await worklist.finished(WEB)
    assert (len(jobs), len(worklist), seen.depths[-1], len(seen.waits)) == (1, 0, 0, 1)


async def test_a_failure_is_tried_again() -> None:
    attempts = 0

    async def work(_: Key, __: Job) -> bool:
        nonlocal attempts
        attempts += 1
        return attempts == 3

    worklist = _worklist(work)
    worklist.add(WEB, application())
    await worklist.finished(WEB)
    assert attempts == 3


async def test_what_comes_in_while_it_is_worked_on_is_worked_on_after() -> None:
    generations: list[int] = []
    entered, go = asyncio.Event(), asyncio.Event()

    async def work(_: Key, job: Job) -> bool:
        assert job.declared is not None
        generations.append(job.declared.generation)
        entered.set()
        await go.wait()
        return True

    worklist = _worklist(work)
    worklist.add(WEB, application(generation=1))
    await entered.wait()
    worklist.add(WEB, application(generation=2))
    worklist.add(WEB, application(generation=3))
    go.set()
    await worklist.finished(WEB)
    assert generations == [1, 3]


async def test_a_new_manifest_ends_a_pause_and_the_same_one_does_not() -> None:
    attempts: Counter[int] = Counter()
    failed = asyncio.Event()

    async def work(_: Key, job: Job) -> bool:
        assert job.declared is not None
        attempts[job.declared.generation] += 1
        failed.set()
        return job.declared.generation == 2

    worklist = _worklist(work)
    worklist.add(WEB, application(generation=1))
    await failed.wait()
    for _ in range(50):
        worklist.add(WEB, application(generation=1))
        await asyncio.sleep(0)
    assert attempts[1] == 1
    worklist.add(WEB, application(generation=2))
    await asyncio.wait_for(worklist.finished(WEB), 0.09)  # the shortest pause is 0.1 s
    assert attempts == {1: 1, 2: 1}


async def test_no_more_than_allowed_are_worked_on_at_once_and_never_one_twice() -> None:
    running: Counter[Key] = Counter()
    most = 0

    async def work(key: Key, _: Job) -> bool:
        nonlocal most
        running[key] += 1
        assert running[key] == 1
        most = max(most, running.total())
        for _step in range(3):
            await asyncio.sleep(0)
        running[key] -= 1
        return True

    worklist = _worklist(work, parallelism=4)
    keys = [Key(ObjectKind.APPLICATION, "shop", str(number)) for number in range(20)]
    for key in keys * 2:
        worklist.add(key)
    for key in keys:
        await worklist.finished(key)
    assert most == 4


async def test_an_object_that_fails_does_not_hold_the_others_up() -> None:
    done: list[Key] = []

    async def work(key: Key, _: Job) -> bool:
        done.append(key)
        return key.name != "broken"

    worklist = _worklist(work, parallelism=1)
    worklist.add(Key(ObjectKind.APPLICATION, "shop", "broken"))
    others = [Key(ObjectKind.APPLICATION, "shop", str(number)) for number in range(10)]
    for key in others:
        worklist.add(key)
    for key in others:
        await worklist.finished(key)
    assert set(others) <= set(done)
    await worklist.stop()
    assert len(worklist) == 0


async def test_a_pause_ends_at_once_when_what_kept_everything_waiting_has_passed() -> None:
    attempts: list[float] = []
    away = True

    async def work(_: Key, __: Job) -> bool:
        attempts.append(time.monotonic())
        return not away

    worklist = _worklist(work)
    worklist.add(WEB, application())
    await until(lambda: len(attempts) == 4)  # the next pause is longer than 0.8 seconds
    away = False
    worklist.hurry()
    async with asyncio.timeout(0.3):
        await worklist.finished(WEB)
