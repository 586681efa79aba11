"""Looks for rows that somebody has changed beside us, which the database notes, and has them put right."""

import asyncio
import logging

from ostiary_operator.objects import Key, ObjectKind
from ostiary_operator.reconcile.drift import Drifts
from ostiary_operator.worklist import Worklist
from ostiary_state.errors import StoreUnavailable
from ostiary_state.intent import IntentStore, Kind, Tampering

logger = logging.getLogger(__name__)

_LOOK = 2.0  # seconds
_KINDS = {Kind.APPLICATION: ObjectKind.APPLICATION, Kind.USER: ObjectKind.USER}


class DriftWatch:
    """One statement a look, which finds nothing at nearly any time."""

    def __init__(self, store: IntentStore, worklist: Worklist, drifts: Drifts) -> None:
        self._store, self._worklist, self._drifts = store, worklist, drifts
        self._handed: dict[tuple[Kind, str], Tampering] = {}

    async def run(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(_LOOK)
            try:
                await self.once()
            except StoreUnavailable as error:
                logger.warning("cannot look for rows that were changed: %s", error)

    async def once(self) -> None:
        """Hand over what is new; what was handed over and is off the list is settled."""
        settled = []
        for each in await self._store.tampering():
            key = Key.of_row(_KINDS[each.kind], each.id)
            if self._handed.get((each.kind, each.id)) != each:
                logger.warning(
                    "%s %s was changed in the database by %s", key.kind.value, each.id, each.who or "somebody"
                )
                self._handed[each.kind, each.id] = each
                if each.kind is Kind.APPLICATION:
                    self._drifts.noticed[each.id] = each
                self._worklist.add(key, quiet=True)
            elif key not in self._worklist:
                settled.append(each)
        if settled:
            await self._store.forget_tampering(settled)
        for each in settled:
            del self._handed[each.kind, each.id]
            self._drifts.noticed.pop(each.id, None)
