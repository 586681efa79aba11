"""A database administrator may partition a table of tokens: the statements of docs/operations/scaling.md, run."""

import re
from pathlib import Path

import asyncpg

from ostiary_state.store.sweeper import Sweeper
from tests.store.repositories import Repositories
from tests.store.values import NOW, digest, family, grant, issued, refresh_token

PAGE = Path(__file__).parents[2] / "docs" / "operations" / "scaling.md"


def documented(first_words: str) -> str:
    blocks = re.findall(r"^```sql\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return next(block for block in blocks if block.startswith(first_words))


async def run(store: Repositories, statements: str) -> None:
    connection = await asyncpg.connect(store.url.replace("+asyncpg", ""))
    await connection.execute(statements)
    await connection.close()


async def test_a_partitioned_table_of_tokens_serves_as_before(postgresql_store: Repositories) -> None:
    store = postgresql_store
    await store.grants.start(grant())
    assert await store.grants.redeem(grant(), issued(), NOW)

    await run(store, documented("BEGIN;"))

    assert await store.refresh_tokens.rotate(refresh_token(), family(), refresh_token("r2"), b"sealed", None, NOW + 1)
    assert not await store.refresh_tokens.rotate(refresh_token(), family(), refresh_token("r3"), b"s", None, NOW + 1)
    used = await store.refresh_tokens.context(digest("r1"), NOW + 1)
    assert used is not None
    assert used.token.successor_digest == digest("r2")
    assert (await Sweeper(store.sql).sweep(NOW + 86_400))["grants"] == 1
    assert await store.refresh_tokens.context(digest("r2"), NOW + 1) is None


async def test_the_earlier_vacuum_names_tables_that_exist(postgresql_store: Repositories) -> None:
    await run(postgresql_store, documented("ALTER TABLE refresh_tokens SET"))
