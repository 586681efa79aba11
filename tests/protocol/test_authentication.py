"""Who signs in, and that a stranger learns nothing about who could."""

import asyncio
import threading

import pytest

from ostiary_server.protocol.authentication import (
    LONGEST_PASSWORD,
    LONGEST_USERNAME,
    AuthenticationFailed,
    Authenticator,
    Throttled,
)
from ostiary_server.protocol.errors import TemporarilyUnavailable
from ostiary_server.protocol.passwords import PasswordPool
from ostiary_server.protocol.throttle import PER_ACCOUNT_AND_ADDRESS, Throttle
from ostiary_state.errors import StoreUnavailable
from ostiary_state.users import passwords
from ostiary_state.users.user import User
from tests.authorizing import CHEAP, NOW, PASSWORD, USER, World
from tests.fakes import MemoryUsers


class CountingPool(PasswordPool):
    """Remembers what was compared, to show that nothing is skipped."""

    def __init__(self) -> None:
        super().__init__(hasher=CHEAP)
        self.compared: list[str | None] = []

    async def verify(self, password_hash: str | None, password: str) -> bool:
        self.compared.append(password_hash)
        return await super().verify(password_hash, password)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def pool() -> CountingPool:
    return CountingPool()


@pytest.fixture
def authenticator(world: World, pool: CountingPool) -> Authenticator:
    return Authenticator(MemoryUsers(world.tables), pool, world.throttle)


async def attempt(authenticator: Authenticator, username: str = "ada", password: str = PASSWORD) -> User:
    return await authenticator.authenticate(username, password, remote="192.0.2.1", now=NOW)


async def test_the_right_password_gives_the_user(authenticator: Authenticator) -> None:
    assert (await attempt(authenticator)).id == USER.id


async def test_a_password_is_the_one_of_the_manifest_however_its_keyboard_composes_letters(
    world: World, authenticator: Authenticator
) -> None:
    world.put_user(password_hash=passwords.hash("Cafe\N{COMBINING ACUTE ACCENT}"))
    for typed in ("Cafe\N{COMBINING ACUTE ACCENT}", "Caf\N{LATIN SMALL LETTER E WITH ACUTE}"):
        assert (await attempt(authenticator, password=typed)).id == USER.id


async def test_a_wrong_password_an_unknown_a_disabled_and_a_passwordless_user_are_told_the_same(
    world: World, authenticator: Authenticator, pool: CountingPool
) -> None:
    messages = set()
    for username, fields in (
        ("ada", {"password_hash": CHEAP.hash("another")}),
        ("nobody", {}),
        ("ada", {"enabled": False, "password_hash": CHEAP.hash(PASSWORD)}),
        ("ada", {"enabled": True, "password_hash": None}),
        ("ada", {"password_hash": "no PHC string"}),
    ):
        world.put_user(**fields)
        with pytest.raises(AuthenticationFailed) as failure:
            await attempt(authenticator, username)
        messages.add(str(failure.value))
    assert len(messages) == 1
    assert len(pool.compared) == 5, "each of them costs one comparison"


async def test_the_dummy_comparison_costs_what_a_real_one_costs() -> None:
    pool = PasswordPool(hasher=CHEAP)
    parameters = pool._nobodys_hash.rsplit("$", 2)[0]
    assert parameters == CHEAP.hash("x").rsplit("$", 2)[0]
    assert not await pool.verify(None, "the password of nobody")


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("", PASSWORD),
        ("ada", ""),
        ("a" * (LONGEST_USERNAME + 1), PASSWORD),
        ("ada", "p" * (LONGEST_PASSWORD + 1)),
        ("ada\0", PASSWORD),
        ("ada\r\nx", PASSWORD),
    ],
)
async def test_what_no_database_or_log_should_see_fails_before_it_gets_there(
    world: World, authenticator: Authenticator, username: str, password: str
) -> None:
    with pytest.raises(AuthenticationFailed):
        await attempt(authenticator, username, password)
    assert world.tables.statements == 0


async def test_guessing_is_throttled_and_the_right_password_does_not_help_then(authenticator: Authenticator) -> None:
    for _ in range(PER_ACCOUNT_AND_ADDRESS.free):
        with pytest.raises(AuthenticationFailed):
            await attempt(authenticator, password="wrong")
    with pytest.raises(Throttled) as throttled:
        await attempt(authenticator)
    assert throttled.value.retry_after >= 1


async def test_a_database_that_is_away_costs_no_attempts(world: World, authenticator: Authenticator) -> None:
    world.tables.away = True
    for _ in range(PER_ACCOUNT_AND_ADDRESS.free + 1):
        with pytest.raises(StoreUnavailable):
            await attempt(authenticator)
    world.tables.away = False
    assert await attempt(authenticator)


class GatedPool(PasswordPool):
    """Its comparisons wait for the test."""

    def __init__(self, **bounds: int) -> None:
        self.gate = threading.Event()
        super().__init__(hasher=CHEAP, **bounds)

    def _matches(self, password_hash: str, password: str) -> bool:
        self.gate.wait(10)
        return super()._matches(password_hash, password)


async def test_a_full_pool_sheds_load_and_costs_no_attempts() -> None:
    world, pool = World(), GatedPool(workers=1, waiting=1)
    authenticator = Authenticator(MemoryUsers(world.tables), pool, Throttle())
    taken = [asyncio.create_task(attempt(authenticator)) for _ in range(2)]
    await asyncio.sleep(0)
    for _ in range(PER_ACCOUNT_AND_ADDRESS.free + 1):
        with pytest.raises(TemporarilyUnavailable) as full:
            await attempt(authenticator)
        assert full.value.retry_after
    pool.gate.set()
    await asyncio.gather(*taken)
    assert await attempt(authenticator)


async def test_a_caller_who_leaves_keeps_the_place_until_the_thread_is_done() -> None:
    pool = GatedPool(workers=1, waiting=0)
    left = asyncio.create_task(pool.verify(None, "x"))
    await asyncio.sleep(0)
    left.cancel()
    with pytest.raises(asyncio.CancelledError):
        await left
    with pytest.raises(TemporarilyUnavailable):
        await pool.verify(None, "x")
    pool.gate.set()
    async with asyncio.timeout(10):
        while pool._taken:  # noqa: ASYNC110 - a thread frees the place
            await asyncio.sleep(0.01)
    assert await pool.verify(CHEAP.hash("x"), "x")
