"""What reconciling meets, in memory: a store that keeps its uniqueness, Secrets as an API server keeps them, faults."""

import hashlib
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ostiary_operator.reconcile.application import ApplicationReconciler
from ostiary_operator.reconcile.declared import DeclaredApplication, DeclaredUser
from ostiary_operator.reconcile.secret_port import HeldSecret, SecretChanged, SecretForbidden, WantedSecret
from ostiary_operator.reconcile.user import UserReconciler
from ostiary_operator.reconcile.vanished import Vanished
from ostiary_operator.reconcile.writer import GroupCommit
from ostiary_state.errors import StoreUnavailable
from ostiary_state.intent import (
    IntentConflict,
    IntentWrite,
    Kind,
    ServedRevision,
    StaleWriter,
    StoredApplication,
    StoredUser,
    Tombstone,
)
from ostiary_state.runtime.issuer import Issuer

ISSUER = "https://login.example.com"
NOW = 1_800_000_000.0


def application(
    spec: Mapping[str, Any] | None = None,
    *,
    namespace: str = "shop",
    name: str = "web",
    uid: str = "uid-1",
    generation: int = 1,
    deleted: bool = False,
) -> DeclaredApplication:
    """An OAuthApplication; without a spec, a good one."""
    if spec is None:
        spec = {"callbackURLs": ["https://shop.example.com/callback"]}
    return DeclaredApplication(namespace, name, uid, generation, spec, deleted)


def user(
    spec: Mapping[str, Any] | None = None,
    *,
    namespace: str = "people",
    name: str = "ada",
    uid: str = "uid-1",
    generation: int = 1,
    deleted: bool = False,
) -> DeclaredUser:
    """An OAuthUser; without a spec, one with a password Secret."""
    if spec is None:
        spec = {"username": "ada", "passwordSecretRef": {"name": "ada"}}
    return DeclaredUser(namespace, name, uid, generation, spec, deleted)


@dataclass
class Store:
    """An IntentStore. `batches` is every transaction that was committed."""

    rows: dict[str, StoredApplication] = field(default_factory=dict)
    people: dict[str, StoredUser] = field(default_factory=dict)
    issuers: dict[str, Issuer] = field(default_factory=dict)
    batches: list[list[IntentWrite]] = field(default_factory=list)
    revision: int = 0
    highest_fence: int = 0
    away: bool = False
    served_revision: ServedRevision = field(default_factory=lambda: ServedRevision(None, 0))

    async def application(self, application_id: str) -> StoredApplication | None:
        self._answer()
        return self.rows.get(application_id)

    async def applications(self) -> Sequence[StoredApplication]:
        self._answer()
        return list(self.rows.values())

    async def application_of_client(self, client_id: str) -> StoredApplication | None:
        self._answer()
        return next((row for row in self.rows.values() if row.client_id == client_id), None)

    async def user(self, user_id: str) -> StoredUser | None:
        self._answer()
        return self.people.get(user_id)

    async def users(self) -> Sequence[StoredUser]:
        self._answer()
        return list(self.people.values())

    async def user_of_username(self, username: str) -> StoredUser | None:
        self._answer()
        return next((row for row in self.people.values() if row.username == username), None)

    async def issuer_of_origin(self, origin: str) -> Issuer | None:
        self._answer()
        return self.issuers.get(origin)

    async def served(self) -> ServedRevision:
        self._answer()
        return self.served_revision

    async def write(self, writes: Sequence[IntentWrite], *, fence: int, now: float) -> int:  # noqa: ARG002
        self._answer()
        if fence < self.highest_fence:
            raise StaleWriter
        self.highest_fence = fence
        rows, people, issuers = dict(self.rows), dict(self.people), dict(self.issuers)
        for write in writes:
            self._one(write)
            if self._conflict is not None:
                self.rows, self.people, self.issuers = rows, people, issuers
                conflict, self._conflict = self._conflict, None
                raise conflict
        self.revision += 1
        self.batches.append(list(writes))
        return self.revision

    _conflict: IntentConflict | None = None

    def _answer(self) -> None:
        if self.away:
            raise StoreUnavailable("the database is away")

    def _one(self, write: IntentWrite) -> None:
        if isinstance(write, Tombstone):
            table: dict[str, Any] = self.rows if write.kind is Kind.APPLICATION else self.people
            if write.id in table and table[write.id].incarnation == write.incarnation:
                del table[write.id]
        elif isinstance(write, StoredApplication):
            holder = next((r for r in self.rows.values() if r.client_id == write.client_id and r.id != write.id), None)
            if holder is not None:
                self._conflict = IntentConflict("client_id", write.client_id, holder.id, write.id)
            self.issuers.setdefault(write.origin, Issuer(f"iss-{write.origin}", write.origin, write.namespace or None))
            issuer = self.issuers[write.origin]
            if issuer.namespace not in (None, write.namespace):
                self._conflict = IntentConflict("origin", write.origin, issuer.namespace, write.id)
            self.rows[write.id] = replace(write, revision=self.revision + 1, issuer_id=issuer.id)
        else:
            rival = next((r for r in self.people.values() if r.username == write.username and r.id != write.id), None)
            if rival is not None:
                self._conflict = IntentConflict("username", write.username, rival.id, write.id)
            before = self.people.get(write.id)
            subject = before.subject if before and before.incarnation == write.incarnation else f"u_{self.revision}"
            self.people[write.id] = replace(write, revision=self.revision + 1, subject=subject)


@dataclass
class Secrets:
    """A SecretPort. `lose_next` makes the next write happen and its answer get lost, as a crash would."""

    held: dict[tuple[str, str], HeldSecret] = field(default_factory=dict)
    forbidden: set[str] = field(default_factory=set)
    writes: int = 0
    lose_next: bool = False
    _versions: Callable[[], int] = field(default_factory=lambda: itertools.count(1).__next__)

    def put(
        self,
        name: str,
        data: Mapping[str, bytes],
        *,
        namespace: str = "shop",
        labelled: bool = True,
        application: str | None = None,
        owner: str | None = None,
    ) -> None:
        """As somebody else would."""
        version = f"uid-of-{name}/{self._versions()}"
        self.held[namespace, name] = HeldSecret(namespace, name, version, data, labelled, application, owner)

    async def get(self, namespace: str, name: str) -> HeldSecret | None:
        self._permit(namespace)
        return self.held.get((namespace, name))

    async def create(self, wanted: WantedSecret) -> HeldSecret:
        self._permit(wanted.namespace)
        if (wanted.namespace, wanted.name) in self.held:
            raise SecretChanged(wanted.name)
        return self._write(wanted, wanted.data)

    async def replace(self, held: HeldSecret, wanted: WantedSecret) -> HeldSecret:
        self._permit(held.namespace)
        if self.held.get((held.namespace, held.name)) != held:
            raise SecretChanged(held.name)
        return self._write(wanted, {**held.data, **wanted.data})

    def _write(self, wanted: WantedSecret, data: Mapping[str, bytes]) -> HeldSecret:
        self.writes += 1
        self.put(
            wanted.name,
            data,
            namespace=wanted.namespace,
            application=wanted.application,
            owner=wanted.owner,
        )
        if self.lose_next:
            self.lose_next = False
            raise Crash
        return self.held[wanted.namespace, wanted.name]

    def _permit(self, namespace: str) -> None:
        if namespace in self.forbidden:
            raise SecretForbidden(f"kubectl create rolebinding -n {namespace}")


class Crash(Exception):
    """The process died here."""


@dataclass
class Hasher:
    """A PasswordHasher that counts and is fast."""

    hashed: int = 0
    compared: int = 0

    async def hash(self, password: str) -> str:
        self.hashed += 1
        return f"$fake${self.hashed}${hashlib.sha256(password.encode()).hexdigest()}"

    async def matches(self, password_hash: str, password: str) -> bool:
        self.compared += 1
        return password_hash.endswith(hashlib.sha256(password.encode()).hexdigest())


@dataclass
class World:
    """Everything that reconciling meets, and the reconcilers in it."""

    store: Store = field(default_factory=Store)
    secrets: Secrets = field(default_factory=Secrets)
    hasher: Hasher = field(default_factory=Hasher)
    now: float = NOW
    default_issuer: str | None = ISSUER
    client_id_prefixes: frozenset[str] = frozenset()
    user_namespaces: frozenset[str] | None = frozenset({"people"})
    minted: list[str] = field(default_factory=list)

    @property
    def writer(self) -> GroupCommit:
        return GroupCommit(self.store, lambda: 1, lambda: self.now)

    @property
    def applications(self) -> ApplicationReconciler:
        return ApplicationReconciler(
            store=self.store,
            writer=self.writer,
            secrets=self.secrets,
            default_issuer=self.default_issuer,
            client_id_prefixes=self.client_id_prefixes,
            now=lambda: self.now,
            new_secret=self._mint,
        )

    @property
    def users(self) -> UserReconciler:
        return UserReconciler(
            store=self.store,
            writer=self.writer,
            secrets=self.secrets,
            hasher=self.hasher,
            namespaces=self.user_namespaces,
            now=lambda: self.now,
        )

    @property
    def vanished(self) -> Vanished:
        return Vanished(self.store, self.writer)

    def _mint(self) -> str:
        self.minted.append(hashlib.sha256(str(len(self.minted)).encode()).hexdigest())
        return self.minted[-1]
