"""Clients that registered themselves.

Each write raises the revision in its own transaction, as the operator's do, so that replicas follow it.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import func, insert, select, update

from ostiary_state.applications.registration import Registration
from ostiary_state.intent import Kind
from ostiary_state.store.announcing import announce
from ostiary_state.store.database import Database, Transaction
from ostiary_state.store.registered_clients import change_id
from ostiary_state.store.tables import registrations, replicas

_LIVE = registrations.c.deleted_at.is_(None)


class TooManyRegistrations(Exception):
    """The template has as many clients as its manifest permits."""


class Registrations:
    """Satisfies the server's port of this name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, registration: Registration, most: int) -> int:
        """Insert; the revision that holds it. Raises TooManyRegistrations where its template has `most` already.

        The counter's row is locked first, so of two that want the last place one is refused.
        """
        same = (
            registrations.c.application_id == registration.application_id,
            registrations.c.application_incarnation == registration.application_incarnation,
        )
        async with self._database.write() as transaction:
            value = await self._raise(transaction, [registration])
            counted = select(func.count()).select_from(registrations).where(*same, _LIVE)
            if (await transaction.execute(counted)).scalar_one() >= most:
                await transaction.rollback()
                raise TooManyRegistrations
            await transaction.execute(insert(registrations), _row(registration))
        return value

    async def replace(self, registration: Registration) -> int | None:
        """Write its metadata anew, as its next version; the revision, or None where it is gone."""
        own = update(registrations).where(registrations.c.client_id == registration.client_id, _LIVE)
        async with self._database.write() as transaction:
            value = await self._raise(transaction, [registration])
            version = registrations.c.version + 1
            written = own.values(metadata=dict(registration.metadata), version=version, pending=True)
            if (await transaction.execute(written)).rowcount != 1:
                await transaction.rollback()
                return None
        return value

    async def remove(self, gone: Sequence[Registration]) -> int:
        """Serve them no more; the revision. The rows stay until their objects have followed."""
        async with self._database.write() as transaction:
            value = await self._raise(transaction, gone)
            ids = [registration.client_id for registration in gone]
            ended = update(registrations).where(registrations.c.client_id.in_(ids), _LIVE)
            await transaction.execute(ended.values(deleted_at=self._database.now, pending=True))
        return value

    async def used(self, until: Mapping[str, float], now: float) -> None:
        """These clients were used: they are kept until then."""
        async with self._database.write() as transaction:
            for client_id, expires_at in sorted(until.items()):
                await transaction.execute(
                    update(registrations)
                    .where(registrations.c.client_id == client_id)
                    .values(used_at=now, expires_at=expires_at)
                )

    async def expired(self, now: float, limit: int) -> Sequence[Registration]:
        """Those that nobody has used for too long."""
        statement = select(registrations).where(registrations.c.expires_at <= now, _LIVE).limit(limit)
        async with self._database.read() as transaction:
            return [Registration(**row) for row in (await transaction.execute(statement)).mappings()]

    async def load_all(self) -> Sequence[Registration]:
        """Every one."""
        async with self._database.read() as transaction:
            return [
                Registration(**row)
                for row in (await transaction.execute(select(registrations).where(_LIVE))).mappings()
            ]

    async def load(self, client_ids: Sequence[str]) -> Mapping[str, Registration | None]:
        """By client id; None: gone."""
        statement = select(registrations).where(registrations.c.client_id.in_(client_ids), _LIVE)
        async with self._database.read() as transaction:
            found = (await transaction.execute(statement)).mappings().all()
        return dict.fromkeys(client_ids) | {row["client_id"]: Registration(**row) for row in found}

    async def served_everywhere(self, value: int) -> bool:
        """Whether every live replica has applied this revision."""
        slowest = select(func.min(replicas.c.applied_revision)).where(replicas.c.expires_at > self._database.now)
        async with self._database.read() as transaction:
            applied: int | None = (await transaction.execute(slowest)).scalar_one_or_none()
        return applied is None or applied >= value

    async def _raise(self, transaction: Transaction, changed: Sequence[Registration]) -> int:
        ids = [change_id(registration.application_id, registration.client_id) for registration in changed]
        return await announce(self._database, transaction, Kind.APPLICATION, ids)


def _row(registration: Registration) -> dict[str, object]:
    return {name: getattr(registration, name) for name in registration.__dataclass_fields__} | {
        "metadata": dict(registration.metadata)
    }
