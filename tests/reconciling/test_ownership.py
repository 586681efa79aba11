"""Who holds a client id, who may take it over, and what is left of an application whose object goes."""

from typing import Any

import pytest

from ostiary_operator.reconcile.conditions import Reason, Type
from ostiary_operator.reconcile.outcome import Outcome
from tests.reconciling.fakes import World, application

CALLBACK = "https://shop.example.com/callback"
LEFT = {"callbackURLs": [CALLBACK], "clientID": "one", "deletionPolicy": "Orphan"}
MINE = {"name": "mine", "mode": "Require"}


def accepted(outcome: Outcome) -> tuple[Reason, str]:
    condition = outcome.condition(Type.ACCEPTED)
    assert condition is not None
    return condition.reason, condition.message


async def left_behind(world: World, **spec: Any) -> bytes:
    """An application whose object is gone; its client secret."""
    await world.applications.reconcile(application(LEFT | spec))
    await world.applications.reconcile(application(LEFT | spec, deleted=True))
    held = world.secrets.held.get(("shop", "web-oauth"))
    return held.data["client-secret"] if held is not None else b""


async def adopt(world: World, uid: str = "uid-1", secret: bytes | None = None, **spec: Any) -> Outcome:
    """An object of another namespace wants it."""
    if secret is not None:
        world.secrets.put("mine", {"client-secret": secret}, namespace="bank")
    wanted = {"callbackURLs": [CALLBACK], "clientID": "one", "adopt": {"uid": uid}, "secret": MINE, **spec}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    if spec.get("type") == "Public":
        del wanted["secret"]
    return await world.applications.reconcile(application(wanted, namespace="bank", name="portal", uid="uid-2"))


async def test_what_was_left_behind_is_taken_over_with_its_secret_by_who_knows_it(world: World) -> None:
    secret = await left_behind(world)
    before = world.store.rows["shop/web"].credentials
    outcome = await adopt(world, secret=secret)
    assert accepted(outcome)[0] is Reason.ACCEPTED
    assert set(world.store.rows) == {"bank/portal"}
    row = world.store.rows["bank/portal"]
    assert (row.client_id, row.credentials, row.incarnation) == ("one", before, "uid-2")
    writes = len(world.store.batches)
    await adopt(world)
    assert len(world.store.batches) == writes


@pytest.mark.parametrize(
    ("uid", "secret"), [("uid-0", None), ("uid-1", b"x" * 43), ("", b"x" * 43)], ids=["uid", "secret", "nothing"]
)
async def test_who_cannot_prove_it_gets_nothing_and_the_holder_keeps_all(
    world: World, uid: str, secret: bytes | None
) -> None:
    known = await left_behind(world)
    before = dict(world.store.rows)
    outcome = await adopt(world, uid=uid or "other", secret=secret or known)
    assert accepted(outcome)[0] is Reason.ADOPTION_NOT_PROVEN
    assert world.store.rows == before
    assert "uid-1" not in accepted(outcome)[1]


async def test_without_an_adopt_block_it_is_a_conflict_that_names_the_holder(world: World) -> None:
    secret = await left_behind(world)
    outcome = await adopt(world, secret=secret, adopt=None)
    assert accepted(outcome) == (
        Reason.CONFLICT,
        "client id 'one' was left behind by OAuthApplication shop/web: spec.adopt takes it over",
    )


async def test_what_somebody_owns_cannot_be_adopted(world: World) -> None:
    await world.applications.reconcile(application(LEFT))
    secret = world.secrets.held["shop", "web-oauth"].data["client-secret"]
    outcome = await adopt(world, secret=secret)
    assert accepted(outcome)[0] is Reason.CONFLICT
    assert set(world.store.rows) == {"shop/web"}


async def test_a_confidential_one_cannot_be_adopted_as_public(world: World) -> None:
    await left_behind(world)
    outcome = await adopt(world, type="Public")
    assert accepted(outcome)[0] is Reason.ADOPTION_NOT_PROVEN
    assert set(world.store.rows) == {"shop/web"}


async def test_a_public_one_is_adopted_by_its_uid(world: World) -> None:
    await left_behind(world, type="Public")
    outcome = await adopt(world, type="Public")
    assert accepted(outcome)[0] is Reason.ACCEPTED
    assert set(world.store.rows) == {"bank/portal"}


async def test_it_waits_for_the_secret_that_proves_it(world: World) -> None:
    secret = await left_behind(world)
    outcome = await adopt(world)
    condition = outcome.condition(Type.SECRET_READY)
    assert condition is not None
    assert condition.reason is Reason.WAITING_FOR_SECRET
    assert set(world.store.rows) == {"shop/web"}
    await adopt(world, secret=secret)
    assert set(world.store.rows) == {"bank/portal"}


async def test_one_that_is_disabled_with_its_object_is_refused_and_keeps_its_client_id(world: World) -> None:
    await left_behind(world, deletionPolicy="Disable")
    row = world.store.rows["shop/web"]
    assert (row.owned, row.spec["enabled"], row.not_before) == (False, False, world.now)
    outcome = await adopt(world, adopt=None, secret=b"x" * 43)
    assert accepted(outcome)[0] is Reason.CONFLICT


async def test_it_comes_back_with_its_object_and_its_secret_and_without_what_it_was_issued(world: World) -> None:
    secret = await left_behind(world, deletionPolicy="Disable")
    await world.applications.reconcile(application(LEFT, uid="uid-3"))
    row = world.store.rows["shop/web"]
    assert (row.owned, row.spec.get("enabled", True), row.incarnation) == (True, True, "uid-3")
    assert world.secrets.held["shop", "web-oauth"].data["client-secret"] == secret


async def test_deleting_twice_disables_once(world: World) -> None:
    await left_behind(world, deletionPolicy="Disable")
    before, world.now = world.store.rows["shop/web"], world.now + 60
    await world.applications.reconcile(application(LEFT | {"deletionPolicy": "Disable"}, deleted=True))
    assert world.store.rows["shop/web"] == before
