"""Intent in memory, with what a replica reads of it; over the `MemoryDatabase` of `tests.fakes`."""

import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace

from ostiary_state.applications.application import Application
from ostiary_state.applications.registration import Registration
from ostiary_state.applications.spec import OAuthApplicationSpec
from ostiary_state.intent import (
    Held,
    IntentConflict,
    IntentWrite,
    Kind,
    ServedRevision,
    StaleWriter,
    StoredApplication,
    StoredUser,
    Tampering,
    Tombstone,
    Use,
)
from ostiary_state.runtime.issuer import Issuer
from ostiary_state.runtime.signing_key import SigningKey
from ostiary_state.store.applications import Served
from ostiary_state.store.changes import KEPT, Change, Following
from ostiary_state.store.intent import GRACE
from ostiary_state.store.intent_batch import IntentBatch
from tests.fakes import MemoryDatabase

TABLES = ("revision", "fence", "changes", "issuers", "applications", "users", "deleted", "registrations")


@dataclass(frozen=True, slots=True)
class MemoryIntent:
    """An IntentStore. A write that raises leaves everything as it was."""

    database: MemoryDatabase
    grace: float = GRACE
    _serial: Callable[[], int] = field(default_factory=lambda: itertools.count(1).__next__)

    async def application(self, application_id: str) -> StoredApplication | None:
        return next((row for row in await self.applications() if row.id == application_id), None)

    async def applications(self) -> Sequence[StoredApplication]:
        await self.database.statement()
        return self._live_applications()

    async def application_of_client(self, client_id: str) -> StoredApplication | None:
        return next((row for row in await self.applications() if row.client_id == client_id), None)

    async def rotations_due(self, now: float, limit: int) -> Sequence[str]:
        rows = [row for row in await self.applications() if row.owned and row.rotate_at is not None]
        return [row.id for row in sorted(rows, key=lambda row: row.rotate_at or 0.0) if (row.rotate_at or 0.0) <= now][
            :limit
        ]

    async def overlapping(self) -> Sequence[StoredApplication]:
        rows = await self.applications()
        return [row for row in rows if row.owned and any(each.expires_at for each in row.credentials)]

    async def uses(self, application_ids: Collection[str]) -> Sequence[Use]:
        await self.database.statement()
        return [use for use in self.database.uses.values() if use.application_id in application_ids]

    async def uses_since(self, instant: float) -> Sequence[Use]:
        await self.database.statement()
        return [use for use in self.database.uses.values() if use.used_at >= instant]

    async def tampering(self) -> Sequence[Tampering]:
        await self.database.statement()
        return list(self.database.tampering)

    async def forget_tampering(self, settled: Sequence[Tampering]) -> None:
        await self.database.statement()
        self.database.tampering = [each for each in self.database.tampering if each not in settled]

    async def user(self, user_id: str) -> StoredUser | None:
        return next((row for row in await self.users() if row.id == user_id), None)

    async def users(self) -> Sequence[StoredUser]:
        await self.database.statement()
        return self._live_users()

    async def user_of_username(self, username: str) -> StoredUser | None:
        return next((row for row in await self.users() if row.username == username), None)

    async def issuer_of_origin(self, origin: str) -> Issuer | None:
        await self.database.statement()
        return self._issuer(origin)

    async def registration(self, client_id: str) -> Registration | None:
        await self.database.statement()
        found = self.database.registrations.get(client_id)
        return found if found is not None and found.deleted_at is None else None

    async def pending_registrations(self, limit: int) -> Sequence[Registration]:
        await self.database.statement()
        return [self.database.registrations[key] for key in sorted(self._pending())][:limit]

    async def clients_of(self, application_id: str) -> Sequence[str]:
        await self.database.statement()
        rows = self.database.registrations.values()
        return [row.client_id for row in rows if row.application_id == application_id and row.deleted_at is None]

    async def forget_registration(self, client_id: str) -> None:
        await self.database.statement()
        if (row := self.database.registrations.get(client_id)) is not None and row.deleted_at is not None:
            del self.database.registrations[client_id]

    def _pending(self) -> Sequence[str]:
        return [key for key, row in self.database.registrations.items() if row.pending]

    async def served(self) -> ServedRevision:
        await self.database.statement()
        replicas = self.database.replicas
        return ServedRevision(min(replicas.values(), default=None), len(replicas), dict.fromkeys(replicas, 0.0))

    async def write(self, writes: Sequence[IntentWrite], *, fence: int, now: float) -> int:
        await self.database.statement()
        before = {name: deepcopy(getattr(self.database, name)) for name in TABLES}
        try:
            if fence < self.database.fence:
                raise StaleWriter
            batch = IntentBatch.of(writes)
            ordered = (*(Tombstone(*each) for each in batch.tombstones), *batch.applications, *batch.users)
            changed = dict.fromkeys(each for write in ordered for each in self._one(write, now))
            if changed:
                changed |= dict.fromkeys(self._vacate(now))
                self.database.revision += 1
                self.database.fence = fence
                self.database.changes += [(self.database.revision, *each) for each in changed]
        except (IntentConflict, StaleWriter):
            for name, value in before.items():
                setattr(self.database, name, value)
            raise
        return self.database.revision

    def _one(self, write: IntentWrite, now: float) -> Sequence[tuple[Kind, str]]:
        if isinstance(write, Tombstone):
            table = self.database.applications if write.kind is Kind.APPLICATION else self.database.users
            if (write.id, write.incarnation) not in table or self._gone(write.kind, write.id, write.incarnation):
                return []
            self.database.deleted[write.kind, write.id, write.incarnation] = now
            return [(write.kind, write.id), *self._unregister(table[write.id, write.incarnation])]
        if isinstance(write, StoredApplication):
            return self._application(write, now)
        return self._user(write, now)

    def _application(self, write: StoredApplication, now: float) -> Sequence[tuple[Kind, str]]:
        for row in self._live_applications():
            if row.client_id == write.client_id and row.id != write.id:
                raise IntentConflict("client_id", write.client_id, row.id, write.id)
        changed, issuer = self._claim(write, now)
        for row in self._live_applications():
            if row.id == write.id and row.incarnation != write.incarnation:
                self.database.deleted[Kind.APPLICATION, row.id, row.incarnation] = now
        settled = self._settle(write.holds) if write.holds is not None else []
        self.database.applications[write.id, write.incarnation] = replace(
            write,
            holds=None,
            issuer_id=issuer.id,
            revision=self.database.revision + 1,
            not_before=self._not_before(Kind.APPLICATION, write, self.database.applications),
        )
        return [(Kind.APPLICATION, write.id), *changed, *settled]

    def _settle(self, held: Held) -> Sequence[tuple[Kind, str]]:
        row = self.database.registrations.get(held.client_id)
        if row is None or row.version != held.version:
            return []
        self.database.registrations[row.client_id] = replace(row, pending=False)
        return [(Kind.APPLICATION, f"{row.application_id}/{row.client_id}")]

    def _unregister(self, ended: StoredApplication | StoredUser) -> Sequence[tuple[Kind, str]]:
        if not isinstance(ended, StoredApplication) or "registeredBy" not in ended.spec:
            return []
        row = self.database.registrations.pop(ended.client_id, None)
        return [] if row is None else [(Kind.APPLICATION, f"{row.application_id}/{row.client_id}")]

    def _user(self, write: StoredUser, now: float) -> Sequence[tuple[Kind, str]]:
        for row in self._live_users():
            if row.username == write.username and row.id != write.id:
                raise IntentConflict("username", write.username, row.id, write.id)
            if row.id == write.id and row.incarnation != write.incarnation:
                self.database.deleted[Kind.USER, row.id, row.incarnation] = now
        before = self.database.users.get((write.id, write.incarnation))
        self.database.users[write.id, write.incarnation] = replace(
            write,
            subject=before.subject if before else write.subject or f"u_{self._serial()}",
            revision=self.database.revision + 1,
            not_before=self._not_before(Kind.USER, write, self.database.users),
        )
        return [(Kind.USER, write.id)]

    def _claim(self, write: StoredApplication, now: float) -> tuple[Sequence[tuple[Kind, str]], Issuer]:
        issuer = self._issuer(write.origin)
        retired: list[tuple[Kind, str]] = []
        if issuer is not None and issuer.namespace not in (None, write.namespace):
            if issuer.vacated_at is None or issuer.vacated_at > now - self.grace:
                raise IntentConflict("origin", write.origin, issuer.namespace or "", write.id)
            self.database.issuers[issuer.id] = replace(issuer, retired_at=now)
            retired, issuer = [(Kind.ISSUER, issuer.id)], None
        if issuer is not None and issuer.vacated_at is None:
            return [], issuer
        if issuer is None:
            issuer = Issuer(f"i_{self._serial()}", write.origin, write.namespace or None)
        self.database.issuers[issuer.id] = replace(issuer, vacated_at=None)
        return [*retired, (Kind.ISSUER, issuer.id)], issuer

    def _vacate(self, now: float) -> Sequence[tuple[Kind, str]]:
        used = {row.issuer_id for row in self._live_applications()}
        left = [
            issuer
            for issuer in self.database.issuers.values()
            if issuer.namespace and not issuer.retired_at and issuer.vacated_at is None and issuer.id not in used
        ]
        for issuer in left:
            self.database.issuers[issuer.id] = replace(issuer, vacated_at=now)
        return [(Kind.ISSUER, issuer.id) for issuer in left]

    def _not_before(
        self,
        kind: Kind,
        write: StoredApplication | StoredUser,
        table: Mapping[tuple[str, str], StoredApplication] | Mapping[tuple[str, str], StoredUser],
    ) -> float:
        before = table.get((write.id, write.incarnation))
        deleted = self.database.deleted.pop((kind, write.id, write.incarnation), 0.0)
        return max(write.not_before, deleted, before.not_before if before else 0.0)

    def _gone(self, kind: Kind, key: str, incarnation: str) -> bool:
        return (kind, key, incarnation) in self.database.deleted

    def _live_applications(self) -> Sequence[StoredApplication]:
        rows = self.database.applications.values()
        return [row for row in rows if not self._gone(Kind.APPLICATION, row.id, row.incarnation)]

    def _live_users(self) -> Sequence[StoredUser]:
        return [row for row in self.database.users.values() if not self._gone(Kind.USER, row.id, row.incarnation)]

    def _issuer(self, origin: str) -> Issuer | None:
        issuers = self.database.issuers.values()
        return next((each for each in issuers if each.origin == origin and each.retired_at is None), None)


@dataclass(frozen=True, slots=True)
class MemoryApplications:
    database: MemoryDatabase

    async def load_all(self) -> Served:
        await self.database.statement()
        issuers = [each for each in self.database.issuers.values() if each.retired_at is None]
        return Served(self.database.revision, issuers, list(self._live().values()))

    async def load(self, ids: Sequence[str]) -> Mapping[str, Application | None]:
        await self.database.statement()
        live = self._live()
        return {key: live.get(key) for key in ids}

    async def load_issuers(self, ids: Sequence[str]) -> Sequence[Issuer]:
        await self.database.statement()
        return [self.database.issuers[key] for key in ids if key in self.database.issuers]

    def _live(self) -> dict[str, Application]:
        return {
            row.id: Application.from_spec(
                OAuthApplicationSpec.model_validate(row.spec),
                id=row.id,
                incarnation=row.incarnation,
                revision=row.revision,
                client_id=row.client_id,
                issuer_id=row.issuer_id,
                not_before=row.not_before,
                credentials=row.credentials,
            )
            for row in self.database.applications.values()
            if (Kind.APPLICATION, row.id, row.incarnation) not in self.database.deleted
        }


@dataclass(frozen=True, slots=True)
class MemoryChanges:
    database: MemoryDatabase

    async def current(self) -> int:
        await self.database.statement()
        return self.database.revision

    async def since(self, applied: int, limit: int = 1_000) -> Following:
        await self.database.statement()
        current = self.database.revision
        if applied < self.database.trimmed or applied > current:
            return Following(applied, current, (), reload=True)
        through = min(applied + limit, current)
        rows = sorted(row for row in self.database.changes if applied < row[0] <= through)
        return Following(through, current, [Change(*row) for row in rows], reload=False)

    async def trim(self, keep: int = KEPT) -> int:
        await self.database.statement()
        through = min([self.database.revision, *self.database.replicas.values()]) - keep
        kept = [row for row in self.database.changes if row[0] > through]
        removed, self.database.changes = len(self.database.changes) - len(kept), kept
        if removed:
            self.database.trimmed = max(self.database.trimmed, through)
        return removed


@dataclass(frozen=True, slots=True)
class MemoryReplicas:
    """Heartbeats that never expire by themselves."""

    database: MemoryDatabase

    async def heartbeat(self, replica_id: str, applied_revision: int) -> None:
        await self.database.statement()
        self.database.replicas[replica_id] = applied_revision

    async def remove(self, replica_id: str) -> None:
        await self.database.statement()
        self.database.replicas.pop(replica_id, None)


@dataclass(frozen=True, slots=True)
class MemorySigningKeys:
    database: MemoryDatabase

    async def load_all(self, now: float) -> Sequence[SigningKey]:
        await self.database.statement()
        return [key for key in self.database.signing_keys.values() if key.expires_at > now]

    async def load(self, issuer_ids: Sequence[str], now: float) -> Sequence[SigningKey]:
        return [key for key in await self.load_all(now) if key.issuer_id in issuer_ids]

    async def add(
        self, issuer_id: str, decide: Callable[[Sequence[SigningKey]], Sequence[SigningKey]]
    ) -> Sequence[SigningKey]:
        await self.database.statement()
        if issuer_id not in self.database.issuers:
            raise LookupError(issuer_id)
        keys = [key for key in self.database.signing_keys.values() if key.issuer_id == issuer_id]
        made = list(decide(keys))
        self.database.signing_keys |= {key.kid: key for key in made}
        return [*keys, *made]

    async def forget(self, kids: Sequence[str]) -> None:
        await self.database.statement()
        for kid in kids:
            self.database.signing_keys.pop(kid, None)
