"""Where reconciling writes intent. Concurrent reconciles share a transaction (group commit)."""

from collections.abc import Sequence
from typing import Protocol

from ostiary_state.intent import IntentWrite


class IntentWriter(Protocol):
    """Write one object's rows, all or nothing."""

    async def write(self, writes: Sequence[IntentWrite]) -> int:
        """The revision that holds them. Raises IntentConflict, StaleWriter or StoreUnavailable."""
