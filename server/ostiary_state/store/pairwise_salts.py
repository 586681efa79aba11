"""The salts of pairwise subjects, one an issuer."""

import secrets
from collections.abc import Callable

from sqlalchemy import select

from ostiary_state.store.database import Database
from ostiary_state.store.dialects import upsert
from ostiary_state.store.tables import pairwise_salts

SALT_BYTES = 32


class PairwiseSalts:
    """Satisfies the server's port of this name."""

    def __init__(self, database: Database, *, randomness: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._database = database
        self._randomness = randomness

    async def salt(self, issuer_id: str) -> bytes:
        """Found, or made; of two replicas that make one at once, both read the one that was inserted."""
        present = select(pairwise_salts.c.salt).where(pairwise_salts.c.issuer_id == issuer_id)
        async with self._database.read() as transaction:
            found: bytes | None = (await transaction.execute(present)).scalar_one_or_none()
        if found is not None:
            return found
        made = upsert(self._database, pairwise_salts).values(issuer_id=issuer_id, salt=self._randomness(SALT_BYTES))
        async with self._database.write() as transaction:
            await transaction.execute(made.on_conflict_do_nothing(index_elements=["issuer_id"]))
            kept: bytes = (await transaction.execute(present)).scalar_one()
        return kept
