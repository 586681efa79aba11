"""Rows whose objects went without our finalizer's doing."""

from dataclasses import dataclass

from ostiary_operator.reconcile.writer import IntentWriter
from ostiary_state.intent import IntentStore, Kind, StoredApplication, Tombstone


@dataclass(frozen=True, slots=True)
class Vanished:
    """Ends what no object declares any more."""

    store: IntentStore
    writer: IntentWriter

    async def end(self, row_id: str, *, application: bool) -> str | None:
        """The incarnation that ended; None where nothing was stored. An orphaned application was left on purpose."""
        row = await (self.store.application(row_id) if application else self.store.user(row_id))
        if row is None or (isinstance(row, StoredApplication) and not row.owned):
            return None
        kind = Kind.APPLICATION if application else Kind.USER
        await self.writer.write([Tombstone(kind, row.id, row.incarnation)])
        return row.incarnation
