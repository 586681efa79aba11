"""Remembered consent."""

from ostiary_state.runtime.consent import Consent
from ostiary_state.store import rows
from ostiary_state.store.database import Database
from ostiary_state.store.dialects import upsert
from ostiary_state.store.tables import consents


class Consents:
    """Satisfies the server's port of this name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def remember(self, consent: Consent) -> None:
        """Insert or replace on (issuer, user, client)."""
        row = rows.consent_row(consent)
        keys = [column.name for column in consents.primary_key]
        statement = (
            upsert(self._database, consents)
            .values(row)
            .on_conflict_do_update(
                index_elements=keys, set_={name: value for name, value in row.items() if name not in keys}
            )
        )
        async with self._database.write() as transaction:
            await transaction.execute(statement)
