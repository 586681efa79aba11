"""The revocation set: its own rows, and what follows from users and applications whose `not_before` is recent.

The operator never writes runtime tables: raising `not_before`, or leaving a tombstone, is what it does, and the set
derives the rest for as long as a token from before can live.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, Table, case, literal, or_, select, union_all
from sqlalchemy.engine import Row

from ostiary_state.runtime.revocation import Revocation, RevocationKind
from ostiary_state.store.database import Database, Parameters, Transaction
from ostiary_state.store.dialects import Upsert, upsert
from ostiary_state.store.tables import applications, revocations, users

LONGEST_TOKEN = 25 * 3600.0  # seconds: the longest access token lives 24 h, and an hour for clocks and late writes


class Revocations:
    """Satisfies the server's port of this name, and lets a replica follow the set."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, revocation: Revocation) -> None:
        """Insert, or raise `not_before` and `expires_at`; neither ever falls."""
        async with self._database.write() as transaction:
            await record(self._database, transaction, revocation)

    async def load_active(self, now: float) -> Sequence[Revocation]:
        """The whole set: everything that can still concern a token."""
        return await self._select(now, None)

    async def recent(self, within: float, now: float) -> Sequence[Revocation]:
        """What was recorded in the last `within` seconds by the database's clock.

        Rows become visible at commit, a little after they were recorded: ask for several times the interval of the
        poll, and apply what is known already once more.
        """
        return await self._select(now, within)

    async def _select(self, now: float, within: float | None) -> Sequence[Revocation]:
        own = select(revocations.c.kind, revocations.c.id, revocations.c.not_before, revocations.c.expires_at).where(
            revocations.c.expires_at > now
        )
        if within is not None:
            own = own.where(revocations.c.recorded_at > self._database.now - within)
        derived = [
            self._derived(RevocationKind.USER, users, now, within),
            self._derived(RevocationKind.APPLICATION, applications, now, within),
        ]
        async with self._database.read() as transaction:
            result = await transaction.execute(union_all(own, *derived))
        return [_revocation(row) for row in result]

    def _derived(self, kind: RevocationKind, table: Table, now: float, within: float | None) -> Select[Any]:
        """A tombstone voids everything up to its deletion, another row everything up to its `not_before`."""
        not_before = case((table.c.deleted_at.is_not(None), table.c.deleted_at), else_=table.c.not_before)
        oldest = now - LONGEST_TOKEN
        statement = select(literal(str(kind)), table.c.incarnation, not_before, not_before + LONGEST_TOKEN).where(
            or_(table.c.not_before > oldest, table.c.deleted_at > oldest)
        )
        if within is not None:
            statement = statement.where(table.c.written_at > self._database.now - within)
        return statement


async def record(database: Database, transaction: Transaction, revocation: Revocation) -> None:
    """One statement, in the transaction that ends what it names."""
    insertion = upsert(database, revocations).values(
        kind=str(revocation.kind),
        id=revocation.id,
        not_before=revocation.not_before,
        expires_at=revocation.expires_at,
        recorded_at=database.now,
    )
    await transaction.execute(_raising(database, insertion))


async def record_all(database: Database, transaction: Transaction, chosen: Select[Any], values: Parameters) -> None:
    """The same for what a SELECT finds, as kind, id, `not_before` and `expires_at`; `values` are its parameters."""
    names = ["kind", "id", "not_before", "expires_at", "recorded_at"]
    insertion = upsert(database, revocations).from_select(names, chosen.add_columns(database.now))
    await transaction.execute(_raising(database, insertion), values)


def _raising(database: Database, insertion: Upsert) -> Upsert:
    """Neither instant of an entry that is there already ever falls."""
    proposed = insertion.excluded
    return insertion.on_conflict_do_update(
        index_elements=["kind", "id"],
        set_={
            "not_before": database.greatest(revocations.c.not_before, proposed.not_before),
            "expires_at": database.greatest(revocations.c.expires_at, proposed.expires_at),
            "recorded_at": proposed.recorded_at,
        },
    )


def _revocation(row: Row[*tuple[Any, ...]]) -> Revocation:
    kind, key, not_before, expires_at = row
    return Revocation(RevocationKind(kind), key, not_before, expires_at)
