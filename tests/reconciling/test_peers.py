"""What operators of this kind have been seen to do wrong, each as a test of what must not happen here."""

from dataclasses import replace

from ostiary_operator.reconcile.conditions import Reason, Type
from ostiary_operator.reconcile.outcome import Truth
from ostiary_operator.reconcile.secret_port import SecretForbidden
from tests.reconciling.fakes import World, application

CALLBACK = "https://shop.example.com/callback"


async def test_drift_in_the_store_does_not_outlive_a_resync(world: World) -> None:
    await world.applications.reconcile(application())
    row = world.store.rows["shop/web"]
    world.store.put(replace(row, spec={"callbackURLs": ["https://evil.example/"]}))
    await world.applications.reconcile(application())
    assert world.store.rows["shop/web"].spec == row.spec


async def test_a_row_that_was_removed_does_not_stay_away(world: World) -> None:
    await world.applications.reconcile(application())
    world.store.database.applications.clear()
    outcome = await world.applications.reconcile(application())
    assert world.store.rows["shop/web"].revision == outcome.revision


async def test_a_lost_secret_does_not_change_the_client_id(world: World) -> None:
    first = await world.applications.reconcile(application())
    world.secrets.held.clear()
    second = await world.applications.reconcile(application())
    assert second.client_id == first.client_id


async def test_an_application_of_the_same_display_name_is_not_adopted(world: World) -> None:
    spec = {"callbackURLs": [CALLBACK], "displayName": "Shop"}
    await world.applications.reconcile(application(spec))
    before = world.store.rows["shop/web"]
    await world.applications.reconcile(application(spec, namespace="bank", uid="uid-2"))
    assert world.store.rows["shop/web"] == before
    assert world.store.rows["bank/web"].secret_digests != before.secret_digests


async def test_a_client_of_the_same_id_is_not_overwritten(world: World) -> None:
    spec = {"callbackURLs": [CALLBACK], "clientID": "one"}
    await world.applications.reconcile(application(spec))
    before = world.store.rows["shop/web"]
    await world.applications.reconcile(application(spec, namespace="bank", uid="uid-2"))
    assert world.store.rows["shop/web"] == before


async def test_a_secret_that_could_not_be_created_is_in_no_condition(world: World) -> None:
    async def refuse(_: object) -> None:
        raise SecretForbidden("kubectl create rolebinding")

    world.secrets.create = refuse  # type: ignore[assignment,method-assign]
    outcome = await world.applications.reconcile(application())
    ready = outcome.condition(Type.SECRET_READY)
    assert ready is not None
    assert (ready.status, ready.reason) == (Truth.FALSE, Reason.FORBIDDEN)
    assert world.minted
    assert all(secret not in repr(outcome) for secret in world.minted)


async def test_deletion_removes_its_own_row_and_no_other(world: World) -> None:
    for number in range(30):
        await world.applications.reconcile(application(name=f"app-{number}", uid=f"uid-{number}"))
    await world.applications.reconcile(application(name="app-7", uid="uid-7", deleted=True))
    assert set(world.store.rows) == {f"shop/app-{number}" for number in range(30) if number != 7}


async def test_a_missing_field_is_its_default_and_not_false(world: World) -> None:
    await world.applications.reconcile(application())
    assert world.store.rows["shop/web"].spec.get("enabled", True) is True


async def test_credentials_are_not_invented_while_the_named_ones_are_on_their_way(world: World) -> None:
    spec = {"callbackURLs": [CALLBACK], "secret": {"name": "from-vault", "mode": "Require"}}
    outcome = await world.applications.reconcile(application(spec))
    assert (outcome.revision, world.minted, world.secrets.held) == (None, [], {})


async def test_one_client_id_does_not_make_two_secrets_collide(world: World) -> None:
    for namespace in ("shop", "bank"):
        await world.applications.reconcile(application(namespace=namespace, uid=namespace))
    assert set(world.secrets.held) == {("shop", "web-oauth"), ("bank", "web-oauth")}


async def test_reconciling_for_ever_does_not_write_for_ever(world: World) -> None:
    for _ in range(20):
        await world.applications.reconcile(application())
    assert (len(world.store.batches), world.secrets.writes) == (1, 1)
