"""Many secrets that are to be replaced: none is in the way of the others for long."""

import asyncio
from dataclasses import replace

import pytest

from ostiary_operator.reconcile.rotating import ReplicasBehind, Turns
from ostiary_operator.reconcile.secret_history import ROTATE
from tests.reconciling.fakes import Crash, World
from tests.reconciling.test_rotation import DAILY, HOUR, rotating


async def test_a_fleet_takes_turns_and_a_person_does_not_wait(world: World) -> None:
    clock = [0.0]
    world.turns = Turns(10.0, lambda: clock[0])
    for name in ("a", "b"):
        await world.applications.reconcile(replace(rotating(**DAILY), name=name))
    world.now += 24 * HOUR
    for name in ("a", "b"):
        await world.applications.reconcile(replace(rotating(**DAILY), name=name))
    assert len(world.minted) == 3
    asked = replace(rotating({ROTATE: "now"}, **DAILY), name="b")
    await world.applications.reconcile(asked)
    assert len(world.minted) == 4
    await world.applications.reconcile(replace(asked, annotations={}))
    clock[0] = 10.0
    assert await world.store.rotations_due(world.now, 10) == []


async def test_one_that_cannot_be_replaced_does_not_take_the_turn_of_others(world: World) -> None:
    """Such as a Secret that its namespace has made immutable."""
    world.turns = Turns(10.0, lambda: 0.0)
    for name in ("a", "b"):
        await world.applications.reconcile(replace(rotating(**DAILY), name=name))
    world.now += 24 * HOUR
    world.secrets.lose_next = True
    with pytest.raises(Crash):
        await world.applications.reconcile(replace(rotating(**DAILY), name="a"))
    await world.applications.reconcile(replace(rotating(**DAILY), name="b"))
    assert [each.id for each in world.store.rows["shop/b"].credentials] == ["1", "2"]


async def test_no_more_than_eight_wait_for_a_replica_that_is_behind(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each holds a place among what is worked on at a time, and a namespace may ask for any number."""
    monkeypatch.setattr("ostiary_operator.reconcile.rotating._PATIENCE", 0.2)
    names = [f"web-{number}" for number in range(20)]
    for name in names:
        await world.applications.reconcile(replace(rotating(), name=name))
    world.store.database.replicas |= {"behind": 1}
    asked = [replace(rotating({ROTATE: "now"}), name=name) for name in names]
    tried = await asyncio.gather(*map(world.applications.reconcile, asked), return_exceptions=True)
    assert all(isinstance(each, ReplicasBehind) for each in tried)
    assert len(world.minted) == len(names) + 8

    world.store.database.replicas.clear()
    for each in asked:
        await world.applications.reconcile(each)
    assert all(row.credentials[-1].requested == "now" for row in world.store.rows.values())
