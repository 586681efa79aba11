"""Intent: the rows that manifests become. Implements `ostiary_state.intent.IntentStore`."""

from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, delete, select, tuple_
from sqlalchemy.exc import IntegrityError

from ostiary_state.applications.registration import Registration
from ostiary_state.errors import StoreUnavailable
from ostiary_state.intent import IntentWrite, Kind, ServedRevision, StoredApplication, StoredUser, Tampering, Use
from ostiary_state.runtime.issuer import Issuer
from ostiary_state.store import rows
from ostiary_state.store.database import Database, Transaction
from ostiary_state.store.identifiers import random_text
from ostiary_state.store.intent_batch import IntentBatch
from ostiary_state.store.intent_transaction import IntentTransaction
from ostiary_state.store.replicas import LIFETIME
from ostiary_state.store.tables import applications, issuers, registrations, replicas, tampering, users, uses

_Row = TypeVar("_Row")

GRACE = 24 * 3600.0  # seconds that an address stays its namespace's after its last application left


class IntentRepository:
    """The operator's side of the database.

    `random_text` mints ids and subjects: 128 random bits or more as base64url.
    """

    def __init__(
        self, database: Database, *, grace: float = GRACE, random_text: Callable[[], str] = random_text
    ) -> None:
        self._database = database
        self._grace = grace
        self._random_text = random_text

    async def application(self, application_id: str) -> StoredApplication | None:
        """The live row of an object's id, orphaned ones included."""
        return _first(await self._applications(applications.c.id == application_id))

    async def applications(self) -> Sequence[StoredApplication]:
        """Every live row, one statement."""
        return await self._applications()

    async def application_of_client(self, client_id: str) -> StoredApplication | None:
        """Who holds a client id."""
        return _first(await self._applications(applications.c.client_id == client_id))

    async def rotations_due(self, now: float, limit: int) -> Sequence[str]:
        """By an index; those that nobody owns are left as they are."""
        statement = (
            select(applications.c.id)
            .where(applications.c.rotate_at <= now, applications.c.deleted_at.is_(None), applications.c.owned)
            .order_by(applications.c.rotate_at, applications.c.id)
            .limit(limit)
        )
        return [row["id"] for row in await self._read(statement)]

    async def overlapping(self) -> Sequence[StoredApplication]:
        """By an index."""
        return await self._applications(applications.c.revoke_at.is_not(None), applications.c.owned)

    async def uses(self, application_ids: Collection[str]) -> Sequence[Use]:
        """One statement."""
        return await self._uses(uses.c.application_id.in_(application_ids)) if application_ids else ()

    async def uses_since(self, instant: float) -> Sequence[Use]:
        """By an index."""
        return await self._uses(uses.c.recorded_at >= instant)

    async def tampering(self) -> Sequence[Tampering]:
        """One statement."""
        found = await self._read(select(tampering))
        return [Tampering(Kind(row["kind"]), row["id"], row["who"], row["removed"], row["noticed_at"]) for row in found]

    async def forget_tampering(self, settled: Sequence[Tampering]) -> None:
        """One statement."""
        key = tuple_(tampering.c.kind, tampering.c.id, tampering.c.noticed_at)
        keys = [(str(each.kind), each.id, each.noticed_at) for each in settled]
        async with self._database.write() as transaction:
            await transaction.execute(delete(tampering).where(key.in_(keys)))

    async def user(self, user_id: str) -> StoredUser | None:
        """The live row of an object's id."""
        return _first(await self._users(users.c.id == user_id))

    async def users(self) -> Sequence[StoredUser]:
        """Every live user, one statement."""
        return await self._users()

    async def user_of_username(self, username: str) -> StoredUser | None:
        """Who holds a username."""
        return _first(await self._users(users.c.username == username))

    async def issuer_of_origin(self, origin: str) -> Issuer | None:
        """The live issuer of an address, whoever holds it."""
        statement = select(issuers).where(issuers.c.origin == origin, issuers.c.retired_at.is_(None))
        found = await self._read(statement)
        return rows.issuer_of(found[0]) if found else None

    async def registration(self, client_id: str) -> Registration | None:
        """A client's registration; None where it was withdrawn."""
        return _first(
            await self._registrations(registrations.c.client_id == client_id, registrations.c.deleted_at.is_(None))
        )

    async def pending_registrations(self, limit: int) -> Sequence[Registration]:
        """By a partial index: nothing, most of the time."""
        return await self._registrations(registrations.c.pending, limit=limit)

    async def clients_of(self, application_id: str) -> Sequence[str]:
        """Client ids of those that registered themselves by this template."""
        statement = select(registrations.c.client_id).where(
            registrations.c.application_id == application_id, registrations.c.deleted_at.is_(None)
        )
        return [row["client_id"] for row in await self._read(statement)]

    async def forget_registration(self, client_id: str) -> None:
        """No replica serves a withdrawn one, so no revision is needed."""
        own = registrations.c.client_id == client_id
        async with self._database.write() as transaction:
            await transaction.execute(delete(registrations).where(own, registrations.c.deleted_at.is_not(None)))

    async def served(self) -> ServedRevision:
        """What the live replicas serve, by the database's clock."""
        age = (self._database.now + LIFETIME - replicas.c.expires_at).label("age")
        statement = select(replicas.c.id, replicas.c.applied_revision, age).where(
            replicas.c.expires_at > self._database.now
        )
        live = await self._read(statement)
        return ServedRevision(
            minimum=min((row["applied_revision"] for row in live), default=None),
            replicas=len(live),
            ages={row["id"]: max(0.0, row["age"]) for row in live},
        )

    async def write(self, writes: Sequence[IntentWrite], *, fence: int, now: float) -> int:
        """All or nothing; the revision that holds the writes, or the present one where none changes a row.

        Raises IntentConflict, StaleWriter and StoreUnavailable; nothing is written then. A conflict can also come
        up when two operators write at once: the unique index decides, and the holder is looked up afterwards.
        """
        batch = IntentBatch.of(writes)
        try:
            async with self._database.write() as transaction:
                return await self._transaction(transaction).write(batch, fence=fence, now=now)
        except IntegrityError as error:
            async with self._database.read() as transaction:
                await self._transaction(transaction).refuse_held(batch)
            raise StoreUnavailable("another writer held one of these rows and has let go of it: try again") from error

    def _transaction(self, transaction: Transaction) -> IntentTransaction:
        return IntentTransaction(self._database, transaction, grace=self._grace, random_text=self._random_text)

    async def _applications(self, *conditions: ColumnElement[bool]) -> list[StoredApplication]:
        statement = (
            select(applications, issuers.c.origin)
            .join(issuers, issuers.c.id == applications.c.issuer_id)
            .where(applications.c.deleted_at.is_(None), *conditions)
        )
        return [rows.stored_application_of(row) for row in await self._read(statement)]

    async def _registrations(self, *conditions: ColumnElement[bool], limit: int | None = None) -> list[Registration]:
        statement = select(registrations).where(*conditions).order_by(registrations.c.client_id).limit(limit)
        return [Registration(**row) for row in await self._read(statement)]

    async def _uses(self, condition: ColumnElement[bool]) -> Sequence[Use]:
        found = await self._read(select(uses).where(condition))
        return [
            Use(row["application_id"], row["application_incarnation"], row["credential"], row["used_at"])
            for row in found
        ]

    async def _users(self, *conditions: ColumnElement[bool]) -> list[StoredUser]:
        statement = select(users).where(users.c.deleted_at.is_(None), *conditions)
        return [rows.stored_user_of(row) for row in await self._read(statement)]

    async def _read(self, statement: Select[*tuple[Any, ...]]) -> Sequence[rows.Record]:
        async with self._database.read() as transaction:
            return (await transaction.execute(statement)).mappings().all()


def _first(found: Sequence[_Row]) -> _Row | None:
    return found[0] if found else None
