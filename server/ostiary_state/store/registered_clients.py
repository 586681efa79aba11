"""What a transaction of intent does to registrations: they follow the OAuthApplications that hold them.

In `changes` a registration stands as an application of the id `<template>/<client_id>`: a replica of the release before
looks for such an application, finds none, and serves on.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, update

from ostiary_state.intent import StoredApplication
from ostiary_state.store import rows
from ostiary_state.store.database import Transaction
from ostiary_state.store.tables import registrations


@dataclass(frozen=True, slots=True)
class RegisteredClients:
    """Returns what changed, as it stands in `changes`."""

    transaction: Transaction

    async def settle(self, written: Iterable[StoredApplication]) -> Sequence[str]:
        """These objects hold their registration; one that has been updated since stays pending."""
        changed = []
        for each in written:
            if each.holds is None:
                continue
            own = update(registrations).where(
                registrations.c.client_id == each.holds.client_id, registrations.c.version == each.holds.version
            )
            settled = own.values(pending=False).returning(registrations.c.application_id)
            template = (await self.transaction.execute(settled)).scalar_one_or_none()
            if template is not None:
                changed.append(change_id(template, each.holds.client_id))
        return changed

    async def end(self, gone: Iterable[rows.Record], *, keeping: Collection[str]) -> Sequence[str]:
        """A client whose object was deleted is registered no more."""
        clients = {row["client_id"] for row in gone if "registeredBy" in row["spec"]} - set(keeping)
        if not clients:
            return []
        own = delete(registrations).where(registrations.c.client_id.in_(sorted(clients)))
        ended = await self.transaction.execute(own.returning(registrations.c.application_id, registrations.c.client_id))
        return [change_id(template, client_id) for template, client_id in ended]


def change_id(template: str, client_id: str) -> str:
    """As a registration stands in `changes`; `<namespace>/<name>/<client_id>`, and no object's id has two slashes."""
    return f"{template}/{client_id}"


def registered_client(change: str) -> str | None:
    """The client id of a registration's `change_id`; None: an object's id."""
    parts = change.split("/", 2)
    return parts[2] if len(parts) == 3 else None
