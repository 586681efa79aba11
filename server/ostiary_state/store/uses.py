"""When applications were last seen: which of their secrets authenticated, and when a token was issued.

Replicas collect this in memory and write it now and then; nothing waits for it.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import case, func, select

from ostiary_state.intent import Use
from ostiary_state.store.database import Database
from ostiary_state.store.dialects import upsert
from ostiary_state.store.tables import uses

_AT_ONCE = 500  # rows a statement


class Uses:
    """The server's side: it writes. The operator reads through `IntentStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, seen: Collection[Use], now: float) -> None:
        """Raise what is stored; one that another replica has seen later stays. In one order, so that none deadlock."""
        ordered = sorted(seen, key=lambda use: (use.application_id, use.incarnation, use.credential))
        for start in range(0, len(ordered), _AT_ONCE):
            await self._record(ordered[start : start + _AT_ONCE], now)

    async def verified(self) -> Sequence[Use]:
        """Those whose secret was verified with another product's hash: as many as still have such a hash, or had."""
        async with self._database.read() as transaction:
            found = await transaction.execute(select(uses).where(uses.c.digest.is_not(None)))
        return [
            Use(row["application_id"], row["application_incarnation"], row["credential"], row["used_at"], row["digest"])
            for row in found.mappings()
        ]

    async def _record(self, seen: Sequence[Use], now: float) -> None:
        insertion = upsert(self._database, uses)
        proposed = insertion.excluded
        later = case((proposed.used_at > uses.c.used_at, proposed.used_at), else_=uses.c.used_at)
        statement = insertion.on_conflict_do_update(
            index_elements=[column.name for column in uses.primary_key],
            set_={
                "used_at": later,
                "recorded_at": proposed.recorded_at,
                "digest": func.coalesce(proposed.digest, uses.c.digest),
            },
        )
        rows = [
            {
                "application_id": use.application_id,
                "application_incarnation": use.incarnation,
                "credential": use.credential,
                "used_at": use.used_at,
                "recorded_at": now,
                "digest": use.digest,
            }
            for use in seen
        ]
        async with self._database.write() as transaction:
            await transaction.execute(statement, rows)
