"""What takes several rows at once, from several replicas at once: no circle of waits, and nothing is left over."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import func, select

from ostiary_state.runtime.revocation import RevocationKind
from ostiary_state.store import tables
from ostiary_state.store.sweeper import Sweeper
from tests.store.repositories import Repositories, in_sql
from tests.store.values import NOW, application, family, grant, issued, refresh_token, revocation, session, signing_key

GRANTS = 6  # of one session


@pytest.fixture
async def replicas(postgresql_url: str) -> AsyncIterator[tuple[Repositories, Repositories]]:
    """Two pools on one database."""
    pair = in_sql(postgresql_url), in_sql(postgresql_url)
    yield pair
    for each in pair:
        await each.sql.close()


async def sign_in(store: Repositories, name: str) -> None:
    await store.sessions.start(session(name))
    for each in range(GRANTS):
        await store.grants.start(grant(f"{name}g{each}", session_id=name))


def tokens(name: str, each: int, racer: str = "") -> dict[str, object]:
    key = f"{name}f{each}{racer}"
    return {"family": family(key, grant_id=f"{name}g{each}"), "refresh_token": refresh_token(key, family_id=key)}


async def test_signing_out_refreshing_redeeming_revoking_and_sweeping_at_once_leave_nothing_live(
    replicas: tuple[Repositories, Repositories],
) -> None:
    one, two = replicas
    for name in ("a", "b", "c"):
        await sign_in(one, name)
        for each in range(GRANTS // 2):
            assert await one.grants.redeem(grant(f"{name}g{each}"), issued(**tokens(name, each)), NOW)

        work = []
        for store, racer in ((one, "one"), (two, "two")):
            for each in range(GRANTS):
                reversed_ = GRANTS - 1 - each
                work += [
                    store.grants.redeem(grant(f"{name}g{each}"), issued(**tokens(name, each, racer)), NOW),
                    store.grants.revoke(f"{name}g{reversed_}", revocation(name=f"{name}g{reversed_}"), NOW),
                ]
            for each in range(GRANTS // 2):
                presented = tokens(name, each)
                successor = refresh_token(f"{name}{each}{racer}", family_id=f"{name}f{each}")
                work.append(
                    store.refresh_tokens.rotate(
                        presented["refresh_token"], presented["family"], successor, b"sealed", None, NOW
                    )
                )
            work += [
                store.sessions.end(name, revocation(RevocationKind.SESSION, name), NOW),
                Sweeper(store.sql).sweep(NOW),
            ]
        await asyncio.gather(*work)  # a deadlock is StoreUnavailable

        async with one.sql.read() as transaction:
            families = select(func.count()).where(tables.refresh_families.c.revoked_at.is_(None))
            granted = select(func.count()).where(tables.grants.c.revoked_at.is_(None))
            assert (await transaction.execute(families)).scalar_one() == 0
            assert (await transaction.execute(granted)).scalar_one() == 0


async def test_32_sign_outs_of_one_session_are_one(replicas: tuple[Repositories, Repositories]) -> None:
    await sign_in(replicas[0], "s")

    ends = [replicas[n % 2].sessions.end("s", revocation(RevocationKind.SESSION, "s"), NOW + n) for n in range(32)]
    await asyncio.gather(*ends)

    async with replicas[0].sql.read() as transaction:
        ended = set((await transaction.execute(select(tables.grants.c.revoked_at))).scalars())
        own = (await transaction.execute(select(tables.sessions.c.ended_at))).scalar_one()
        kept = (await transaction.execute(select(tables.revocations.c.not_before))).scalars().all()
    assert ended == {own}
    assert len(kept) == 1


async def test_32_replicas_that_find_a_key_due_agree_on_one(replicas: tuple[Repositories, Repositories]) -> None:
    await replicas[0].intent.write([application()], fence=0, now=NOW)
    issuer = (await replicas[0].applications.load_all()).issuers[0]

    answers = await asyncio.gather(
        *(
            replicas[n % 2].signing_keys.add(
                issuer.id, lambda keys, n=n: [] if keys else [signing_key(f"k{n}", issuer.id)]
            )
            for n in range(32)
        )
    )

    assert len({key.kid for keys in answers for key in keys}) == 1


async def test_32_replicas_beat_and_sweep_at_once(replicas: tuple[Repositories, Repositories]) -> None:
    beats = [replicas[n % 2].replicas.heartbeat(f"r{n}", 0) for n in range(32)]
    sweeps = [Sweeper(replicas[n % 2].sql).sweep(NOW) for n in range(4)]

    await asyncio.gather(*beats, *sweeps)

    assert (await replicas[0].intent.served()).replicas == 32
