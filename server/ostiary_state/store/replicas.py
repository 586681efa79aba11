"""Heartbeats: one row a live replica, by the database's clock."""

from sqlalchemy import delete

from ostiary_state.store.database import Database
from ostiary_state.store.dialects import upsert
from ostiary_state.store.tables import replicas

LIFETIME = 10.0  # seconds after its last heartbeat that a replica counts as live


class Replicas:
    """Written by each replica for itself; read by the operator through `IntentStore.served`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def heartbeat(self, replica_id: str, applied_revision: int) -> None:
        """Say that this replica serves a revision, for the next ten seconds."""
        insertion = upsert(self._database, replicas).values(
            id=replica_id, applied_revision=applied_revision, expires_at=self._database.now + LIFETIME
        )
        proposed = insertion.excluded
        async with self._database.write() as transaction:
            await transaction.execute(
                insertion.on_conflict_do_update(
                    index_elements=["id"],
                    set_={"applied_revision": proposed.applied_revision, "expires_at": proposed.expires_at},
                )
            )

    async def remove(self, replica_id: str) -> None:
        """This replica's drain has ended."""
        async with self._database.write() as transaction:
            await transaction.execute(delete(replicas).where(replicas.c.id == replica_id))
