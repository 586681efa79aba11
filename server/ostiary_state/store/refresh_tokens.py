"""Refresh tokens and their families."""

from sqlalchemy import and_, bindparam, func, or_, select, update

from ostiary_state.runtime.access_token import OpaqueAccessToken
from ostiary_state.runtime.refresh_token import RefreshContext, RefreshFamily, RefreshToken
from ostiary_state.store import rows
from ostiary_state.store.database import Database
from ostiary_state.store.grants import ISSUE_ACCESS_TOKEN, ISSUE_REFRESH_TOKEN, USER_OF_GRANT
from ostiary_state.store.tables import grants, refresh_families, refresh_tokens, sessions, users

# Built once, as what a code flow sends.
_SUCCESSORS = refresh_tokens.alias("successors")
_LIVE = or_(
    grants.c.session_id.is_(None),
    and_(
        sessions.c.id.is_not(None),
        sessions.c.ended_at.is_(None),
        sessions.c.expires_at > bindparam("now"),
        sessions.c.auth_time > func.coalesce(users.c.not_before, 0.0),
    ),
)
_CONTEXT = (
    select(
        *rows.labelled(refresh_tokens, "token"),
        *rows.labelled(refresh_families, "family"),
        *rows.labelled(grants, "grant"),
        *rows.labelled(users, "user"),
        _LIVE.label("session_live"),
        _SUCCESSORS.c.consumed_at.is_not(None).label("successor_consumed"),
    )
    .join(refresh_families, refresh_families.c.id == refresh_tokens.c.family_id)
    .join(grants, grants.c.id == refresh_families.c.grant_id)
    .outerjoin(sessions, sessions.c.id == grants.c.session_id)
    .outerjoin(users, USER_OF_GRANT)
    .outerjoin(_SUCCESSORS, _SUCCESSORS.c.digest == refresh_tokens.c.successor_digest)
    .where(refresh_tokens.c.digest == bindparam("presented"))
)
_CLAIM = (
    update(refresh_tokens)
    .where(refresh_tokens.c.digest == bindparam("presented"), refresh_tokens.c.consumed_at.is_(None))
    .values(consumed_at=bindparam("at"), sealed_successor=bindparam("sealed"), successor_digest=bindparam("successor"))
)
_MOVE = (
    update(refresh_families)
    .where(refresh_families.c.id == bindparam("family"), refresh_families.c.revoked_at.is_(None))
    .values(idle_expires_at=bindparam("until"))
)


class RefreshTokens:
    """Satisfies the server's port of this name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def context(self, digest: bytes, now: float) -> RefreshContext | None:
        """The token with its family, grant, user, session liveness and successor; None for an unknown token."""
        async with self._database.read() as transaction:
            row = (await transaction.execute(_CONTEXT, {"presented": digest, "now": now})).one_or_none()
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
        claim = {
            "presented": presented.digest,
            "at": now,
            "sealed": sealed_successor,
            "successor": successor.digest,
        }
        move = {"family": family.id, "until": family.idle_expires_at}
        async with self._database.write() as transaction:
            for statement, parameters in ((_CLAIM, claim), (_MOVE, move)):
                if (await transaction.execute(statement, parameters)).rowcount != 1:
                    await transaction.rollback()
                    return False
            await transaction.execute(ISSUE_REFRESH_TOKEN, rows.refresh_token_row(successor))
            if access_token is not None:
                await transaction.execute(ISSUE_ACCESS_TOKEN, rows.access_token_row(access_token))
        return True
