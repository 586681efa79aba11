"""How long to wait before the database is asked again."""

import random
from collections.abc import Callable

FIRST = 0.1  # seconds
LONGEST = 2.0  # a replica should be whole again within moments of the database


class Backoff:
    """Doubles with each failure in a row, jittered so that replicas do not come back in step."""

    def __init__(
        self, first: float = FIRST, longest: float = LONGEST, *, chance: Callable[[], float] = random.random
    ) -> None:
        self._first = first
        self._longest = longest
        self._chance = chance
        self._failures = 0

    @property
    def failing(self) -> bool:
        """True since a failure that no success has followed."""
        return self._failures > 0

    def failed(self) -> float:
        """Seconds to wait after one more failure."""
        self._failures += 1
        longest: float = min(self._longest, self._first * 2.0 ** min(self._failures - 1, 16))
        return longest * (0.5 + self._chance() / 2)

    def succeeded(self) -> bool:
        """Start over; True when there had been failures."""
        failing, self._failures = self.failing, 0
        return failing
