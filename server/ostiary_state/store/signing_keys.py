"""Signing keys as they are stored: the private half sealed."""

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import delete, insert, select

from ostiary_state.intent import Kind
from ostiary_state.runtime.signing_key import SigningKey
from ostiary_state.store import rows
from ostiary_state.store.announcing import announce
from ostiary_state.store.database import Database, Transaction
from ostiary_state.store.tables import issuers, signing_keys

Decision = Callable[[Sequence[SigningKey]], Sequence[SigningKey]]


class SigningKeys:
    """All keys of all issuers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load_all(self, now: float) -> Sequence[SigningKey]:
        """Every key that has not expired."""
        return await self._select(None, now)

    async def load(self, issuer_ids: Sequence[str], now: float) -> Sequence[SigningKey]:
        """The keys of these issuers that have not expired."""
        return await self._select(issuer_ids, now)

    async def add(self, issuer_id: str, decide: Decision) -> Sequence[SigningKey]:
        """Insert what `decide` makes of the issuer's keys as they are under its row's lock; returns all of them.

        Two replicas that find a key due run one after the other here, so the second sees the first's and makes none.
        `decide` must not block: make the key pair before. Raises LookupError for an unknown issuer.
        """
        async with self._database.write() as transaction:
            keys = await _locked(transaction, issuer_id)
            made = list(decide(keys))
            if made:
                await transaction.execute(insert(signing_keys).values([rows.signing_key_row(key) for key in made]))
        return [*keys, *made]

    async def replace(self, issuer_id: str, decide: Decision) -> int | None:
        """Have exactly what `decide` makes of the issuer's keys, under its row's lock, in a revision of its own.

        Returns the revision, by which every replica has taken them over; None where nothing was to be changed.
        Raises LookupError for an unknown issuer.
        """
        async with self._database.write() as transaction:
            present = await _locked(transaction, issuer_id)
            wanted = decide(present)
            gone = [key.kid for key in present if key not in wanted]
            made = [rows.signing_key_row(key) for key in wanted if key not in present]
            if not gone and not made:
                return None
            if gone:
                await transaction.execute(delete(signing_keys).where(signing_keys.c.kid.in_(gone)))
            if made:
                await transaction.execute(insert(signing_keys).values(made))
            return await announce(self._database, transaction, Kind.ISSUER, [issuer_id])

    async def issuers(self) -> Mapping[str, str]:
        """Origin to id, of all that are served."""
        statement = select(issuers.c.origin, issuers.c.id).where(issuers.c.retired_at.is_(None))
        async with self._database.read() as transaction:
            return {row.origin: row.id for row in await transaction.execute(statement)}

    async def forget(self, kids: Sequence[str]) -> None:
        """Remove keys whose last token has expired."""
        async with self._database.write() as transaction:
            await transaction.execute(delete(signing_keys).where(signing_keys.c.kid.in_(kids)))

    async def _select(self, issuer_ids: Sequence[str] | None, now: float) -> Sequence[SigningKey]:
        statement = select(signing_keys).where(signing_keys.c.expires_at > now)
        if issuer_ids is not None:
            statement = statement.where(signing_keys.c.issuer_id.in_(issuer_ids))
        async with self._database.read() as transaction:
            return [rows.signing_key_of(row) for row in (await transaction.execute(statement)).mappings()]


async def _locked(transaction: Transaction, issuer_id: str) -> Sequence[SigningKey]:
    locked = select(issuers.c.id).where(issuers.c.id == issuer_id).with_for_update(key_share=True)
    present = select(signing_keys).where(signing_keys.c.issuer_id == issuer_id)
    if (await transaction.execute(locked)).one_or_none() is None:
        raise LookupError(f"no issuer {issuer_id}")
    return [rows.signing_key_of(row) for row in (await transaction.execute(present)).mappings()]
