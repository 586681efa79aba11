"""Grants and their codes."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, bindparam, exists, func, insert, select, update

from ostiary_state.runtime.grant import Grant
from ostiary_state.runtime.issued import Issued
from ostiary_state.runtime.revocation import Revocation
from ostiary_state.store import rows
from ostiary_state.store.database import Database, Transaction
from ostiary_state.store.revocations import record
from ostiary_state.store.tables import access_tokens, grants, refresh_families, refresh_tokens, sessions, users
from ostiary_state.users.user import User

# The person as they are now; none for an object that went, or that was made again under the same name.
USER_OF_GRANT = and_(
    users.c.id == grants.c.user_id, users.c.incarnation == grants.c.user_incarnation, users.c.deleted_at.is_(None)
)

# What every code flow sends is built once: building it costs SQLAlchemy more than PostgreSQL takes to answer.
_BY_CODE = (
    select(
        *(column for column in rows.labelled(grants, "grant") if column.name != "grant_revoked_at"),
        func.coalesce(grants.c.revoked_at, sessions.c.ended_at).label("grant_revoked_at"),
        *rows.labelled(users, "user"),
    )
    .outerjoin(sessions, sessions.c.id == grants.c.session_id)
    .outerjoin(users, USER_OF_GRANT)
    .where(grants.c.code_digest == bindparam("digest"))
)
_ENDED = exists().where(sessions.c.id == grants.c.session_id, sessions.c.ended_at.is_not(None))
_CLAIM = (
    update(grants)
    .where(
        grants.c.id == bindparam("claimed"), grants.c.code_consumed_at.is_(None), grants.c.revoked_at.is_(None), ~_ENDED
    )
    .values(code_consumed_at=bindparam("at"))
)
_START, _START_FAMILY = insert(grants), insert(refresh_families)
ISSUE_REFRESH_TOKEN, ISSUE_ACCESS_TOKEN = insert(refresh_tokens), insert(access_tokens)


class Grants:
    """Satisfies the server's port of this name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def start(self, grant: Grant) -> None:
        """Insert a grant, with its code."""
        async with self._database.write() as transaction:
            await transaction.execute(_START, rows.grant_row(grant))

    async def by_code(self, digest: bytes) -> tuple[Grant, User | None] | None:
        """The grant of a code, consumed or not, with its user; None for the user where the object is gone.

        A grant whose session has been ended reads as revoked then, also where it was started a moment later.
        """
        async with self._database.read() as transaction:
            row = (await transaction.execute(_BY_CODE, {"digest": digest})).one_or_none()
        return (rows.grant_of(rows.part(row, "grant")), rows.user_of(rows.part(row, "user"))) if row else None

    async def redeem(self, grant: Grant, issued: Issued, now: float) -> bool:
        """Claim the code, then insert `issued`, in one transaction. False: consumed or revoked; nothing is changed.

        The claim is the UPDATE's own WHERE, so of any number of concurrent requests one finds the row.
        """
        async with self._database.write() as transaction:
            if (await transaction.execute(_CLAIM, {"claimed": grant.id, "at": now})).rowcount != 1:
                return False
            await _insert(transaction, issued)
        return True

    async def start_with(self, issued: Issued) -> None:
        """Insert a grant with what it issued."""
        async with self._database.write() as transaction:
            await _insert(transaction, issued)

    async def claims_request(self, grant_id: str) -> Mapping[str, Any] | None:
        """What the claims parameter asked for when the grant was given."""
        async with self._database.read() as transaction:
            found: Mapping[str, Any] | None = (
                await transaction.execute(select(grants.c.claims).where(grants.c.id == grant_id))
            ).scalar_one_or_none()
        return found

    async def revoke(self, grant_id: str, revocation: Revocation, now: float) -> None:
        """Revoke a grant, its refresh families and, through the set, its access tokens.

        The grant comes first: a redemption on its way holds its row, so its family is seen by the second UPDATE.
        """
        async with self._database.write() as transaction:
            await transaction.execute(
                update(grants).where(grants.c.id == grant_id, grants.c.revoked_at.is_(None)).values(revoked_at=now)
            )
            await transaction.execute(
                update(refresh_families)
                .where(refresh_families.c.grant_id == grant_id, refresh_families.c.revoked_at.is_(None))
                .values(revoked_at=now)
            )
            await record(self._database, transaction, revocation)


async def _insert(transaction: Transaction, issued: Issued) -> None:
    """In the order in which the rows point to each other."""
    if issued.grant is not None:
        await transaction.execute(_START, rows.grant_row(issued.grant))
    if issued.family is not None:
        await transaction.execute(_START_FAMILY, rows.family_row(issued.family))
    if issued.refresh_token is not None:
        await transaction.execute(ISSUE_REFRESH_TOKEN, rows.refresh_token_row(issued.refresh_token))
    if issued.access_token is not None:
        await transaction.execute(ISSUE_ACCESS_TOKEN, rows.access_token_row(issued.access_token))
