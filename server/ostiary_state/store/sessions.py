"""Signed-in browsers."""

import dataclasses
from collections.abc import Sequence

from sqlalchemy import and_, bindparam, case, insert, or_, select, update

from ostiary_state.runtime.logout import Announce, Participant, to_nobody
from ostiary_state.runtime.revocation import Revocation
from ostiary_state.runtime.session import Session, SignedIn
from ostiary_state.store import rows
from ostiary_state.store.database import Database
from ostiary_state.store.revocations import record
from ostiary_state.store.tables import consents, grants, logout_deliveries, refresh_families, sessions, users
from ostiary_state.users.user import User

# Every request to /authorize sends it, so it is built once.
_SIGNED_IN = (
    select(*rows.labelled(sessions, "session"), *rows.labelled(users, "user"), *rows.labelled(consents, "consent"))
    .join(
        users,
        and_(
            users.c.id == sessions.c.user_id,
            users.c.incarnation == sessions.c.user_incarnation,
            users.c.deleted_at.is_(None),
            users.c.enabled,
            sessions.c.created_at > users.c.not_before,
            sessions.c.auth_time > users.c.not_before,
        ),
    )
    .outerjoin(
        consents,
        and_(
            consents.c.issuer_id == sessions.c.issuer_id,
            consents.c.user_id == sessions.c.user_id,
            consents.c.client_id == bindparam("client"),
            consents.c.user_incarnation == sessions.c.user_incarnation,
            consents.c.granted_at > users.c.not_before,
        ),
    )
    .where(
        sessions.c.digest == bindparam("cookie"),
        sessions.c.issuer_id == bindparam("issuer"),
        sessions.c.ended_at.is_(None),
        sessions.c.expires_at > bindparam("now"),
    )
)

_PARTICIPANTS = (
    select(grants.c.application_id, grants.c.application_incarnation)
    .where(grants.c.started_in == bindparam("ended"))
    .distinct()
)


class Sessions:
    """Satisfies the server's port of this name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def signed_in(self, digest: bytes, issuer_id: str, client_id: str | None, now: float) -> SignedIn | None:
        """The live session of a cookie at this issuer, with its enabled user and the consent given to `client_id`.

        A session or consent from at or before the user's `not_before` is void. What voids a consent on the
        application's side (its `not_before`, incarnation and terms) is in the caller's memory, not looked up here.
        """
        asked = {"cookie": digest, "issuer": issuer_id, "client": client_id, "now": now}
        async with self._database.read() as transaction:
            row = (await transaction.execute(_SIGNED_IN, asked)).one_or_none()
        if row is None:
            return None
        user = rows.user_of(rows.part(row, "user"))
        assert user is not None  # noqa: S101 - an inner join
        return SignedIn(rows.session_of(rows.part(row, "session")), user, rows.consent_of(rows.part(row, "consent")))

    async def start(self, session: Session) -> None:
        """Insert."""
        async with self._database.write() as transaction:
            await transaction.execute(insert(sessions), rows.session_row(session))

    async def end(
        self, session_id: str, revocation: Revocation, now: float, announce: Announce = to_nobody
    ) -> Sequence[Participant]:
        """End a session with the grants that belong to it, put its revocation into the set, and queue what `announce`
        makes of the applications that people signed in to during it, which are returned.

        One that has been ended before is left as it is, and nobody is told again. The grants are updated before their
        families: a redemption on its way holds its grant's row, so what it inserts is committed, and seen, when the
        families are looked for.
        """
        bound = select(grants.c.id).where(grants.c.session_id == session_id)
        async with self._database.write() as transaction:
            ended = await transaction.execute(
                update(sessions).where(sessions.c.id == session_id, sessions.c.ended_at.is_(None)).values(ended_at=now)
            )
            if ended.rowcount == 0:
                return ()
            await transaction.execute(
                update(grants)
                .where(grants.c.session_id == session_id, grants.c.revoked_at.is_(None))
                .values(revoked_at=now)
            )
            await transaction.execute(
                update(refresh_families)
                .where(refresh_families.c.grant_id.in_(bound), refresh_families.c.revoked_at.is_(None))
                .values(revoked_at=now)
            )
            await record(self._database, transaction, revocation)
            found = await transaction.execute(_PARTICIPANTS, {"ended": session_id})
            participants = [Participant(*row) for row in found]
            deliveries = announce(participants)
            if deliveries:
                await transaction.execute(insert(logout_deliveries), list(map(dataclasses.asdict, deliveries)))
        return participants

    async def void(self, now: float, since: float, limit: int) -> Sequence[tuple[Session, User]]:
        """Live sessions of people who were disabled, deleted, or signed out everywhere after `since`."""
        ended_at = case((users.c.deleted_at.is_not(None), users.c.deleted_at), else_=users.c.not_before)
        statement = (
            select(*rows.labelled(sessions, "session"), *rows.labelled(users, "user"))
            .join(users, and_(users.c.id == sessions.c.user_id, users.c.incarnation == sessions.c.user_incarnation))
            .where(
                or_(users.c.not_before > since, users.c.deleted_at > since),
                sessions.c.created_at <= ended_at,
                sessions.c.ended_at.is_(None),
                sessions.c.expires_at > now,
            )
            .limit(limit)
        )
        async with self._database.read() as transaction:
            found = (await transaction.execute(statement)).all()
        return [
            (rows.session_of(rows.part(row, "session")), user)
            for row in found
            if (user := rows.user_of(rows.part(row, "user"))) is not None
        ]
