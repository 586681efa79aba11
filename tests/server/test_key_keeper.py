"""Signing keys are made once, sealed, rotated with an overlap, and found again by every replica."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import text

from ostiary_server.keys.keeper import KeyKeeper
from ostiary_server.keys.material import KeyMaterial
from ostiary_server.keys.schedule import KeySchedule
from ostiary_server.keys.sealing import CannotOpen, KeySealer
from ostiary_server.metrics import Metrics
from ostiary_server.protocol.signing import KeyRing
from ostiary_state.errors import StoreUnavailable
from ostiary_state.runtime.signing_key import SigningKey
from ostiary_state.store.database import Database
from ostiary_state.store.intent import IntentRepository
from ostiary_state.store.signing_keys import SigningKeys
from tests.server.declared import ORIGIN, stored_application, write

DAY = 86_400.0
SCHEDULE = KeySchedule(signing=30 * DAY, publication=3_600.0)
OLD, NEW = b"o" * 32, b"n" * 32


class Keeper:
    """One replica's keys, on a clock of the test's."""

    def __init__(self, database: Database, *seals: bytes, now: float = 1000.0) -> None:
        self.now = now
        self.ring = KeyRing()
        self.rows = SigningKeys(database)
        self.keys = KeyKeeper(
            self.rows,
            self.ring,
            KeySealer(KeyMaterial(seals or (OLD,))),
            SCHEDULE,
            clock=lambda: self.now,
            metrics=Metrics(),
        )

    def signer(self, issuer_id: str, algorithm: str = "ES256") -> str:
        return self.ring.signer(issuer_id, algorithm, self.now).kid


@pytest.fixture
async def issuer_id(database: Database) -> str:
    await write(database, stored_application())
    issuer = await IntentRepository(database).issuer_of_origin(ORIGIN)
    assert issuer is not None
    return issuer.id


async def test_the_first_key_signs_at_once_and_only_its_sealed_form_is_stored(
    database: Database, issuer_id: str
) -> None:
    keeper = Keeper(database)
    await keeper.keys.ensure(issuer_id, "ES256")
    [stored] = await keeper.rows.load_all(keeper.now)
    assert keeper.signer(issuer_id) == stored.kid
    private = keeper.ring.signer(issuer_id, "ES256", keeper.now).private_bytes()
    assert private not in stored.sealed_private_key
    assert "d" not in stored.public_jwk


async def test_replicas_that_need_a_key_at_once_agree_on_one(database: Database, issuer_id: str) -> None:
    replicas = [Keeper(database) for _ in range(4)]
    await asyncio.gather(*(replica.keys.ensure(issuer_id, "ES256") for replica in replicas))
    assert len({replica.signer(issuer_id) for replica in replicas}) == 1
    assert len(await replicas[0].rows.load_all(1000.0)) == 1


async def test_requests_that_need_a_key_at_once_make_one(database: Database, issuer_id: str) -> None:
    made: list[str] = []
    keeper = Keeper(database)
    generate = keeper.keys._generate
    keeper.keys._generate = lambda algorithm: (made.append(algorithm), generate(algorithm))[1]
    await asyncio.gather(*(keeper.keys.ensure(issuer_id, "EdDSA") for _ in range(5)))
    assert made == ["EdDSA"]


async def test_each_algorithm_has_its_own_key(database: Database, issuer_id: str) -> None:
    keeper = Keeper(database)
    await keeper.keys.ensure_all({(issuer_id, "ES256"), (issuer_id, "RS256"), (issuer_id, "EdDSA")})
    stored = await keeper.rows.load_all(keeper.now)
    assert sorted(key.algorithm for key in stored) == ["ES256", "EdDSA", "RS256"]


async def test_a_restarted_server_signs_with_the_same_key(database: Database, issuer_id: str) -> None:
    first = Keeper(database)
    await first.keys.ensure(issuer_id, "ES256")
    second = Keeper(database)
    await second.keys.load()
    assert second.signer(issuer_id) == first.signer(issuer_id)


async def test_a_new_encryption_key_in_front_opens_what_the_old_one_sealed(database: Database, issuer_id: str) -> None:
    before = Keeper(database, OLD)
    await before.keys.ensure(issuer_id, "ES256")
    between = Keeper(database, NEW, OLD)
    await between.keys.load()
    await between.keys.ensure(issuer_id, "EdDSA")
    assert between.signer(issuer_id) == before.signer(issuer_id)
    with pytest.raises(CannotOpen, match="OSTIARY_KEY_ENCRYPTION_KEYS"):
        await Keeper(database, NEW).keys.load()


async def test_a_key_that_cannot_be_opened_while_serving_is_left_out_and_the_others_sign_on(
    database: Database, issuer_id: str
) -> None:
    stranger, keeper = Keeper(database, NEW), Keeper(database, OLD)
    await keeper.keys.ensure(issuer_id, "ES256")
    await stranger.keys._make_if_due(issuer_id, "EdDSA")
    await keeper.keys.rotate({(issuer_id, "ES256")})
    assert keeper.signer(issuer_id)
    assert not keeper.ring.has(issuer_id, "EdDSA")


async def test_the_next_key_is_published_before_it_signs_and_the_old_one_until_its_tokens_are_gone(
    database: Database, issuer_id: str
) -> None:
    keeper, wanted = Keeper(database), {(issuer_id, "ES256")}
    await keeper.keys.ensure(issuer_id, "ES256")
    first, start = keeper.signer(issuer_id), keeper.now

    def published() -> list[str]:
        return [kid for kid in kids if kid.encode() in keeper.ring.jwks(issuer_id, keeper.now)]

    async def at(instant: float) -> None:
        keeper.now = start + instant
        await keeper.keys.rotate(wanted)

    await at(30 * DAY - 3_601)
    assert len(await keeper.rows.load_all(keeper.now)) == 1
    await at(30 * DAY - 3_600)
    kids = [key.kid for key in await keeper.rows.load_all(keeper.now)]
    assert len(published()) == 2
    assert keeper.signer(issuer_id) == first
    await at(30 * DAY)
    second = keeper.signer(issuer_id)
    assert second != first
    await at(31 * DAY - 1)
    assert len(published()) == 2
    assert keeper.ring.verifier(issuer_id, first) is not None
    await at(31 * DAY)
    assert published() == [second]
    assert [key.kid for key in await keeper.rows.load_all(keeper.now)] == [second]


async def test_two_replicas_rotate_to_one_key(database: Database, issuer_id: str) -> None:
    replicas = [Keeper(database), Keeper(database)]
    for replica in replicas:
        await replica.keys.ensure(issuer_id, "ES256")
        replica.now += 30 * DAY
    await asyncio.gather(*(replica.keys.rotate({(issuer_id, "ES256")}) for replica in replicas))
    assert len(await replicas[0].rows.load_all(replicas[0].now)) == 2
    for replica in replicas:
        replica.now += 3_600.0
    assert replicas[0].signer(issuer_id) == replicas[1].signer(issuer_id)


async def test_an_unknown_kid_is_looked_up_at_most_once_in_a_few_seconds(database: Database, issuer_id: str) -> None:
    keeper, other = Keeper(database), Keeper(database)
    looked: list[Sequence[str]] = []
    load = keeper.rows.load

    async def counted(issuer_ids: Sequence[str], now: float) -> Sequence[SigningKey]:
        looked.append(issuer_ids)
        return await load(issuer_ids, now)

    keeper.rows.load = counted
    await keeper.keys.reload(issuer_id)
    await other.keys.ensure(issuer_id, "ES256")
    for _ in range(10):
        await keeper.keys.reload(issuer_id)
    assert len(looked) == 1
    keeper.now += 5.0
    await keeper.keys.reload(issuer_id)
    assert keeper.ring.verifier(issuer_id, other.signer(issuer_id)) is not None


async def test_an_unknown_kid_while_the_database_is_away_is_no_error(database: Database, issuer_id: str) -> None:
    keeper = Keeper(database)

    async def away(_: object, __: object) -> Sequence[SigningKey]:
        raise StoreUnavailable("away")

    keeper.rows.load = away
    await keeper.keys.reload(issuer_id)


async def test_no_key_is_made_for_an_issuer_that_is_gone(database: Database) -> None:
    keeper = Keeper(database)
    await keeper.keys.ensure("gone", "ES256")
    assert await keeper.rows.load_all(keeper.now) == []


async def test_the_age_of_the_longest_serving_key_is_told(database: Database, issuer_id: str) -> None:
    keeper = Keeper(database)
    assert keeper.keys.signing_age() == 0
    await keeper.keys.ensure(issuer_id, "ES256")
    keeper.now += 7.0
    assert keeper.keys.signing_age() == 7.0


async def test_a_sealed_key_that_was_moved_to_another_kid_is_refused(database: Database, issuer_id: str) -> None:
    keeper = Keeper(database)
    await keeper.keys.ensure(issuer_id, "ES256")
    async with database.write() as transaction:
        await transaction.execute(text("UPDATE signing_keys SET kid = 'moved'"))
    with pytest.raises(CannotOpen, match="moved"):
        await Keeper(database).keys.load()
