"""Two processes on one database, as two workers of a pod have: on SQLite, too, nobody meets a locked database."""

import asyncio
import sys

from tests.store.repositories import Repositories
from tests.store.values import grant


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


async def test_two_processes_that_write_manifests_share_one_line_of_revisions(sql_store: Repositories) -> None:
    revisions = await race(sql_store, "write", 20)

    assert sorted(int(each) for part in revisions for each in part) == list(range(1, 41))
    assert await sql_store.changes.current() == 40
    assert {each.revision for each in (await sql_store.changes.since(0)).changes} == set(range(1, 41))
