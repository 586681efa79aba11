"""One transaction of intent, in an order in which nothing can wait while the revision's row is locked.

Revisions must become visible in the order of their numbers, so the counter's row is locked from the moment that it is
raised until commit, and every other writer waits behind it. The rows and the `changes` carry the number and can only
be written after that; so everything that may wait or be refused comes before: locks on the objects' rows, conflicts,
claims of addresses. What is left behind the counter is a handful of statements on rows that are locked already.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, and_, func, insert, or_, select, tuple_, update

from ostiary_state.intent import IntentConflict, Kind, StaleWriter, StoredApplication, StoredUser
from ostiary_state.store import rows
from ostiary_state.store.database import Database, Transaction
from ostiary_state.store.dialects import upsert
from ostiary_state.store.intent_batch import IntentBatch
from ostiary_state.store.issuer_claims import IssuerClaims
from ostiary_state.store.registered_clients import RegisteredClients
from ostiary_state.store.tables import applications, changes, revision, users

CHANNEL = "ostiary_revision"  # NOTIFY: the payload is the revision, nothing else

_Keys = set[tuple[str, str]]  # id, incarnation
_Present = Mapping[tuple[str, str], rows.Record]


@dataclass(frozen=True, slots=True)
class IntentTransaction:
    """Writes one batch. Made anew for each transaction."""

    database: Database
    transaction: Transaction
    grace: float  # seconds that a vacated address stays its namespace's
    random_text: Callable[[], str]

    async def write(self, batch: IntentBatch, *, fence: int, now: float) -> int:
        """The new revision, or the present one where the batch changes no row."""
        present_applications = await self._locked(applications, "client_id", batch.ids(Kind.APPLICATION), batch)
        present_users = await self._locked(users, "username", batch.ids(Kind.USER), batch)
        ending_applications = _ending(Kind.APPLICATION, batch, batch.applications, present_applications)
        ending_users = _ending(Kind.USER, batch, batch.users, present_users)
        if not (batch.applications or batch.users or ending_applications or ending_users):
            return await self._unchanged(fence)
        _refuse("client_id", _wanted_client_ids(batch), present_applications, ending_applications)
        _refuse("username", _wanted_usernames(batch), present_users, ending_users)
        written = {each.id for each in batch.applications} | {key for key, _ in ending_applications}
        former = {
            row["issuer_id"]
            for (key, _), row in present_applications.items()
            if key in written and row["deleted_at"] is None
        }
        claims = IssuerClaims(self.database, self.transaction, self.grace, self.random_text)
        issuer_ids = await claims.claim(batch.applications, former, now)

        value = await self._raise(fence)
        await self._end(applications, ending_applications, value, now)
        await self._end(users, ending_users, value, now)
        await self._put(applications, self._application_rows(batch, present_applications, issuer_ids, value))
        await self._put(users, self._user_rows(batch, present_users, value))
        await claims.vacate(former - set(issuer_ids.values()), now)
        clients = RegisteredClients(self.transaction)
        gone = [present_applications[key] for key in ending_applications]
        changed = [
            *((Kind.APPLICATION, key) for key in written),
            *((Kind.APPLICATION, key) for key in await clients.settle(batch.applications)),
            *((Kind.APPLICATION, key) for key in await clients.end(gone, keeping=_wanted_client_ids(batch))),
            *((Kind.USER, key) for key in {each.id for each in batch.users} | {key for key, _ in ending_users}),
            *((Kind.ISSUER, key) for key in claims.changed),
        ]
        await self.transaction.execute(
            insert(changes), [{"revision": value, "kind": str(kind), "id": key} for kind, key in changed]
        )
        if self.database.postgresql:
            await self.transaction.execute(select(func.pg_notify(CHANNEL, str(value))))
        return value

    async def refuse_held(self, batch: IntentBatch) -> None:
        """Raise IntentConflict for a name that another object holds now; return where none is."""
        for field, kind, table, wanted in (
            ("client_id", Kind.APPLICATION, applications, _wanted_client_ids(batch)),
            ("username", Kind.USER, users, _wanted_usernames(batch)),
        ):
            _refuse(field, wanted, await self._locked(table, field, batch.ids(kind), batch, lock=False), set())

    async def _locked(
        self, table: Table, name: str, ids: Iterable[str], batch: IntentBatch, *, lock: bool = True
    ) -> _Present:
        """The rows of these objects, tombstones included, and who holds the names that they want."""
        wanted = _wanted_client_ids(batch) if table is applications else _wanted_usernames(batch)
        if not (ids or wanted):
            return {}
        statement = (
            select(table)
            .where(or_(table.c.id.in_(ids), and_(table.c[name].in_(wanted), table.c.deleted_at.is_(None))))
            .order_by(table.c.id, table.c.incarnation)
        )
        found = await self.transaction.execute(statement.with_for_update() if lock else statement)
        return {(row["id"], row["incarnation"]): row for row in found.mappings()}

    async def _unchanged(self, fence: int) -> int:
        value, highest = (await self.transaction.execute(select(revision.c.value, revision.c.fence))).one()
        if highest > fence:
            raise StaleWriter(_stale(fence))
        return int(value)

    async def _raise(self, fence: int) -> int:
        statement = (
            update(revision)
            .where(revision.c.fence <= fence)
            .values(value=revision.c.value + 1, fence=fence)
            .returning(revision.c.value)
        )
        value = (await self.transaction.execute(statement)).scalar_one_or_none()
        if value is None:
            raise StaleWriter(_stale(fence))
        return int(value)

    async def _end(self, table: Table, ending: _Keys, value: int, now: float) -> None:
        if ending:
            await self.transaction.execute(
                update(table)
                .where(tuple_(table.c.id, table.c.incarnation).in_(sorted(ending)))
                .values(deleted_at=now, revision=value, written_at=self.database.now)
            )

    async def _put(self, table: Table, records: Sequence[Mapping[str, Any]]) -> None:
        """One statement for any number of rows: the driver sends them together."""
        if not records:
            return
        insertion = upsert(self.database, table).values(written_at=self.database.now)
        keys = {column.name for column in table.primary_key}
        replaced = {name: insertion.excluded[name] for name in [*records[0], "written_at"] if name not in keys}
        await self.transaction.execute(
            insertion.on_conflict_do_update(index_elements=sorted(keys), set_=replaced), records
        )

    def _application_rows(
        self, batch: IntentBatch, present: _Present, issuer_ids: Mapping[str, str], value: int
    ) -> list[Mapping[str, Any]]:
        return [
            {
                "id": each.id,
                "incarnation": each.incarnation,
                "client_id": each.client_id,
                "issuer_id": issuer_ids[each.origin],
                "namespace": each.namespace,
                "spec": dict(each.spec),
                "secret_digests": [digest.hex() for digest in each.secret_digests],
                "credentials": [credential.stored() for credential in each.credentials],
                "rotate_at": each.rotate_at,
                "revoke_at": max((end for each_ in each.credentials if (end := each_.expires_at)), default=None),
                "not_before": _not_before(each, present),
                "owned": each.owned,
                "revision": value,
                "deleted_at": None,
            }
            for each in batch.applications
        ]

    def _user_rows(self, batch: IntentBatch, present: _Present, value: int) -> list[Mapping[str, Any]]:
        return [
            {
                "id": each.id,
                "incarnation": each.incarnation,
                "username": each.username,
                "subject": self._subject(each, present),
                "spec": dict(each.spec),
                "enabled": each.spec.get("enabled", True),
                "password_hash": each.password_hash,
                "password_version": each.password_version,
                "not_before": _not_before(each, present),
                "revision": value,
                "deleted_at": None,
            }
            for each in batch.users
        ]

    def _subject(self, user: StoredUser, present: _Present) -> str:
        """Kept for as long as the incarnation lives; another incarnation gets one of its own."""
        before = present.get((user.id, user.incarnation))
        if before is not None:
            return str(before["subject"])
        return user.subject or f"u_{self.random_text()}"


def _wanted_client_ids(batch: IntentBatch) -> Mapping[str, str]:
    return {each.client_id: each.id for each in batch.applications}


def _wanted_usernames(batch: IntentBatch) -> Mapping[str, str]:
    return {each.username: each.id for each in batch.users}


def _ending(
    kind: Kind, batch: IntentBatch, written: Sequence[StoredApplication | StoredUser], present: _Present
) -> _Keys:
    """Live rows that the batch ends: by their tombstone, or because another incarnation takes their id."""
    incarnations = {each.id: each.incarnation for each in written}
    return {
        (key, incarnation)
        for (key, incarnation), row in present.items()
        if row["deleted_at"] is None
        and ((kind, key, incarnation) in batch.tombstones or incarnations.get(key, incarnation) != incarnation)
    }


def _refuse(field: str, wanted: Mapping[str, str], present: _Present, ending: _Keys) -> None:
    """Raise IntentConflict for the first name that a live row of another object holds."""
    for (key, incarnation), row in present.items():
        writer = wanted.get(row[field])
        if writer is None or key == writer or row["deleted_at"] is not None or (key, incarnation) in ending:
            continue
        raise IntentConflict(field, row[field], key, writer)


def _not_before(write: StoredApplication | StoredUser, present: _Present) -> float:
    """Never falls, and an incarnation that comes back after its tombstone starts behind it."""
    before = present.get((write.id, write.incarnation))
    if before is None:
        return write.not_before
    return float(max(write.not_before, before["not_before"], before["deleted_at"] or 0.0))


def _stale(fence: int) -> str:
    return f"a writer with a later Lease than {fence} has written: this one is no longer the leader"
