"""Objects that are to be looked at again at a certain time, because what is served of them ends then."""

import asyncio
import time
from collections.abc import Callable

from ostiary_operator.objects import Key


class Deadlines:
    """One timer an object; status holds the time, so nothing is lost with the process."""

    def __init__(self, due: Callable[[Key], None], now: Callable[[], float] = time.time) -> None:
        self._due, self._now = due, now
        self._timers: dict[Key, asyncio.TimerHandle] = {}

    def expect(self, key: Key, at: float | None) -> None:
        """Look at it then; None, or a time that has passed: there is nothing to wait for any more."""
        if (timer := self._timers.pop(key, None)) is not None:
            timer.cancel()
        if at is not None and (seconds := at - self._now()) > 0:
            self._timers[key] = asyncio.get_running_loop().call_later(seconds, self._ring, key)

    def stop(self) -> None:
        """Nobody is there to look."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _ring(self, key: Key) -> None:
        self._timers.pop(key, None)
        self._due(key)
