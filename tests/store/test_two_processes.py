"""Two processes on one database, as two workers of a pod have: on SQLite, too, nobody meets a locked database."""

import asyncio
import sys

from sqlalchemy import func, select

from ostiary_state.runtime.issued import Issued
from ostiary_state.store import tables
from tests.store.repositories import Repositories
from tests.store.values import NOW, family, grant, issued, refresh_token


async def race(store: Repositories, what: str, count: int) -> list[list[str]]:
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.store.racing",
            what,
            store.url,
            name,
            str(count),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        for name in ("one", "two")
    ]
    answers = await asyncio.gather(*(process.communicate() for process in processes))
    assert [process.returncode for process in processes] == [0, 0], [error.decode() for _, error in answers]
    return [output.decode().split() for output, _ in answers]


async def test_each_code_is_redeemed_by_one_of_two_processes(sql_store: Repositories) -> None:
    for each in range(40):
        await sql_store.grants.start(grant(f"g{each}"))

    won = await race(sql_store, "redeem", 40)

    assert sorted([*won[0], *won[1]]) == sorted(f"g{each}" for each in range(40))


async def test_each_refresh_token_is_rotated_by_one_of_two_processes(sql_store: Repositories) -> None:
    await sql_store.grants.start(grant())
    assert await sql_store.grants.redeem(grant(), Issued(), NOW)
    for each in range(40):
        tokens = issued(family=family(f"f{each}"), refresh_token=refresh_token(f"r{each}", family_id=f"f{each}"))
        await sql_store.grants.start_with(tokens)

    won = await race(sql_store, "rotate", 40)

    assert sorted([*won[0], *won[1]]) == sorted(f"r{each}" for each in range(40))
    async with sql_store.sql.read() as transaction:
        stored = await transaction.execute(select(func.count()).select_from(tables.refresh_tokens))
        assert stored.scalar_one() == 80


async def test_two_processes_that_remember_one_consent_leave_one_whole_answer(sql_store: Repositories) -> None:
    await race(sql_store, "consent", 40)

    async with sql_store.sql.read() as transaction:
        found = (await transaction.execute(select(tables.consents))).mappings().all()
    assert [row["scopes"] for row in found] in ([["one", "scope39"]], [["scope39", "two"]])


async def test_two_processes_that_write_manifests_share_one_line_of_revisions(sql_store: Repositories) -> None:
    revisions = await race(sql_store, "write", 20)

    assert sorted(int(each) for part in revisions for each in part) == list(range(1, 41))
    assert await sql_store.changes.current() == 40
    assert {each.revision for each in (await sql_store.changes.since(0)).changes} == set(range(1, 41))
