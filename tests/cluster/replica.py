"""A server replica as the operator sees one: a heartbeat that reports the newest revision as applied.

`python -m tests.cluster.replica URL`, until it is ended.
"""

import asyncio
import contextlib
import sys

from sqlalchemy import select

from ostiary_state.errors import StoreUnavailable
from ostiary_state.store.engine import open_database
from ostiary_state.store.replicas import Replicas
from ostiary_state.store.tables import revision


async def beat(url: str) -> None:
    """For ever."""
    database = open_database(url)
    while True:
        with contextlib.suppress(StoreUnavailable):
            async with database.read() as transaction:
                newest = (await transaction.execute(select(revision.c.value))).scalar_one()
            await Replicas(database).heartbeat("a-replica", newest)
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(beat(sys.argv[1]))
