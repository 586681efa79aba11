"""Applications and issuers as a replica loads them: as compact values, never as rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import bindparam, select

from ostiary_state.applications.application import Application
from ostiary_state.runtime.issuer import Issuer
from ostiary_state.store import rows
from ostiary_state.store.database import Database
from ostiary_state.store.tables import applications, issuers, revision

PAGE = 250  # rows read at a time: what is in between a row and its compact value is never there for all of them


class Sink(Protocol):
    """What takes everything that is served, one value at a time."""

    def put_issuer(self, issuer: Issuer) -> None:
        """Take an issuer."""

    def put_application(self, application: Application) -> None:
        """Take an application."""


@dataclass(frozen=True, slots=True)
class Served:
    """Everything that is served, as of one revision."""

    revision: int
    issuers: Sequence[Issuer]
    applications: Sequence[Application]


class Applications:
    """What a replica reads at start and when it follows `changes`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load_all(self) -> Served:
        """Every issuer that is not retired and every live application, of one moment: three statements."""
        async with self._database.snapshot() as transaction:
            value = (await transaction.execute(select(revision.c.value))).scalar_one()
            live = await transaction.execute(select(issuers).where(issuers.c.retired_at.is_(None)))
            served = await transaction.execute(select(applications).where(applications.c.deleted_at.is_(None)))
        return Served(
            revision=value,
            issuers=[rows.issuer_of(row) for row in live.mappings()],
            applications=[rows.application_of(row) for row in served.mappings()],
        )

    async def load_into(self, sink: Sink) -> int:
        """What `load_all` loads, a page at a time and of one moment, with pauses for the event loop; the revision."""
        page = (
            select(applications)
            .where(applications.c.deleted_at.is_(None), applications.c.id > bindparam("after"))
            .order_by(applications.c.id)
            .limit(PAGE)
        )
        async with self._database.snapshot() as transaction:
            value: int = (await transaction.execute(select(revision.c.value))).scalar_one()
            live = await transaction.execute(select(issuers).where(issuers.c.retired_at.is_(None)))
            for row in live.mappings():
                sink.put_issuer(rows.issuer_of(row))
            after = ""
            while found := (await transaction.execute(page, {"after": after})).mappings().all():
                for row in found:
                    sink.put_application(rows.application_of(row))
                after = found[-1]["id"]
        return value

    async def load(self, ids: Sequence[str]) -> Mapping[str, Application | None]:
        """The applications of these object ids; None: gone."""
        statement = select(applications).where(applications.c.id.in_(ids), applications.c.deleted_at.is_(None))
        async with self._database.read() as transaction:
            found = (await transaction.execute(statement)).mappings().all()
        return dict.fromkeys(ids) | {row["id"]: rows.application_of(row) for row in found}

    async def load_issuers(self, ids: Sequence[str]) -> Sequence[Issuer]:
        """The issuers of these ids, retired ones included."""
        async with self._database.read() as transaction:
            found = (await transaction.execute(select(issuers).where(issuers.c.id.in_(ids)))).mappings().all()
        return [rows.issuer_of(row) for row in found]
