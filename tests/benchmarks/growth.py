"""What a million sign-ins in the tables cost: a code flow, a refresh and the sweeper, beside a hundredth of them."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from statistics import median, quantiles

from sqlalchemy import text

from ostiary_state.store.database import Database
from ostiary_state.store.engine import open_database
from ostiary_state.store.grants import Grants
from ostiary_state.store.limits import ConnectionLimits
from ostiary_state.store.refresh_tokens import RefreshTokens
from ostiary_state.store.sessions import Sessions
from ostiary_state.store.sweeper import Sweeper
from tests import postgres
from tests.postgres import PostgreSQL
from tests.store.values import ISSUER, NOW, digest, family, grant, issued, refresh_token, session

FAMILIES = 1_000_000
TOKENS = 3  # used and unused ones of each family
EXPIRED = 20  # per cent of the families
STEPS = 500  # of each kind and round
BATCH, BATCHES = 500, 40  # rows of a table at a time, and rounds of the sweeper at most

SETTINGS = {"shared_buffers": "256MB", "max_wal_size": "8GB", "maintenance_work_mem": "256MB"}

# Rows as the server writes them; ids and digests are spread as random ones are.
FILL = (
    """INSERT INTO grants SELECT 'g' || md5(n::text), 'i_1', 'shop.web', 'shop/web', 'uid-web-1',
        'people/' || n % 100000, 'uid-' || n % 100000, NULL, '["openid", "email", "offline_access"]',
        '["https://api.example.com"]', NULL, {now} - 86400, '["pwd"]', {now} - 86400,
        {now} + 86400 + 2592000 * random(), NULL, sha256(('code ' || n)::bytea),
        'https://shop.example.com/callback', repeat('c', 43), {now} - 86340, {now} - 86390
        FROM generate_series(1, {families}) AS n""",
    """INSERT INTO refresh_families SELECT 'f' || md5(n::text), 'g' || md5(n::text), {now} - 86400,
        CASE WHEN n % 100 < {expired} THEN {now} - 100000 - n % 1000 ELSE {now} + 86400 + 1209600 * random() END,
        {now} + 2592000, NULL
        FROM generate_series(1, {families}) AS n""",
    """INSERT INTO refresh_tokens SELECT sha256((n || ' ' || k)::bytea), 'f' || md5(n::text), {now} - 86400 + k,
        CASE WHEN k < {tokens} THEN {now} - 86300 + k END, CASE WHEN k < {tokens} THEN sha256('s') || sha256('t') END,
        CASE WHEN k < {tokens} THEN sha256((n || ' ' || k + 1)::bytea) END
        FROM generate_series(1, {families}) AS n, generate_series(1, {tokens}) AS k""",
    "VACUUM ANALYZE",
)

Step = Callable[[Database, int], Awaitable[None]]


def run(*, families: int = FAMILIES, rounds: int = 3) -> str:
    """Markdown tables: milliseconds with their ratio, the sweeper's rate, and the size of the tables."""
    with postgres.running(settings=SETTINGS) as server:
        return asyncio.run(_run(server, families, rounds))


async def _run(server: PostgreSQL, families: int, rounds: int) -> str:
    await server.make_template()
    async with _filled(server, families // 100) as few, _filled(server, families) as many:
        return "\n".join(
            [
                f"| step | {families // 100:,} sign-ins: p50 ms | p99 | {families:,}: p50 ms | p99 | ratio of p50 |",
                "| --- | --- | --- | --- | --- | --- |",
                await _row("code flow, 6 statements", _code_flow, few, many, rounds),
                await _row("refresh, 4 statements", _refresh, few, many, rounds),
                "",
                "| sweeper over | expired families a second | ms a round without anything expired |",
                "| --- | --- | --- |",
                f"| {families // 100:,} sign-ins | {await _swept(few)} |",
                f"| {families:,} sign-ins | {await _swept(many)} |",
                "",
                "| table | rows | MiB | with indexes | bytes a row, all in all |",
                "| --- | --- | --- | --- | --- |",
                *[await _size(many, name) for name in ("grants", "refresh_families", "refresh_tokens")],
            ]
        )


@asynccontextmanager
async def _filled(server: PostgreSQL, families: int) -> AsyncIterator[Database]:
    name = await server.database()
    values = {"now": f"{NOW}::double precision", "families": families, "tokens": TOKENS, "expired": EXPIRED}
    for statement in FILL:
        await server.administer(statement.format_map(values), database=name)
    database = open_database(server.url(name), limits=ConnectionLimits(statement_timeout=60, command_timeout=70))
    await Sessions(database).start(session())
    try:
        yield database
    finally:
        await database.close()


async def _row(title: str, step: Step, few: Database, many: Database, rounds: int) -> str:
    """Each round asks both in turn; the ratio is taken within the round."""
    took: dict[int, list[list[float]]] = {id(few): [], id(many): []}
    numbers = itertools.count()
    for _ in range(rounds):
        for database in (few, many):
            times: list[float] = []
            for _ in range(STEPS):
                number = next(numbers)
                begun = time.perf_counter()
                await step(database, number)
                times.append((time.perf_counter() - begun) * 1000)
            took[id(database)].append(times)
    ratio = median(median(b) / median(a) for a, b in zip(took[id(few)], took[id(many)], strict=True))
    cells = [title]
    for database in (few, many):
        every = [each for times in took[id(database)] for each in times]
        cells += [f"{median(every):.2f}", f"{quantiles(every, n=100)[98]:.2f}"]
    return f"| {' | '.join(cells)} | {ratio:.2f} |"


async def _code_flow(database: Database, number: int) -> None:
    """Of a person with a live session: session, grant, code, and the claim with what is issued."""
    name = f"new {number}"
    await Sessions(database).signed_in(digest("s1"), ISSUER, "shop.web", NOW)
    started = grant(name)
    await Grants(database).start(started)
    await Grants(database).by_code(digest(f"code of {name}"))
    tokens = issued(family=family(name, grant_id=name), refresh_token=refresh_token(name, family_id=name))
    assert await Grants(database).redeem(started, tokens, NOW)


async def _refresh(database: Database, number: int) -> None:
    """With one of the tokens that were there."""
    sign_in = number // (100 - EXPIRED) * 100 + EXPIRED + number % (100 - EXPIRED)  # one that has not expired
    tokens = RefreshTokens(database)
    context = await tokens.context(digest(f"{sign_in} {TOKENS}"), NOW)
    assert context is not None
    successor = refresh_token(f"after {number}", family_id=context.family.id)
    assert await tokens.rotate(context.token, context.family, successor, b"sealed" * 10, None, NOW)


async def _swept(database: Database) -> str:
    sweeper, removed, begun = Sweeper(database), 0, time.perf_counter()
    for _ in range(BATCHES):
        count = (await sweeper.sweep(NOW))["refresh_families"]
        removed += count
        if count < BATCH:
            break
    rate = removed / (time.perf_counter() - begun)
    begun = time.perf_counter()
    for _ in range(5):
        await sweeper.sweep(0.0)
    return f"{rate:,.0f} | {(time.perf_counter() - begun) * 200:.0f}"


async def _size(database: Database, table: str) -> str:
    query = f"SELECT count(*), pg_table_size('{table}'), pg_total_relation_size('{table}') FROM {table}"
    async with database.read() as transaction:
        rows, own, total = (await transaction.execute(text(query))).one()
    return f"| {table} | {rows:,} | {own / 2**20:,.0f} | {total / 2**20:,.0f} | {total / rows:,.0f} |"
