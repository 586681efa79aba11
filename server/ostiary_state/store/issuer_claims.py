"""Who may use an authentication address: the namespace that claimed it first, until it has been empty for a grace."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sqlalchemy import exists, or_, select, update

from ostiary_state.intent import IntentConflict, StoredApplication
from ostiary_state.runtime.issuer import Issuer
from ostiary_state.store import rows
from ostiary_state.store.database import Database, Transaction
from ostiary_state.store.dialects import upsert
from ostiary_state.store.tables import applications, issuers


@dataclass(slots=True)
class IssuerClaims:
    """The issuers that one intent transaction needs, locked until it ends."""

    database: Database
    transaction: Transaction
    grace: float  # seconds
    random_text: Callable[[], str]
    changed: set[str] = field(default_factory=set)  # ids of issuers whose rows this transaction writes

    async def claim(self, wanted: Iterable[StoredApplication], former: Iterable[str], now: float) -> dict[str, str]:
        """Issuer ids by origin, claimed or made where needed. Raises IntentConflict naming the namespace that holds.

        `former` are the issuers that applications of this transaction may leave: locked here with the rest, in one
        order, because nothing may wait once the revision's row is locked.
        """
        wanted = tuple(wanted)
        demands = {each.origin: each for each in reversed(wanted)}
        live = await self._locked(set(demands), set(former))
        for application in wanted:
            _refuse_foreign(live.get(application.origin), application, now - self.grace)
        wanting = [each for each in demands.values() if _gone(live.get(each.origin), each, now - self.grace)]
        await self._retire([live[each.origin].id for each in wanting if each.origin in live], now)
        if wanting:
            await self._make(wanting)
            # Another transaction may have been first with one of them: its row counts, and its namespace.
            live |= await self._locked({each.origin for each in wanting}, set())
            self.changed.update(live[each.origin].id for each in wanting)
            for application in wanted:
                _refuse_foreign(live.get(application.origin), application, now - self.grace)
        await self._return([live[origin].id for origin in demands if live[origin].vacated_at is not None])
        return {origin: live[origin].id for origin in demands}

    async def vacate(self, left: set[str], now: float) -> None:
        """Note when the last application has left; the default issuer is never vacant."""
        if not left:
            return
        used = exists().where(applications.c.issuer_id == issuers.c.id, applications.c.deleted_at.is_(None))
        statement = (
            update(issuers)
            .where(issuers.c.id.in_(left), issuers.c.namespace.is_not(None), issuers.c.vacated_at.is_(None), ~used)
            .values(vacated_at=now)
            .returning(issuers.c.id)
        )
        self.changed.update((await self.transaction.execute(statement)).scalars())

    async def _locked(self, origins: set[str], ids: set[str]) -> dict[str, Issuer]:
        """The live issuers by origin. The lock leaves room for foreign keys that point to the row."""
        if not origins and not ids:
            return {}
        statement = (
            select(issuers)
            .where(issuers.c.retired_at.is_(None), or_(issuers.c.origin.in_(origins), issuers.c.id.in_(ids)))
            .order_by(issuers.c.id)
            .with_for_update(key_share=True)
        )
        found = (await self.transaction.execute(statement)).mappings()
        return {row["origin"]: rows.issuer_of(row) for row in found}

    async def _make(self, wanting: list[StoredApplication]) -> None:
        made = [
            {"id": f"i_{self.random_text()}", "origin": each.origin, "namespace": each.namespace or None}
            for each in sorted(wanting, key=lambda each: each.origin)
        ]
        insertion = upsert(self.database, issuers).on_conflict_do_nothing(
            index_elements=["origin"], index_where=issuers.c.retired_at.is_(None)
        )
        await self.transaction.execute(insertion, made)

    async def _retire(self, ids: list[str], now: float) -> None:
        if ids:
            await self.transaction.execute(update(issuers).where(issuers.c.id.in_(ids)).values(retired_at=now))
            self.changed.update(ids)

    async def _return(self, ids: list[str]) -> None:
        if ids:
            await self.transaction.execute(update(issuers).where(issuers.c.id.in_(ids)).values(vacated_at=None))
            self.changed.update(ids)


def _open_to(issuer: Issuer, application: StoredApplication) -> bool:
    return issuer.namespace is None or issuer.namespace == application.namespace


def _gone(issuer: Issuer | None, application: StoredApplication, vacated_by: float) -> bool:
    """True where a new row is needed: there is none, or another namespace's that has been empty for the grace."""
    if issuer is None:
        return True
    vacant = issuer.vacated_at is not None and issuer.vacated_at <= vacated_by
    return vacant and not _open_to(issuer, application)


def _refuse_foreign(issuer: Issuer | None, application: StoredApplication, vacated_by: float) -> None:
    if issuer is None or _open_to(issuer, application) or _gone(issuer, application, vacated_by):
        return
    raise IntentConflict("origin", issuer.origin, issuer.namespace or "", application.id)
