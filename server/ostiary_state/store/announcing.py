"""What writes that are not the operator's have in common: they raise the revision, so that replicas follow them."""

from collections.abc import Iterable

from sqlalchemy import func, insert, select, update

from ostiary_state.intent import Kind
from ostiary_state.store.database import Database, Transaction
from ostiary_state.store.intent_transaction import CHANNEL
from ostiary_state.store.tables import changes, revision


async def announce(database: Database, transaction: Transaction, kind: Kind, ids: Iterable[str]) -> int:
    """The new revision, in which these objects have changed. Others wait for its row until the transaction ends."""
    raised = update(revision).values(value=revision.c.value + 1).returning(revision.c.value)
    value: int = (await transaction.execute(raised)).scalar_one()
    await transaction.execute(insert(changes), [{"revision": value, "kind": str(kind), "id": each} for each in ids])
    if database.postgresql:
        await transaction.execute(select(func.pg_notify(CHANNEL, str(value))))
    return value
