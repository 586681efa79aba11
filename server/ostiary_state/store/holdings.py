"""What applications hold of a person, for that person to see and to take back."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, and_, bindparam, case, delete, func, literal, null, or_, select, union_all, update
from sqlalchemy.engine import Row

from ostiary_state.runtime.consent import Consent
from ostiary_state.runtime.holdings import GrantsAlike, Held
from ostiary_state.runtime.revocation import Revocation, RevocationKind
from ostiary_state.store import rows
from ostiary_state.store.database import Database
from ostiary_state.store.revocations import LONGEST_TOKEN, record_all
from ostiary_state.store.tables import consents, grants, refresh_families, refresh_tokens, sessions

_NOW: BindParameter[float] = bindparam("now")
_REFRESHABLE = and_(
    refresh_families.c.revoked_at.is_(None),
    refresh_families.c.idle_expires_at > _NOW,
    refresh_families.c.expires_at > _NOW,
    or_(grants.c.session_id.is_(None), sessions.c.expires_at > _NOW),
)
_LIVE = and_(
    grants.c.revoked_at.is_(None),
    grants.c.expires_at > _NOW,
    sessions.c.ended_at.is_(None),
    or_(grants.c.created_at > _NOW - LONGEST_TOKEN, _REFRESHABLE),
)
_LASTING = and_(_LIVE, _REFRESHABLE, grants.c.session_id.is_(None))
_PERSON: tuple[BindParameter[str], ...] = (bindparam("issuer"), bindparam("user"), bindparam("incarnation"))


def _of_person(table: Any) -> Any:
    issuer, user, incarnation = _PERSON
    return and_(table.c.issuer_id == issuer, table.c.user_id == user, table.c.user_incarnation == incarnation)


_ALIKE = (
    grants.c.client_id,
    grants.c.application_id,
    grants.c.application_incarnation,
    grants.c.scopes,
    grants.c.claims,
)
# One of two kinds of row: a consent has terms, grants have none. Of a family only the newest token is not consumed.
_HELD = union_all(
    select(
        consents.c.client_id,
        consents.c.application_id,
        consents.c.application_incarnation,
        consents.c.scopes,
        consents.c.claims,
        consents.c.declined,
        consents.c.terms,
        consents.c.granted_at,
        *(null().label(name) for name in ("given_at", "refreshed_at", "first_live", "last_live", "last_lasting")),
    ).where(_of_person(consents)),
    select(
        *_ALIKE,
        *(null().label(name) for name in ("declined", "terms", "granted_at")),
        func.max(grants.c.created_at).label("given_at"),
        func.max(refresh_tokens.c.issued_at).label("refreshed_at"),
        func.min(case((_LIVE, grants.c.created_at))).label("first_live"),
        func.max(case((_LIVE, grants.c.created_at))).label("last_live"),
        func.max(case((_LASTING, grants.c.created_at))).label("last_lasting"),
    )
    .outerjoin(sessions, sessions.c.id == grants.c.session_id)
    .outerjoin(refresh_families, refresh_families.c.grant_id == grants.c.id)
    .outerjoin(
        refresh_tokens,
        and_(refresh_tokens.c.family_id == refresh_families.c.id, refresh_tokens.c.consumed_at.is_(None)),
    )
    .where(_of_person(grants))
    .group_by(*_ALIKE),
)


class Holdings:
    """Satisfies the server's port of this name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_user(self, issuer_id: str, user_id: str, user_incarnation: str, now: float) -> Held:
        """All consents and grants of a person at an issuer, in one statement whose answer does not grow with use."""
        person = {"issuer": issuer_id, "user": user_id, "incarnation": user_incarnation}
        async with self._database.read() as transaction:
            found = (await transaction.execute(_HELD, person | {"now": now})).all()
        return Held(
            tuple(_consent(row, issuer_id, user_id, user_incarnation) for row in found if row.terms is not None),
            tuple(map(_grants, (row for row in found if row.terms is None))),
        )

    async def withdraw(
        self, issuer_id: str, user_id: str, user_incarnation: str, client_id: str, until: float, now: float
    ) -> Sequence[Revocation]:
        """Forget the consent given to a client and revoke every grant, with its families and access tokens.

        Four statements, however many grants there are. The answer is what has entered the revocation set: one entry a
        grant, in force until `until`. Grants come before their families, for the reason that `Grants.revoke` gives.
        """
        person = {"issuer": issuer_id, "user": user_id, "incarnation": user_incarnation}
        given = and_(_of_person(grants), grants.c.client_id == client_id)
        async with self._database.write() as transaction:
            await transaction.execute(
                delete(consents).where(_of_person(consents), consents.c.client_id == client_id), person
            )
            # `now` is their mark below: values of a double come back as they went in.
            revoked = await transaction.execute(
                update(grants)
                .where(given, grants.c.revoked_at.is_(None))
                .values(revoked_at=now)
                .returning(grants.c.id),
                person,
            )
            ended = [Revocation(RevocationKind.GRANT, row.id, until, until) for row in revoked]
            await transaction.execute(
                update(refresh_families)
                .where(
                    refresh_families.c.grant_id.in_(select(grants.c.id).where(given)),
                    refresh_families.c.revoked_at.is_(None),
                )
                .values(revoked_at=now),
                person,
            )
            await record_all(
                self._database,
                transaction,
                select(literal(str(RevocationKind.GRANT)), grants.c.id, literal(until), literal(until)).where(
                    given, grants.c.revoked_at == now
                ),
                person,
            )
        return ended


def _consent(row: Row[*tuple[Any, ...]], issuer_id: str, user_id: str, user_incarnation: str) -> Consent:
    own = {name: getattr(row, name) for name in ("client_id", "application_id", "application_incarnation", "terms")}
    person = {"issuer_id": issuer_id, "user_id": user_id, "user_incarnation": user_incarnation}
    sets = {"scopes": row.scopes, "claims": row.claims, "declined": row.declined}
    consent = rows.consent_of({**own, **person, **sets, "granted_at": row.granted_at})
    assert consent is not None  # noqa: S101 - it has a client
    return consent


def _grants(row: Row[*tuple[Any, ...]]) -> GrantsAlike:
    return GrantsAlike(
        client_id=row.client_id,
        application_incarnation=row.application_incarnation,
        scopes=tuple(row.scopes),
        claims=row.claims,
        last_used=max(row.given_at, row.refreshed_at or 0.0),
        first_live=row.first_live,
        last_live=row.last_live,
        last_lasting=row.last_lasting,
    )
