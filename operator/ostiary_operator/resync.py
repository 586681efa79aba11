"""Compares everything with everything now and then: what no event told is repaired here."""

import asyncio
import logging
from collections.abc import Callable

from ostiary_operator.cluster import ApiRefused
from ostiary_operator.credentials import KubernetesSecrets
from ostiary_operator.objects import Key, ObjectKind, Objects
from ostiary_operator.reconcile.secret_port import ClusterUnavailable
from ostiary_operator.status import StatusWriter
from ostiary_operator.worklist import Worklist
from ostiary_state.errors import StoreUnavailable
from ostiary_state.intent import IntentStore

logger = logging.getLogger(__name__)

_AHEAD = 100  # objects on the worklist: what users change meanwhile comes soon after


class Resync:
    """Puts every object on the worklist, and every row whose object is gone."""

    def __init__(
        self,
        objects: Objects,
        store: IntentStore,
        status: StatusWriter,
        secrets: KubernetesSecrets,
        worklist: Worklist,
        vacated: Callable[[str], None],
        *,
        namespaces: frozenset[str],
        interval: float,
    ) -> None:
        self._objects, self._store, self._status = objects, store, status
        self._secrets, self._worklist, self._vacated = secrets, worklist, vacated
        self._namespaces, self._interval = namespaces, interval

    async def run(self) -> None:
        """For ever, first after one interval: at the start kopf brings every object."""
        while True:
            await asyncio.sleep(self._interval)
            try:
                await self.once()
            except (StoreUnavailable, ClusterUnavailable, ApiRefused) as error:
                logger.warning("resync broke off: %s", error)

    async def once(self) -> None:
        """One comparison."""
        rows = {
            ObjectKind.APPLICATION: [row.id for row in await self._store.applications() if row.owned],
            ObjectKind.USER: [row.id for row in await self._store.users()],
        }
        seen: set[Key] = set()
        needing: set[str] = set()
        for kind in ObjectKind:
            for namespace in sorted(self._namespaces) if self._namespaces else (None,):
                async for body in self._objects.all(kind, namespace):
                    key = Key.of(kind, body)
                    seen.add(key)
                    self._status.observe(key, body)
                    declared = kind.declared(body)
                    if declared.needs_secret and not declared.deleted:
                        needing.add(key.namespace)
                    await self._add(key, declared.deleted)
        for kind, ids in rows.items():
            for key in (Key.of_row(kind, row_id) for row_id in ids):
                if key not in seen and (not self._namespaces or key.namespace in self._namespaces):
                    await self._add(key, deleted=False)
        for namespace in sorted(await self._secrets.surplus(frozenset(needing))):
            self._vacated(namespace)  # which looks again: some may have come into use while this ran

    async def _add(self, key: Key, deleted: bool) -> None:
        """Each is read afresh when its turn comes; deletions are kopf's, which holds the finalizer."""
        await self._worklist.below(_AHEAD)
        if not deleted:
            self._worklist.add(key, quiet=True)
