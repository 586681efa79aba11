"""When applications were last seen, written by several replicas and read by the operator."""

import pytest

from ostiary_state.intent import Kind, Tombstone, Use
from ostiary_state.store.sweeper import Sweeper
from ostiary_state.store.uses import Uses
from tests.store.repositories import Repositories
from tests.store.values import NOW, application


@pytest.fixture
async def uses(sql_store: Repositories) -> Uses:
    await sql_store.intent.write([application()], fence=0, now=NOW)
    return Uses(sql_store.sql)


def use(credential: str, at: float, digest: bytes | None = None) -> Use:
    return Use("shop/web", application().incarnation, credential, NOW + at, digest)


async def test_the_latest_of_any_replica_counts(sql_store: Repositories, uses: Uses) -> None:
    await uses.record([use("1", 10), use("2", 20)], NOW + 20)
    await uses.record([use("1", 5), use("", 30)], NOW + 31)
    found = await sql_store.intent.uses(["shop/web", "shop/other"])
    assert sorted((each.credential, each.used_at - NOW) for each in found) == [("", 30.0), ("1", 10.0), ("2", 20.0)]
    assert {each.credential for each in await sql_store.intent.uses_since(NOW + 31)} == {"", "1"}
    assert await sql_store.intent.uses([]) == ()


async def test_a_digest_stays_when_it_is_used_again(uses: Uses) -> None:
    await uses.record([use("1", 0, b"d" * 32), use("2", 0)], NOW)
    await uses.record([use("1", 9)], NOW + 9)
    (found,) = await uses.verified()
    assert (found.credential, found.digest, found.used_at) == ("1", b"d" * 32, NOW + 9)
    assert "ddd" not in repr(found)


async def test_what_a_gone_application_was_seen_to_do_goes_with_it(sql_store: Repositories, uses: Uses) -> None:
    await uses.record([use("1", 0)], NOW)
    await sql_store.intent.write([Tombstone(Kind.APPLICATION, "shop/web", application().incarnation)], fence=0, now=NOW)
    await Sweeper(sql_store.sql).sweep(NOW + 1)
    assert await sql_store.intent.uses_since(0.0) == []


async def test_more_than_one_statement_holds(sql_store: Repositories, uses: Uses) -> None:
    await uses.record([use(str(number), 0) for number in range(1200)], NOW)
    assert len(await sql_store.intent.uses(["shop/web"])) == 1200
