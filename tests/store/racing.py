"""Another process on the same database: does one thing as fast as it can, and prints what it won."""

import asyncio
import sys

from tests.store import values
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


async def rotate(url: str, name: str, tokens: int) -> list[str]:
    store = in_sql(url)
    won = []
    for each in range(tokens):
        successor = refresh_token(f"{name}{each}", family_id=f"f{each}")
        presented = refresh_token(f"r{each}", family_id=f"f{each}")
        if await store.refresh_tokens.rotate(presented, family(f"f{each}"), successor, b"sealed", None, NOW):
            won.append(f"r{each}")
    await store.sql.close()
    return won


async def consent(url: str, name: str, times: int) -> list[str]:
    store = in_sql(url)
    for each in range(times):
        await store.consents.remember(values.consent(scopes=frozenset({name, f"scope{each}"})))
    await store.sql.close()
    return [name]


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
    races = {"redeem": redeem, "rotate": rotate, "consent": consent, "write": write}
    won = asyncio.run(races[what](address, who, int(many)))
    sys.stdout.write(" ".join(won))
