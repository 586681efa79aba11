"""Refresh tokens and their families."""

from sqlalchemy import and_, func, insert, or_, select, update

from ostiary_state.runtime.access_token import OpaqueAccessToken
from ostiary_state.runtime.refresh_token import RefreshContext, RefreshFamily, RefreshToken
from ostiary_state.store import rows
from ostiary_state.store.database import Database
from ostiary_state.store.grants import USER_OF_GRANT
from ostiary_state.store.tables import access_tokens, grants, refresh_families, refresh_tokens, sessions, users


class RefreshTokens:
    """Satisfies the server's port of this name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def context(self, digest: bytes, now: float) -> RefreshContext | None:
        """The token with its family, grant, user, session liveness and successor; None for an unknown token."""
        successors = refresh_tokens.alias("successors")
        live = or_(
            grants.c.session_id.is_(None),
            and_(
                sessions.c.id.is_not(None),
                sessions.c.ended_at.is_(None),
                sessions.c.expires_at > now,
                sessions.c.auth_time > func.coalesce(users.c.not_before, 0.0),
            ),
        )
        statement = (
            select(
                *rows.labelled(refresh_tokens, "token"),
                *rows.labelled(refresh_families, "family"),
                *rows.labelled(grants, "grant"),
                *rows.labelled(users, "user"),
                live.label("session_live"),
                successors.c.consumed_at.is_not(None).label("successor_consumed"),
            )
            .join(refresh_families, refresh_families.c.id == refresh_tokens.c.family_id)
            .join(grants, grants.c.id == refresh_families.c.grant_id)
            .outerjoin(sessions, sessions.c.id == grants.c.session_id)
            .outerjoin(users, USER_OF_GRANT)
            .outerjoin(successors, successors.c.digest == refresh_tokens.c.successor_digest)
            .where(refresh_tokens.c.digest == digest)
        )
        async with self._database.read() as transaction:
            row = (await transaction.execute(statement)).one_or_none()
        if row is None:
            return None
        return RefreshContext(
            token=rows.refresh_token_of(rows.part(row, "token")),
            family=rows.family_of(rows.part(row, "family")),
            grant=rows.grant_of(rows.part(row, "grant")),
            user=rows.user_of(rows.part(row, "user")),
            session_live=bool(row.session_live),
            successor_consumed=bool(row.successor_consumed),
        )

    async def rotate(
        self,
        presented: RefreshToken,
        family: RefreshFamily,
        successor: RefreshToken,
        sealed_successor: bytes,
        access_token: OpaqueAccessToken | None,
        now: float,
    ) -> bool:
        """Claim `presented`, insert `successor`, move the family's idle deadline to `family.idle_expires_at`.

        False: another request claimed it first, or its family has been revoked since; nothing was changed.
        """
        claim = (
            update(refresh_tokens)
            .where(refresh_tokens.c.digest == presented.digest, refresh_tokens.c.consumed_at.is_(None))
            .values(consumed_at=now, sealed_successor=sealed_successor, successor_digest=successor.digest)
        )
        move = (
            update(refresh_families)
            .where(refresh_families.c.id == family.id, refresh_families.c.revoked_at.is_(None))
            .values(idle_expires_at=family.idle_expires_at)
        )
        async with self._database.write() as transaction:
            for statement in (claim, move):
                if (await transaction.execute(statement)).rowcount != 1:
                    await transaction.rollback()
                    return False
            await transaction.execute(insert(refresh_tokens).values(rows.refresh_token_row(successor)))
            if access_token is not None:
                await transaction.execute(insert(access_tokens).values(rows.access_token_row(access_token)))
        return True
