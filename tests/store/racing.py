"""Another process on the same database: redeems codes, or writes intent, as fast as it can, and prints what it won."""

import asyncio
import sys

from tests.store.repositories import in_sql
from tests.store.values import NOW, application, family, grant, issued, refresh_token


async def redeem(url: str, name: str, codes: int) -> list[str]:
    store = in_sql(url)
    won = []
    for each in range(codes):
        key = f"{name}{each}"
        tokens = issued(family=family(key, grant_id=f"g{each}"), refresh_token=refresh_token(key, family_id=key))
        if await store.grants.redeem(grant(f"g{each}"), tokens, NOW):
            won.append(f"g{each}")
    await store.sql.close()
    return won


async def write(url: str, name: str, count: int) -> list[str]:
    store = in_sql(url)
    revisions = [
        await store.intent.write([application(f"{name}/a{each}", incarnation=f"{name}{each}")], fence=0, now=NOW)
        for each in range(count)
    ]
    await store.sql.close()
    return [str(each) for each in revisions]


if __name__ == "__main__":
    what, address, who, many = sys.argv[1:]
    won = asyncio.run({"redeem": redeem, "write": write}[what](address, who, int(many)))
    sys.stdout.write(" ".join(won))
