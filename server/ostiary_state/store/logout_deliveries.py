"""The queue of logout tokens: written in the transaction that ends a session, and worked off by any replica."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select, update

from ostiary_state.runtime.logout import LogoutDelivery
from ostiary_state.store.database import Database
from ostiary_state.store.tables import logout_deliveries


class LogoutDeliveries:
    """Satisfies the server's port of this name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, now: float, until: float, limit: int) -> Sequence[LogoutDelivery]:
        """At most `limit` that are due, for this replica alone until `until`, one attempt more on each.

        A replica that dies with them leaves them to be due again then. On PostgreSQL rows that another one is just
        claiming are left out, so two share the work and none waits.
        """
        due = (
            select(logout_deliveries.c.id)
            .where(logout_deliveries.c.due_at <= now)
            .order_by(logout_deliveries.c.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        statement = (
            update(logout_deliveries)
            .where(logout_deliveries.c.id.in_(due))
            .values(due_at=until, attempts=logout_deliveries.c.attempts + 1)
            .returning(logout_deliveries)
        )
        async with self._database.write() as transaction:
            return [LogoutDelivery(**row) for row in (await transaction.execute(statement)).mappings()]

    async def settle(self, delivery_id: str) -> None:
        """It was delivered, or will never be."""
        async with self._database.write() as transaction:
            await transaction.execute(delete(logout_deliveries).where(logout_deliveries.c.id == delivery_id))

    async def postpone(self, delivery_id: str, due_at: float) -> None:
        """Try it again then."""
        async with self._database.write() as transaction:
            await transaction.execute(
                update(logout_deliveries).where(logout_deliveries.c.id == delivery_id).values(due_at=due_at)
            )

    async def waiting(self) -> int:
        """How many are not settled, whichever replica works on them."""
        async with self._database.read() as transaction:
            counted: int = (await transaction.execute(select(func.count()).select_from(logout_deliveries))).scalar_one()
        return counted
