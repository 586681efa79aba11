"""People at sign-in."""

from sqlalchemy import ColumnElement, select

from ostiary_state.store import rows
from ostiary_state.store.database import Database
from ostiary_state.store.tables import users
from ostiary_state.users.user import User


class Users:
    """Satisfies the server's port of this name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_username(self, username: str) -> User | None:
        """Any live user, disabled ones included; the caller decides."""
        return await self._one(users.c.username == username)

    async def by_id(self, user_id: str, incarnation: str) -> User | None:
        """None when the object is gone or another incarnation."""
        return await self._one((users.c.id == user_id) & (users.c.incarnation == incarnation))

    async def by_incarnation(self, incarnation: str) -> User | None:
        """Whom an access token was issued for; None when the object is gone."""
        return await self._one(users.c.incarnation == incarnation)

    async def _one(self, condition: ColumnElement[bool]) -> User | None:
        statement = select(users).where(condition, users.c.deleted_at.is_(None))
        async with self._database.read() as transaction:
            row = (await transaction.execute(statement)).mappings().one_or_none()
        return rows.user_of(row) if row is not None else None
