"""More of the store in memory: the queue of logout tokens, and the salts of pairwise subjects."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ostiary_state.runtime.logout import LogoutDelivery
from tests.fakes import MemoryDatabase


@dataclass(frozen=True, slots=True)
class MemorySalts:
    database: MemoryDatabase

    async def salt(self, issuer_id: str) -> bytes:
        await self.database.statement()
        return self.database.salts.setdefault(issuer_id, secrets.token_bytes(32))


@dataclass(frozen=True, slots=True)
class MemoryDeliveries:
    database: MemoryDatabase

    async def claim(self, now: float, until: float, limit: int) -> Sequence[LogoutDelivery]:
        await self.database.statement()
        due = sorted((each for each in self.database.deliveries.values() if each.due_at <= now), key=_due)[:limit]
        claimed = [replace(each, due_at=until, attempts=each.attempts + 1) for each in due]
        self.database.deliveries.update({each.id: each for each in claimed})
        return claimed

    async def settle(self, delivery_id: str) -> None:
        await self.database.statement()
        self.database.deliveries.pop(delivery_id, None)

    async def postpone(self, delivery_id: str, due_at: float) -> None:
        await self.database.statement()
        if delivery_id in self.database.deliveries:
            before = self.database.deliveries[delivery_id]
            self.database.deliveries[delivery_id] = replace(before, due_at=due_at)

    async def waiting(self) -> int:
        await self.database.statement()
        return len(self.database.deliveries)


def _due(delivery: LogoutDelivery) -> float:
    return delivery.due_at
