"""Signing keys: whoever finds one due makes it under the issuer's lock, so that there is one."""

import asyncio
from collections.abc import Sequence

import pytest

from ostiary_state.runtime.signing_key import SigningKey
from tests.store.repositories import Repositories, in_sql
from tests.store.values import NOW, application, signing_key


async def issuer_id(store: Repositories) -> str:
    await store.intent.write([application()], fence=0, now=NOW)
    issuer = await store.intent.issuer_of_origin("https://login.example.com")
    assert issuer is not None
    return issuer.id


async def test_a_key_comes_back_as_it_was_made(store: Repositories) -> None:
    key = signing_key("k1", await issuer_id(store))

    assert list(await store.signing_keys.add(key.issuer_id, lambda _: [key])) == [key]

    assert list(await store.signing_keys.load_all(NOW)) == [key]
    assert list(await store.signing_keys.load([key.issuer_id], NOW)) == [key]
    assert not await store.signing_keys.load(["i_other"], NOW)


async def test_expired_and_forgotten_keys_are_left_out(store: Repositories) -> None:
    issuer = await issuer_id(store)
    keys = [signing_key("k1", issuer, expires_at=NOW + 1), signing_key("k2", issuer), signing_key("k3", issuer)]
    await store.signing_keys.add(issuer, lambda _: keys)

    await store.signing_keys.forget(["k3"])

    assert [key.kid for key in await store.signing_keys.load_all(NOW + 1)] == ["k2"]


async def test_an_issuer_that_is_not_there_gets_no_key(store: Repositories) -> None:
    with pytest.raises(LookupError):
        await store.signing_keys.add("i_unknown", lambda _: [signing_key("k1", "i_unknown")])


async def test_two_replicas_that_need_a_key_at_once_make_one(store: Repositories) -> None:
    issuer = await issuer_id(store)
    other = in_sql(store.url) if store.url else store

    def first_only(kid: str):
        def decide(present: Sequence[SigningKey]) -> Sequence[SigningKey]:
            return [] if present else [signing_key(kid, issuer)]

        return decide

    answers = await asyncio.gather(
        *(
            replica.signing_keys.add(issuer, first_only(f"{name}{each}"))
            for each in range(4)
            for name, replica in (("a", store), ("b", other))
        )
    )

    kids = {tuple(key.kid for key in answer) for answer in answers}
    assert len(kids) == 1
    assert len(await store.signing_keys.load_all(NOW)) == 1
    if other is not store:
        await other.sql.close()
