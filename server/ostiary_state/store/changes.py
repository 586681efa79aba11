"""What changed, revision by revision, for replicas to follow."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, delete, func, select, update

from ostiary_state.intent import Kind
from ostiary_state.store.database import Database
from ostiary_state.store.tables import changes, replicas, revision

KEPT = 1_000  # revisions that outlive every replica that has applied them: a restarted one may ask from a little behind


@dataclass(frozen=True, slots=True)
class Change:
    """One object of one revision: load it anew."""

    revision: int
    kind: Kind
    id: str


@dataclass(frozen=True, slots=True)
class Following:
    """What follows an applied revision. Apply all of `changes`, then report `through`."""

    through: int  # equals `current`, or less where the limit cut: ask again from here
    current: int
    changes: Sequence[Change]
    reload: bool  # behind what is still listed, or ahead of the counter (a restored backup): load everything


class Changes:
    """The log of `changes` and its counter."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def current(self) -> int:
        """The revision that was committed last."""
        async with self._database.read() as transaction:
            value: int = (await transaction.execute(select(revision.c.value))).scalar_one()
        return value

    async def since(self, applied: int, limit: int = 1_000) -> Following:
        """At most `limit` whole revisions after `applied`, of one moment, in one statement.

        Revisions are dense and committed in their order, so the span is the limit and nothing can appear in it later.
        """
        statement = (
            select(revision.c.value, revision.c.trimmed, changes.c.revision, changes.c.kind, changes.c.id)
            .outerjoin(changes, and_(changes.c.revision > applied, changes.c.revision <= applied + limit))
            .order_by(changes.c.revision, changes.c.kind, changes.c.id)
        )
        async with self._database.read() as transaction:
            found = (await transaction.execute(statement)).all()
        current, trimmed = found[0][:2]
        if applied < trimmed or applied > current:
            return Following(through=applied, current=current, changes=(), reload=True)
        listed = [Change(number, Kind(kind), key) for _, _, number, kind, key in found if number is not None]
        return Following(through=min(applied + limit, current), current=current, changes=listed, reload=False)

    async def trim(self, keep: int = KEPT) -> int:
        """Remove what every live replica has applied, but the last `keep` revisions. Returns the number of rows.

        `trimmed` is raised in the same transaction, so a replica that is behind sees that it must load everything.
        """
        slowest = select(func.min(replicas.c.applied_revision)).where(replicas.c.expires_at > self._database.now)
        async with self._database.write() as transaction:
            value, applied = (await transaction.execute(select(revision.c.value, slowest.scalar_subquery()))).one()
            through = min(value, applied if applied is not None else value) - keep
            removed = await transaction.execute(delete(changes).where(changes.c.revision <= through))
            if removed.rowcount:
                await transaction.execute(update(revision).where(revision.c.trimmed < through).values(trimmed=through))
        return removed.rowcount
