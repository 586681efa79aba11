"""Writers at once: revisions become visible in their order, and one of two claims of a name wins."""

import asyncio

import pytest
from sqlalchemy import event, select
from sqlalchemy.util import await_only

from ostiary_state.intent import IntentConflict, IntentWrite
from ostiary_state.store.tables import issuers
from tests.store.repositories import Repositories, in_sql
from tests.store.values import NOW, application, user


async def test_a_revision_is_never_seen_before_a_lower_one(sql_store: Repositories) -> None:
    operators = [in_sql(sql_store.url) for _ in range(2)]
    seen: list[int] = []
    done = asyncio.Event()

    async def follow() -> None:
        applied = 0
        while not (done.is_set() and applied == await sql_store.changes.current()):
            following = await sql_store.changes.since(applied)
            seen.extend(sorted({each.revision for each in following.changes}))
            applied = following.through
            await asyncio.sleep(0)

    async def write(operator: Repositories, name: str) -> None:
        for each in range(10):
            await operator.intent.write([application(f"{name}/a{each}")], fence=0, now=NOW)

    follower = asyncio.create_task(follow())
    await asyncio.gather(*(write(operator, f"ns{index}") for index, operator in enumerate(operators)))
    done.set()
    await follower

    assert seen == list(range(1, 21))
    for operator in operators:
        await operator.sql.close()


async def test_a_slow_transaction_hides_no_change(postgresql_store: Repositories) -> None:
    store = postgresql_store
    await store.intent.write([application("shop/first")], fence=0, now=NOW)
    slow, quick = in_sql(store.url), in_sql(store.url)
    may_commit, counted = asyncio.Event(), asyncio.Event()
    commit = slow.sql._engines.write.sync_engine.dialect.do_commit

    def late(connection: object) -> None:

        counted.set()
        await_only(may_commit.wait())
        commit(connection)

    slow.sql._engines.write.sync_engine.dialect.do_commit = late
    writing = asyncio.create_task(slow.intent.write([application("shop/slow")], fence=0, now=NOW))
    await counted.wait()
    following = asyncio.create_task(quick.intent.write([application("shop/quick")], fence=0, now=NOW))
    await asyncio.wait([following], timeout=0.3)

    before = await store.changes.since(1)
    assert not following.done()
    assert not before.changes

    may_commit.set()
    assert (await writing, await following) == (2, 3)
    after = await store.changes.since(before.through)
    assert [(each.revision, each.id) for each in after.changes] == [(2, "shop/slow"), (3, "shop/quick")]
    for each in (slow, quick):
        await each.sql.close()


@pytest.mark.parametrize(
    ("one", "other", "field"),
    [
        (application("shop/one", client_id="x"), application("shop/two", client_id="x"), "client_id"),
        (user("people/one", username="x"), user("people/two", username="x"), "username"),
        (
            application("one/web", origin="https://x.example", namespace="one"),
            application("two/web", origin="https://x.example", namespace="two"),
            "origin",
        ),
    ],
    ids=["client ids", "usernames", "addresses"],
)
async def test_of_two_claims_at_once_one_is_refused(
    sql_store: Repositories, one: IntentWrite, other: IntentWrite, field: str
) -> None:
    rivals = [in_sql(sql_store.url), in_sql(sql_store.url)]
    writes = [rival.intent.write([claim], fence=0, now=NOW) for rival, claim in zip(rivals, (one, other), strict=True)]

    answers = await asyncio.gather(*writes, return_exceptions=True)

    assert [answer for answer in answers if not isinstance(answer, IntentConflict)] == [1]
    (refused,) = [answer for answer in answers if isinstance(answer, IntentConflict)]
    assert refused.field == field
    for rival in rivals:
        await rival.sql.close()


async def test_two_namespaces_that_claim_an_address_many_times_make_one_issuer_each_time(
    postgresql_store: Repositories,
) -> None:
    store = postgresql_store
    for each in range(8):
        origin = f"https://a{each}.example"
        claims = [
            store.intent.write(
                [application(f"ns{rival}/a{each}", origin=origin, namespace=f"ns{rival}")], fence=0, now=NOW
            )
            for rival in range(4)
        ]
        answers = await asyncio.gather(*claims, return_exceptions=True)
        assert sum(isinstance(answer, IntentConflict) for answer in answers) == 3

    async with store.sql.read() as transaction:
        rows = (await transaction.execute(select(issuers.c.origin))).scalars().all()
    assert sorted(rows) == [f"https://a{each}.example" for each in range(8)]


async def test_a_unique_index_that_decides_late_still_names_the_holder(postgresql_store: Repositories) -> None:
    store, rival = postgresql_store, in_sql(postgresql_store.url)
    written = asyncio.Event()

    def before_the_counter(_connection, _cursor, statement: str, *_rest: object) -> None:

        if statement.startswith("UPDATE revision") and not written.is_set():
            written.set()
            await_only(rival.intent.write([application("shop/first", client_id="x")], fence=0, now=NOW))

    event.listen(store.sql._engines.write.sync_engine, "before_cursor_execute", before_the_counter)

    with pytest.raises(IntentConflict) as conflict:
        await store.intent.write(
            [application("shop/second", client_id="x", origin="https://b.example")], fence=0, now=NOW
        )

    assert (conflict.value.holder, conflict.value.write_id) == ("shop/first", "shop/second")
    await rival.sql.close()
