"""What is used is noted in memory and written now and then, sooner where the operator waits for it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import pytest

from ostiary_server.metrics import Metrics
from ostiary_server.replica.uses import NotedUses
from ostiary_state.applications.credentials import ClientCredential
from ostiary_state.errors import StoreUnavailable
from ostiary_state.intent import Use
from tests.factories import application

ONE, TWO = ClientCredential("1", b"1" * 32, 0.0, expires_at=99.0), ClientCredential("2", b"2" * 32, 0.0)


@dataclass
class Rows:
    written: list[list[str]] = field(default_factory=list)
    away: bool = False

    async def record(self, seen: Collection[Use], now: float) -> None:  # noqa: ARG002 - the port's
        if self.away:
            raise StoreUnavailable("away")
        self.written.append(sorted(f"{use.credential}@{use.used_at:.0f}" for use in seen))

    async def verified(self) -> Sequence[Use]:
        return []


@dataclass
class Desk:
    rows: Rows = field(default_factory=Rows)
    now: float = 0.0

    def __post_init__(self) -> None:
        self.uses = NotedUses(self.rows, None, clock=lambda: self.now, metrics=Metrics())  # type: ignore[arg-type]

    async def round(self, now: float) -> list[str]:
        self.now, before = now, len(self.rows.written)
        await self.uses.round()
        return self.rows.written[-1] if len(self.rows.written) > before else []


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_one_of_several_secrets_is_told_with_each_round(desk: Desk) -> None:
    both = application(credentials=(ONE, TWO))
    for now in (5.0, 10.0, 15.0):
        desk.now = now
        desk.uses.authenticated(both, ONE)
        assert await desk.round(now) == [f"1@{now:.0f}"]
    assert await desk.round(20.0) == []


async def test_what_nobody_waits_for_is_told_once_a_minute(desk: Desk) -> None:
    single = application(credentials=(TWO,))
    for now in (0.0, 30.0, 59.0):
        desk.now = now
        desk.uses.authenticated(single, TWO)
        desk.uses.issued(single)
        assert await desk.round(now) == (["2@0", "@0"] if now == 0.0 else [])
    assert await desk.round(60.0) == ["2@59", "@59"]
    assert await desk.round(200.0) == []


async def test_nothing_is_lost_while_the_database_is_away(desk: Desk) -> None:
    desk.uses.authenticated(application(credentials=(ONE, TWO)), ONE)
    desk.rows.away = True
    await desk.uses.write()
    desk.rows.away = False
    assert await desk.round(5.0) == ["1@0"]


async def test_a_use_that_comes_in_while_one_is_written_is_told_next(desk: Desk) -> None:
    both = application(credentials=(ONE, TWO))
    desk.uses.authenticated(both, ONE)
    record = desk.rows.record

    async def slow(seen: Collection[Use], now: float) -> None:
        desk.now = 7.0
        desk.uses.authenticated(both, ONE)
        await record(seen, now)

    desk.rows.record = slow  # type: ignore[method-assign]
    assert await desk.round(5.0) == ["1@0"]
    desk.rows.record = record  # type: ignore[method-assign]
    assert await desk.round(10.0) == ["1@7"]
