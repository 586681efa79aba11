"""What somebody changed in the store is told field by field and put right, and never fought over for ever."""

from dataclasses import replace
from typing import Any

import pytest

from ostiary_operator.drift_watch import DriftWatch
from ostiary_operator.metrics import Metrics
from ostiary_operator.objects import Key, ObjectKind
from ostiary_operator.reconcile.conditions import Reason
from ostiary_operator.reconcile.drift import Drifts
from ostiary_operator.reconcile.outcome import Outcome, Truth
from ostiary_operator.worklist import Job, Worklist
from ostiary_state import fingerprints
from ostiary_state.applications.credentials import ClientCredential
from ostiary_state.intent import Kind, Tampering
from tests.reconciling.fakes import NOW, World, application

SPEC = {"callbackURLs": ["https://shop.example.com/callback"], "displayName": "Shop"}


def tamper(world: World, **fields: Any) -> None:
    """As somebody with SQL would; the store tells that the row is not what was written."""
    row = world.store.rows["shop/web"]
    written = fingerprints.content_of(row)
    changed = replace(row, **fields)
    secrets = changed.credentials != row.credentials
    world.store.put(replace(changed, written=written, changed=changed != row and not secrets, secrets_changed=secrets))


async def reconcile(world: World, **spec: Any) -> Outcome:
    return await world.applications.reconcile(application(SPEC | spec))


async def test_each_field_is_told_as_declared_and_as_found_and_is_as_declared_again(world: World) -> None:
    await reconcile(world)
    tamper(world, spec={**world.store.rows["shop/web"].spec, "displayName": "Evil", "enabled": False})
    world.drifts.noticed["shop/web"] = Tampering(Kind.APPLICATION, "shop/web", "mallory", False, NOW)
    outcome = await reconcile(world)
    assert outcome.drift is not None
    assert (outcome.drift.status, outcome.drift.reason) == (Truth.FALSE, Reason.CORRECTED)
    assert outcome.drift.message == (
        "put right: spec.displayName is 'Shop', was 'Evil'; spec.enabled is its default, was False"
        " (by database user mallory)"
    )
    assert [(each.reason, each.warning) for each in outcome.notices] == [("DriftCorrected", True)]
    assert world.store.rows["shop/web"].spec["displayName"] == "Shop"

    writes = len(world.store.batches)
    assert (await reconcile(world)).drift is None
    assert len(world.store.batches) == writes


async def test_a_secret_that_somebody_added_never_counts(world: World) -> None:
    await reconcile(world, rotation={"overlap": "24h"})
    row = world.store.rows["shop/web"]
    tamper(world, credentials=(ClientCredential("0", b"e" * 32, NOW), *row.credentials))
    outcome = await reconcile(world, rotation={"overlap": "24h"})
    assert world.store.rows["shop/web"].credentials == row.credentials
    assert outcome.drift is not None
    assert outcome.drift.message == "put right: clientSecrets is ['1'], was ['0', '1']"


async def test_a_secret_that_somebody_added_does_not_become_ours_while_the_secret_cannot_be_read(world: World) -> None:
    await reconcile(world)
    row = world.store.rows["shop/web"]
    tamper(world, credentials=(*row.credentials, ClientCredential("9", b"e" * 32, NOW)))
    world.secrets.forbidden.add("shop")
    outcome = await reconcile(world)
    assert outcome.drift is not None
    assert (outcome.drift.status, outcome.drift.reason) == (Truth.TRUE, Reason.REPORTED)
    assert len(world.store.batches) == 1
    world.secrets.forbidden.clear()
    await reconcile(world)
    assert world.store.rows["shop/web"].credentials == row.credentials


async def test_it_is_left_and_told_where_the_manifest_says_so(world: World) -> None:
    await reconcile(world, driftPolicy="Report")
    tamper(world, spec={**world.store.rows["shop/web"].spec, "displayName": "Evil"})
    for _ in range(2):
        outcome = await reconcile(world, driftPolicy="Report")
        assert outcome.drift is not None
        assert (outcome.drift.status, outcome.drift.reason) == (Truth.TRUE, Reason.REPORTED)
    assert world.store.rows["shop/web"].spec["displayName"] == "Evil"
    assert len(world.store.batches) == 1


async def test_a_manifest_that_changed_meanwhile_is_no_drift_and_counts(world: World) -> None:
    await reconcile(world, driftPolicy="Report")
    tamper(world, spec={**world.store.rows["shop/web"].spec, "displayName": "Evil"})
    outcome = await reconcile(world, driftPolicy="Report", displayName="Boutique")
    assert outcome.drift is None
    assert world.store.rows["shop/web"].spec["displayName"] == "Boutique"


async def test_a_removed_row_comes_back_with_its_secret(world: World) -> None:
    await reconcile(world)
    digests = world.store.rows["shop/web"].secret_digests
    world.store.database.applications.clear()
    world.drifts.noticed["shop/web"] = Tampering(Kind.APPLICATION, "shop/web", None, True, NOW)
    outcome = await reconcile(world)
    assert outcome.drift is not None
    assert outcome.drift.message == "put right: the row was removed"
    assert world.store.rows["shop/web"].secret_digests == digests


async def test_who_keeps_changing_it_is_not_fought_for_ever(world: World) -> None:
    clock = [0.0]
    world.drifts = Drifts(lambda: clock[0])
    await reconcile(world)
    good = world.store.rows["shop/web"].spec
    reasons = []
    for _ in range(7):
        tamper(world, spec={**good, "displayName": "Evil"})
        drift = (await reconcile(world)).drift
        reasons.append(drift.reason if drift is not None else None)
        world.store.put(replace(world.store.rows["shop/web"], spec=good, changed=False))
    assert reasons == [Reason.CORRECTED] * 5 + [Reason.FOUGHT_OVER] * 2
    clock[0] = 601.0
    tamper(world, spec={**good, "displayName": "Evil"})
    drift = (await reconcile(world)).drift
    assert drift is not None
    assert drift.reason is Reason.CORRECTED


@pytest.mark.parametrize("kind", [Kind.APPLICATION, Kind.USER])
async def test_what_the_database_noted_is_looked_at_once_and_then_forgotten(world: World, kind: Kind) -> None:
    looked: list[Key] = []

    async def work(key: Key, _: Job) -> bool:
        looked.append(key)
        return True

    worklist = Worklist(work, Metrics(), lambda: 0.0, parallelism=1)
    watch = DriftWatch(world.store, worklist, world.drifts)
    found = Tampering(kind, "shop/web", "mallory", False, NOW)
    world.store.database.tampering.append(found)
    await watch.once()
    key = Key(ObjectKind.APPLICATION if kind is Kind.APPLICATION else ObjectKind.USER, "shop", "web")
    await worklist.finished(key)
    for _ in range(3):
        await watch.once()
    assert looked == [key]
    assert world.store.database.tampering == []
    assert world.drifts.noticed == {}
