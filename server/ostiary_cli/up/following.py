"""Follows a directory: what is saved is reconciled, served and told, until the process stops."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from watchfiles import awatch

from ostiary_cli.up.convergence import Convergence, Reconciled
from ostiary_cli.up.manifest_folder import ManifestFolder, Snapshot
from ostiary_operator.reconcile.secret_port import SecretChanged
from ostiary_state.errors import StoreUnavailable
from ostiary_state.intent import IntentStore

SETTLING_MS = 50  # without another event: editors save in several steps
GROUPED_MS = 400  # at most: a checkout of a branch is one change
LOOK_MS = 1000  # a look without any event, for mounts that send none
SECRETS = 10.0  # seconds between looks for client secrets that are due
SECOND_LOOK = 0.3  # seconds; an editor may remove a file before it writes it anew
SERVED_WITHIN = 5.0  # seconds; a new address first needs its signing keys

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class State:
    """What one look at the directory came to."""

    snapshot: Snapshot
    objects: Sequence[Reconciled]
    kept: Sequence[str]  # ids of objects whose file is broken and was never read: served as they were last
    served: bool = False


@dataclass(slots=True)
class Following:
    """One directory, one store, one server."""

    folder: ManifestFolder
    convergence: Convergence
    store: IntentStore
    wake: Callable[[], None]  # tells the server of this process that something was written
    _seen: object = None
    _next_secrets: float = 0.0
    _declared: set[tuple[str, str]] = field(default_factory=set)

    async def states(self, directory: Path, stop: asyncio.Event) -> AsyncGenerator[State, None]:
        """A state for the directory as it is, and one for each change of it. Ends when `stop` is set."""
        events = awatch(
            directory,
            step=SETTLING_MS,
            debounce=GROUPED_MS,
            rust_timeout=LOOK_MS,
            yield_on_timeout=True,
            stop_event=stop,
        )
        if (state := await self._look_if_changed()) is not None:
            yield state
        async for _ in events:
            if (state := await self._look_if_changed()) is not None:
                yield state

    async def _look_if_changed(self) -> State | None:
        fingerprint = self.folder.fingerprint()
        if fingerprint == self._seen and not await self._secrets_are_due():
            return None
        try:
            state = await self.look()
        except (StoreUnavailable, SecretChanged) as error:
            log.warning("something else uses the data directory, trying again: %s", error)
            return None
        self._seen = fingerprint
        return state

    async def _secrets_are_due(self) -> bool:
        """Whether a client secret is to be replaced or has ended, which no file tells."""
        now = time.time()
        if now < self._next_secrets:
            return False
        self._next_secrets = now + SECRETS
        try:
            if await self.store.rotations_due(now, 1):
                return True
            rows = await self.store.overlapping()
        except StoreUnavailable:
            return False
        return any(not each.valid(now) for row in rows for each in row.credentials)

    async def look(self) -> State:
        """Read, reconcile, and wait until it is served. Raises StoreUnavailable or SecretChanged."""
        snapshot = self.folder.read()
        declared = _identities(snapshot)
        if not self._declared <= declared:
            await asyncio.sleep(SECOND_LOOK)
            snapshot = self.folder.read()
            declared = _identities(snapshot)
        objects = await self.convergence.converge(snapshot)
        self._declared = declared
        self.wake()
        kept = [id_ for kind, id_ in self.convergence.incarnations.held if (kind, id_) not in declared]
        return State(snapshot, objects, kept, await self._served(objects))

    async def _served(self, objects: Sequence[Reconciled]) -> bool:
        """What the operator's condition Serving says: a live replica has applied the newest of these revisions."""
        newest = max((each.outcome.revision or 0 for each in objects), default=0)
        deadline = time.monotonic() + SERVED_WITHIN
        while (reported := (await self.store.served()).minimum) is None or reported < newest:
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.05)
        return True


def _identities(snapshot: Snapshot) -> set[tuple[str, str]]:
    return {(each.kind, each.id) for each, _ in snapshot.declarations}
