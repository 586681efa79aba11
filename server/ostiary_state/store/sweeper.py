"""Removes what has expired and what hung on objects that are gone, in small batches that any replica may run.

Each step is one short transaction; on PostgreSQL it leaves out rows that others have locked, so two sweepers share the
work and nobody waits for one. Families and tokens go with their grant, by their foreign keys.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, and_, delete, exists, or_, select, tuple_

from ostiary_state.store.changes import Changes
from ostiary_state.store.database import Database
from ostiary_state.store.revocations import LONGEST_TOKEN
from ostiary_state.store.tables import (
    access_tokens,
    applications,
    consents,
    grants,
    issuers,
    logout_deliveries,
    refresh_families,
    registrations,
    replicas,
    revocations,
    sessions,
    signing_keys,
    users,
    uses,
)

FORGOTTEN = 3600.0  # seconds that the row of a dead replica stays to be seen
WITHDRAWN = 7 * 24 * 3600.0  # seconds in which the operator removes the object of a client that went; there may be none

Condition = Callable[[float, Database], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Step:
    """Rows of a table that may go at an instant."""

    table: Table
    condition: Condition


def _gone_user(table: Table) -> ColumnElement[bool]:
    return exists().where(
        users.c.deleted_at.is_not(None),
        users.c.id == table.c.user_id,
        users.c.incarnation == table.c.user_incarnation,
    )


def _gone_application(table: Table) -> ColumnElement[bool]:
    return exists().where(
        applications.c.deleted_at.is_not(None),
        applications.c.id == table.c.application_id,
        applications.c.incarnation == table.c.application_incarnation,
    )


def _retired_issuer(table: Table) -> ColumnElement[bool]:
    return exists().where(issuers.c.id == table.c.issuer_id, issuers.c.retired_at.is_not(None))


def _ended_family(now: float, _database: Database) -> ColumnElement[bool]:
    """Nothing that the family issued is live: a used token of it need no longer be told from an unknown one."""
    oldest = now - LONGEST_TOKEN
    family = refresh_families.c
    return or_(family.idle_expires_at <= oldest, family.expires_at <= oldest, family.revoked_at <= oldest)


def _settled_user(now: float, _database: Database) -> ColumnElement[bool]:
    """A tombstone that no token and no row needs any more."""
    hanging = [
        exists().where(table.c.user_id == users.c.id, table.c.user_incarnation == users.c.incarnation)
        for table in (sessions, grants, consents)
    ]
    return and_(users.c.deleted_at <= now - LONGEST_TOKEN, *(~each for each in hanging))


def _settled_application(now: float, _database: Database) -> ColumnElement[bool]:
    hanging = [
        exists().where(
            table.c.application_id == applications.c.id,
            table.c.application_incarnation == applications.c.incarnation,
        )
        for table in (grants, consents, uses)
    ]
    return and_(applications.c.deleted_at <= now - LONGEST_TOKEN, *(~each for each in hanging))


# Rows before what they hang on: a tombstone goes in the round after the last of its rows.
STEPS = (
    Step(access_tokens, lambda now, _: access_tokens.c.expires_at <= now),
    Step(refresh_families, _ended_family),
    Step(grants, lambda now, _: grants.c.expires_at <= now),
    Step(grants, lambda _now, _: _gone_user(grants)),
    Step(grants, lambda _now, _: _gone_application(grants)),
    Step(consents, lambda _now, _: _gone_user(consents)),
    Step(consents, lambda _now, _: _gone_application(consents)),
    Step(consents, lambda _now, _: _retired_issuer(consents)),
    Step(uses, lambda _now, _: _gone_application(uses)),
    Step(registrations, lambda _now, _: _gone_application(registrations)),
    Step(registrations, lambda _now, database: registrations.c.deleted_at <= database.now - WITHDRAWN),
    Step(sessions, lambda now, _: sessions.c.expires_at <= now),
    Step(sessions, lambda _now, _: _gone_user(sessions)),
    Step(logout_deliveries, lambda now, _: logout_deliveries.c.expires_at <= now),
    Step(revocations, lambda now, _: revocations.c.expires_at <= now),
    Step(signing_keys, lambda now, _: signing_keys.c.expires_at <= now),
    Step(replicas, lambda _now, database: replicas.c.expires_at <= database.now - FORGOTTEN),
    Step(users, _settled_user),
    Step(applications, _settled_application),
)


class Sweeper:
    """One round at a time; the caller decides how often."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._changes = Changes(database)

    async def sweep(self, now: float, limit: int = 500) -> Mapping[str, int]:
        """Remove at most `limit` rows a step; how many rows went, by table. Its time is bounded by the steps' number.

        A table whose count reaches `limit` may hold more: sweep again.
        """
        removed = dict.fromkeys((step.table.name for step in STEPS), 0)
        for step in STEPS:
            removed[step.table.name] += await self._remove(step, now, limit)
        removed["changes"] = await self._changes.trim()
        return removed

    async def _remove(self, step: Step, now: float, limit: int) -> int:
        key = tuple_(*step.table.primary_key)
        batch = (
            select(*step.table.primary_key)
            .where(step.condition(now, self._database))
            .limit(limit)
            .with_for_update(skip_locked=True, of=step.table)
        )
        async with self._database.write() as transaction:
            return (await transaction.execute(delete(step.table).where(key.in_(batch)))).rowcount
