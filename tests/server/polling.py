"""Waiting for what other tasks do, by looking, never by guessing how long it takes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

DEADLINE = 10.0  # seconds


async def until(condition: Callable[[], bool | Awaitable[bool]], *, within: float = DEADLINE) -> None:
    """Returns as soon as `condition` holds; fails the test when it does not within the deadline."""
    async with asyncio.timeout(within):
        while True:
            holds = condition()
            if isinstance(holds, Awaitable):
                holds = await holds
            if holds:
                return
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(loop: Coroutine[Any, Any, None]) -> AsyncIterator["asyncio.Task[None]"]:
    """An endless loop beside the test; what ends it fails the test."""
    task = asyncio.create_task(loop)
    try:
        yield task
        if task.done():
            task.result()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
