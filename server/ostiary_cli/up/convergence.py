"""Brings the store to what a directory declares, with the operator's own reconcilers.

Every object is reconciled each time: unchanged ones write nothing, and a generated Secret that was deleted comes back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from ostiary_cli.manifests.envelope import Declaration, Kind
from ostiary_cli.manifests.secret import SecretManifest
from ostiary_cli.up.incarnations import Incarnation, Incarnations, Key
from ostiary_cli.up.manifest_folder import Snapshot
from ostiary_cli.up.secret_files import SecretFiles, held_secret
from ostiary_operator.reconcile.application import ApplicationReconciler
from ostiary_operator.reconcile.declared import DeclaredApplication, DeclaredUser, own_annotations
from ostiary_operator.reconcile.outcome import Outcome
from ostiary_operator.reconcile.secret_port import SecretChanged
from ostiary_operator.reconcile.user import UserReconciler
from ostiary_state.intent import IntentStore

GENERATION = 1  # a file has no generations; it is only ever read whole
AT_ONCE = 8  # objects in flight: passwords are hashed beside each other, and commits shared


@dataclass(frozen=True, slots=True)
class Reconciled:
    """One declared object and what became of it."""

    declaration: Declaration
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Convergence:
    """Runs over whole snapshots, one at a time."""

    store: IntentStore
    applications: ApplicationReconciler
    users: UserReconciler
    secrets: SecretFiles
    incarnations: Incarnations

    async def converge(self, snapshot: Snapshot) -> Sequence[Reconciled]:
        """Raises StoreUnavailable or SecretChanged: run it again, what was written stays written.

        What is gone goes first: it may give up a client id or an address that another now takes.
        """
        declared = tuple(snapshot.declarations)
        objects = [each for each, _ in declared if each.kind in (Kind.APPLICATION, Kind.USER)]
        self.secrets.declare(
            {
                each.id: held_secret(each.namespace, each.name, SecretManifest.of(each), reading.version)
                for each, reading in declared
                if each.kind is Kind.SECRET
            }
        )
        self.incarnations.remember({(each.kind, each.id): each.document.file for each in objects})
        await self._end(snapshot, {(each.kind, each.id) for each in objects})
        outcomes = await self._all(objects)
        if any(each.released for each in outcomes) and any(each.contested for each in outcomes):
            outcomes = await self._all(objects)
        return [Reconciled(each, outcome) for each, outcome in zip(objects, outcomes, strict=True)]

    async def _all(self, objects: Sequence[Declaration]) -> Sequence[Outcome]:
        limit = asyncio.Semaphore(AT_ONCE)

        async def one(declaration: Declaration) -> Outcome:
            async with limit:
                return await self._reconcile(declaration)

        results = await asyncio.gather(*map(one, objects), return_exceptions=True)  # nothing runs on after a failure
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return [result for result in results if isinstance(result, Outcome)]

    async def _reconcile(self, declaration: Declaration) -> Outcome:
        uid = self.incarnations.held[declaration.kind, declaration.id].uid
        if declaration.kind is Kind.USER:
            user = DeclaredUser(declaration.namespace, declaration.name, uid, GENERATION, declaration.spec)
            return await _again(lambda: self.users.reconcile(user))
        application = DeclaredApplication(
            declaration.namespace,
            declaration.name,
            uid,
            GENERATION,
            declaration.spec,
            annotations=own_annotations(declaration.annotations),
        )
        return await _again(lambda: self.applications.reconcile(application))

    async def _end(self, snapshot: Snapshot, declared: set[Key]) -> None:
        """What no file declares any more, unless the file that did is broken now."""
        for key, held in sorted(self.incarnations.held.items()):
            if key not in declared and held.file not in snapshot.broken:
                await self._delete(key, held)
                self.secrets.collect(held.uid)
                self.incarnations.forget(key)

    async def _delete(self, key: Key, held: Incarnation) -> None:
        kind, id_ = key
        namespace, _, name = id_.partition("/")
        if kind is Kind.USER:
            gone = DeclaredUser(namespace, name, held.uid, GENERATION, {})
            await self.users.reconcile(replace(gone, deleted=True))
            return
        row = await self.store.application(id_)  # the file is gone: what it said last is what the store holds
        spec = row.spec if row is not None else {}
        application = DeclaredApplication(namespace, name, held.uid, GENERATION, spec)
        await _again(lambda: self.applications.reconcile(replace(application, deleted=True)))


async def _again(reconcile: Callable[[], Awaitable[Outcome]]) -> Outcome:
    """A Secret's file was touched in between: look again, once."""
    try:
        return await reconcile()
    except SecretChanged:
        return await reconcile()
