"""What reconciling meets, in memory: a store that keeps its uniqueness, Secrets as an API server keeps them, faults."""

import hashlib
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ostiary_operator.reconcile.application import ApplicationReconciler
from ostiary_operator.reconcile.declared import DeclaredApplication, DeclaredUser
from ostiary_operator.reconcile.drift import Drifts
from ostiary_operator.reconcile.rotating import Turns
from ostiary_operator.reconcile.secret_port import HeldSecret, SecretChanged, SecretForbidden, WantedSecret
from ostiary_operator.reconcile.user import UserReconciler
from ostiary_operator.reconcile.vanished import Vanished
from ostiary_operator.reconcile.writer import GroupCommit
from ostiary_state.intent import IntentWrite, StoredApplication, StoredUser
from tests.fake_intent import MemoryIntent
from tests.fakes import MemoryDatabase
from tests.reconciling.fake_routes import Routes

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


@dataclass(frozen=True)
class Store(MemoryIntent):
    """The store in memory. `batches` is every transaction that was committed."""

    database: MemoryDatabase = field(default_factory=MemoryDatabase)
    batches: list[Sequence[IntentWrite]] = field(default_factory=list)

    async def write(self, writes: Sequence[IntentWrite], *, fence: int, now: float) -> int:
        revision = await MemoryIntent.write(self, writes, fence=fence, now=now)
        self.batches.append(writes)
        return revision

    @property
    def rows(self) -> Mapping[str, StoredApplication]:
        """Live applications by id."""
        return {row.id: row for row in self._live_applications()}

    @property
    def people(self) -> Mapping[str, StoredUser]:
        """Live users by id."""
        return {row.id: row for row in self._live_users()}

    def put(self, row: StoredApplication | StoredUser) -> None:
        """As it is, past every check."""
        if isinstance(row, StoredApplication):
            self.database.applications[row.id, row.incarnation] = row
        else:
            self.database.users[row.id, row.incarnation] = row


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
        **more: Any,
    ) -> None:
        """As somebody else would."""
        version = f"uid-of-{name}/{self._versions()}"
        self.held[namespace, name] = HeldSecret(namespace, name, version, data, labelled, application, owner, **more)

    async def get(self, namespace: str, name: str) -> HeldSecret | None:
        self._permit(namespace)
        return self.held.get((namespace, name))

    async def create(self, wanted: WantedSecret) -> HeldSecret:
        self._permit(wanted.namespace)
        if (wanted.namespace, wanted.name) in self.held:
            raise SecretChanged(wanted.name)
        return self._write(wanted)

    async def replace(self, held: HeldSecret, wanted: WantedSecret) -> HeldSecret:
        self._permit(held.namespace)
        if self.held.get((held.namespace, held.name)) != held:
            raise SecretChanged(held.name)
        assert wanted.type == held.type, "the API server refuses it"
        return self._write(wanted.over(held))

    def _write(self, wanted: WantedSecret) -> HeldSecret:
        self.writes += 1
        self.put(
            wanted.name,
            wanted.data,
            namespace=wanted.namespace,
            application=wanted.application,
            owner=wanted.owner,
            labels=wanted.all_labels,
            annotations=wanted.all_annotations,
            type=wanted.type,
        )
        if self.lose_next:
            self.lose_next = False
            raise Crash
        return self.held[wanted.namespace, wanted.name]

    def _permit(self, namespace: str) -> None:
        if namespace in self.forbidden:
            raise SecretForbidden(f"kubectl create rolebinding -n {namespace}")


@dataclass
class Objects:
    """RegisteredObjects. What is applied is what the object says then, beside what it said."""

    applied: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    others: Mapping[str, Any] = field(default_factory=dict)  # what somebody else made the object say

    async def apply(
        self, namespace: str, name: str, spec: dict[str, Any], template: StoredApplication, uid: str | None
    ) -> DeclaredApplication:
        assert template.id == f"{namespace}/{spec['registeredBy']}", "which owns it"
        self.applied.append((f"{namespace}/{name}", spec))
        return DeclaredApplication(namespace, name, uid or "uid-new", 2, {**self.others, **spec})


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
    objects: Objects | None = field(default_factory=Objects)
    now: float = NOW
    default_issuer: str | None = ISSUER
    client_id_prefixes: frozenset[str] = frozenset()
    user_namespaces: frozenset[str] | None = frozenset({"people"})
    minted: list[str] = field(default_factory=list)
    drifts: Drifts = field(default_factory=Drifts)
    trusts_cluster: bool = True
    routes: Routes = field(default_factory=Routes)
    turns: Turns = field(default_factory=lambda: Turns(0.0))

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
            turns=self.turns,
            drifts=self.drifts,
            registered_objects=self.objects,
            trusts_cluster=self.trusts_cluster,
            routes=self.routes,
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
