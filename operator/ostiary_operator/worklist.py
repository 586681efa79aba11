"""Objects to be reconciled: one entry each, so many at a time, and tried again until it succeeds.

kopf hands over what it observed and is done: its own retries keep their progress in annotations, which costs an API
write an attempt. What comes in for an object that is being worked on is worked on right after.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from ostiary_operator.objects import Key
from ostiary_operator.reconcile.declared import Declared

logger = logging.getLogger(__name__)

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 30.0  # seconds between attempts


@dataclass(frozen=True, slots=True)
class Job:
    """What is known of an object when it is put on the list."""

    declared: Declared | None  # None: read it afresh
    since: float  # seconds of the monotonic clock when the change was seen
    quiet: bool = False  # nothing changed that we know of: a failure to look again is not the object's


class Gauge(Protocol):
    """Where the list reports how it is doing."""

    def depth(self, entries: int) -> None:
        """How many objects are on the list."""

    def started(self, waited: float) -> None:
        """Seconds that a job waited for its first attempt."""


@dataclass(slots=True, eq=False)
class _Entry:
    job: Job
    renewed: bool = False  # the job was replaced while the one before was worked on
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    finished: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class Worklist:
    """`work` answers True when the object is done, False to be called again later."""

    def __init__(
        self,
        work: Callable[[Key, Job], Awaitable[bool]],
        gauge: Gauge,
        clock: Callable[[], float],
        *,
        parallelism: int,
    ) -> None:
        self._work, self._gauge, self._clock = work, gauge, clock
        self._slots = asyncio.Semaphore(parallelism)
        self._entries: dict[Key, _Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, key: Key, declared: Declared | None = None, *, quiet: bool = False) -> None:
        """Put an object on the list, or renew its entry; the same manifest again changes nothing about a pause."""
        job = Job(declared, self._clock(), quiet)
        entry = self._entries.get(key)
        if entry is None:
            entry = self._entries[key] = _Entry(job)
            entry.task = asyncio.create_task(self._run(key, entry), name=f"reconcile {key.id}")
            self._gauge.depth(len(self._entries))
        elif declared is None or not _same(entry.job.declared, declared):
            entry.job, entry.renewed = job, True
            entry.wake.set()

    def hurry(self) -> None:
        """What kept objects waiting has passed: try all of them now."""
        for entry in self._entries.values():
            entry.wake.set()

    async def finished(self, key: Key) -> None:
        """Wait until an object's entry is gone."""
        if (entry := self._entries.get(key)) is not None:
            await entry.finished.wait()

    async def below(self, entries: int) -> None:
        """Wait until fewer are on the list."""
        while len(self._entries) >= entries:
            await next(iter(self._entries.values())).finished.wait()

    async def stop(self) -> None:
        """Give up what is waiting and let none begin."""
        tasks = [entry.task for entry in self._entries.values() if entry.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, key: Key, entry: _Entry) -> None:
        pause, begun = _FIRST_PAUSE, False
        try:
            while True:
                async with self._slots:
                    if not begun or entry.renewed:
                        self._gauge.started(self._clock() - entry.job.since)
                    begun, entry.renewed = True, False
                    entry.wake.clear()
                    done = await self._work(key, entry.job)
                if entry.renewed:
                    pause = _FIRST_PAUSE
                elif done:
                    return
                else:
                    await _sleep(pause * random.uniform(0.5, 1.0), entry.wake)  # noqa: S311 - jitter
                    pause = min(pause * 2, _LONGEST_PAUSE)
        finally:
            del self._entries[key]
            self._gauge.depth(len(self._entries))
            entry.finished.set()


def _same(one: Declared | None, other: Declared) -> bool:
    return one is not None and _version(one) == _version(other)


def _version(declared: Declared) -> tuple[object, ...]:
    return (declared.uid, declared.generation, declared.deleted, declared.annotations)


async def _sleep(seconds: float, wake: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(seconds):
            await wake.wait()
    except TimeoutError:
        return
