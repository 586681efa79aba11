"""Opaque access tokens."""

from sqlalchemy import insert, select

from ostiary_state.runtime.access_token import OpaqueAccessToken
from ostiary_state.store import rows
from ostiary_state.store.database import Database
from ostiary_state.store.tables import access_tokens


class AccessTokens:
    """Satisfies the server's port of this name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, token: OpaqueAccessToken) -> None:
        """Insert."""
        async with self._database.write() as transaction:
            await transaction.execute(insert(access_tokens).values(rows.access_token_row(token)))

    async def by_digest(self, digest: bytes) -> OpaqueAccessToken | None:
        """One indexed look-up, expired ones included."""
        async with self._database.read() as transaction:
            result = await transaction.execute(select(access_tokens).where(access_tokens.c.digest == digest))
            row = result.mappings().one_or_none()
        return rows.access_token_of(row) if row is not None else None
