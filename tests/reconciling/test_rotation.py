"""Client secrets that follow each other, and none that locks an application out."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from ostiary_operator.reconcile.conditions import Reason, Type
from ostiary_operator.reconcile.declared import DeclaredApplication
from ostiary_operator.reconcile.rotating import ReplicasBehind
from ostiary_operator.reconcile.secret_history import REVOKE, ROTATE
from ostiary_state.applications.credentials import ClientCredential
from ostiary_state.intent import Use
from tests.reconciling.fakes import NOW, Crash, World, application

CALLBACK = "https://shop.example.com/callback"
HOUR = 3600.0
DAILY = {"interval": "24h", "overlap": "2h"}
MINE = {"callbackURLs": [CALLBACK], "secret": {"name": "mine", "mode": "Require"}}


def rotating(annotations: dict[str, str] | None = None, **rotation: Any) -> DeclaredApplication:
    spec = {"callbackURLs": [CALLBACK], **({"rotation": rotation} if rotation else {})}
    return replace(application(spec), annotations=annotations or {})


def secret_of(world: World) -> str:
    return world.secrets.held["shop", "web-oauth"].data["client-secret"].decode()


def stored(world: World) -> list[tuple[str, float | None]]:
    """Each secret's id, and in how many hours it ends."""
    rows = world.store.rows["shop/web"].credentials
    return [(each.id, None if each.expires_at is None else (each.expires_at - world.now) / HOUR) for each in rows]


def accepts(world: World, secret: str) -> bool:
    digest = hashlib.sha256(secret.encode()).digest()
    return any(each.digest == digest and each.valid(world.now) for each in world.store.rows["shop/web"].credentials)


async def test_a_secret_that_is_old_enough_is_followed_and_goes_on_counting_for_the_overlap(world: World) -> None:
    await world.applications.reconcile(rotating(**DAILY))
    first = secret_of(world)
    assert world.store.rows["shop/web"].rotate_at == NOW + 24 * HOUR

    world.now += 24 * HOUR
    outcome = await world.applications.reconcile(rotating(**DAILY))

    second = secret_of(world)
    assert first != second
    assert stored(world) == [("1", 2.0), ("2", None)]
    assert accepts(world, first)
    assert accepts(world, second)
    (notice,) = outcome.notices
    assert notice.reason == "SecretRotated"
    assert notice.message == "secret 2 follows secret 1, by schedule; secret 1 counts for another 2h"
    assert [each.id for each in outcome.credentials] == ["1", "2"]
    assert world.store.rows["shop/web"].rotate_at == world.now + 24 * HOUR

    world.now += 2 * HOUR
    assert not accepts(world, first)  # by itself, whoever runs
    await world.applications.reconcile(rotating(**DAILY))
    assert stored(world) == [("2", None)]


async def test_a_secret_that_is_not_due_is_left_alone_and_looking_again_writes_nothing(world: World) -> None:
    await world.applications.reconcile(rotating(**DAILY))
    world.now += 23 * HOUR
    await world.applications.reconcile(rotating(**DAILY))
    assert (len(world.minted), len(world.store.batches)) == (1, 1)


async def test_every_replica_knows_a_secret_before_anybody_can_read_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else who reads the Secret in that moment is turned away."""
    monkeypatch.setattr("ostiary_operator.reconcile.rotating._PATIENCE", 0.1)
    await world.applications.reconcile(rotating(**DAILY))
    first, world.now = secret_of(world), world.now + 24 * HOUR
    world.store.database.replicas |= {"ahead": 99, "behind": 1}
    with pytest.raises(ReplicasBehind):
        await world.applications.reconcile(rotating(**DAILY))
    assert secret_of(world) == first
    assert accepts(world, world.minted[-1])
    assert accepts(world, first)

    del world.store.database.replicas["behind"]
    await world.applications.reconcile(rotating(**DAILY))
    assert [each for each, _ in stored(world)] == ["1", "3"]
    assert accepts(world, secret_of(world))


@pytest.mark.parametrize("again", ["2", None])
async def test_a_crash_after_the_secret_was_written_takes_it_as_it_is(world: World, again: str | None) -> None:
    """The annotation asks once, however often the operator dies over it."""
    await world.applications.reconcile(rotating({ROTATE: "1"}))
    first = secret_of(world)
    world.secrets.lose_next = True
    with pytest.raises(Crash):
        await world.applications.reconcile(rotating({ROTATE: "2"}))
    second = secret_of(world)
    assert accepts(world, second)

    await world.applications.reconcile(rotating({ROTATE: again} if again else {}))

    assert secret_of(world) == second
    assert stored(world) == [("1", 24.0), ("2", None)]
    assert accepts(world, first)


async def test_a_crash_before_the_secret_was_written_forgets_what_nobody_can_know(world: World) -> None:
    await world.applications.reconcile(rotating())
    first = secret_of(world)
    world.secrets.forbidden.add("shop")
    row = world.store.rows["shop/web"]
    pending = ClientCredential("2", b"?" * 32, world.now, pending=True)
    world.store.put(replace(row, credentials=(*row.credentials, pending)))
    world.secrets.forbidden.clear()

    world.now += HOUR
    await world.applications.reconcile(rotating())

    assert stored(world) == [("1", None)]
    assert secret_of(world) == first


async def test_a_secret_that_gets_there_late_is_served_and_followed_like_any_other(world: World) -> None:
    """The answer to the write was lost and the watch is behind, or the operator of before is not dead yet."""
    await world.applications.reconcile(rotating({ROTATE: "1"}))
    first = secret_of(world)
    before = world.secrets.held["shop", "web-oauth"]
    world.secrets.lose_next = True
    with pytest.raises(Crash):
        await world.applications.reconcile(rotating({ROTATE: "2"}))
    after = world.secrets.held["shop", "web-oauth"]

    world.secrets.held["shop", "web-oauth"] = before
    await world.applications.reconcile(rotating({ROTATE: "1"}))
    world.secrets.held["shop", "web-oauth"] = after
    assert accepts(world, secret_of(world))

    await world.applications.reconcile(rotating({ROTATE: "2"}))
    assert stored(world) == [("1", 24.0), ("2", None)]
    assert accepts(world, first)


async def test_the_annotation_asks_for_one_replacement_and_its_value_of_the_beginning_for_none(world: World) -> None:
    await world.applications.reconcile(rotating({ROTATE: "with the first apply"}))
    await world.applications.reconcile(rotating({ROTATE: "with the first apply"}))
    assert stored(world) == [("1", None)]
    for _ in range(3):
        outcome = await world.applications.reconcile(rotating({ROTATE: "again"}))
    assert stored(world) == [("1", 24.0), ("2", None)]
    assert outcome.notices == ()


async def test_a_secret_that_is_known_to_others_is_replaced_without_an_overlap(world: World) -> None:
    await world.applications.reconcile(rotating(**DAILY))
    first = secret_of(world)
    await world.applications.reconcile(rotating({REVOKE: "1"}, **DAILY))
    assert stored(world) == [("2", None)]
    assert not accepts(world, first)
    await world.applications.reconcile(rotating({REVOKE: "1"}, **DAILY))
    assert len(world.minted) == 2


async def test_the_one_before_can_be_revoked_alone(world: World) -> None:
    await world.applications.reconcile(rotating())
    await world.applications.reconcile(rotating({ROTATE: "now"}))
    second = secret_of(world)
    await world.applications.reconcile(rotating({ROTATE: "now", REVOKE: "1"}))
    assert stored(world) == [("2", None)]
    assert secret_of(world) == second


@pytest.mark.parametrize("value", ["", "one", "-1", "1.5", "²", "9" * 200])
async def test_what_is_no_number_revokes_nothing(world: World, value: str) -> None:
    await world.applications.reconcile(rotating({REVOKE: value}))
    await world.applications.reconcile(rotating({REVOKE: value}))
    assert stored(world) == [("1", None)]


async def test_a_number_that_no_secret_has_yet_revokes_nothing(world: World) -> None:
    """Each rotation writes status, which is an event of the annotated object: it would be replaced without an end."""
    for _ in range(3):
        await world.applications.reconcile(rotating({REVOKE: "9"}))
    assert stored(world) == [("1", None)]
    await world.applications.reconcile(rotating({REVOKE: "9", ROTATE: "now"}))
    assert stored(world) == [("1", 24.0), ("2", None)]


class TestWhenUnused:
    """The one before goes when the other has proven itself, never before."""

    ROTATION = DAILY | {"revoke": "WhenUnused", "unusedFor": "30m"}

    @pytest.fixture
    async def rotated(self, world: World) -> World:
        await world.applications.reconcile(rotating(**self.ROTATION))
        world.now += 24 * HOUR
        await world.applications.reconcile(rotating(**self.ROTATION))
        return world

    async def look(self, world: World, **used: float) -> list[str]:
        """Minutes from now, by id of the secret; an hour after it was replaced."""
        for credential, minutes in used.items():
            use = Use("shop/web", "uid-1", credential.removeprefix("_"), world.now + minutes * 60)
            world.store.database.uses[use.application_id, use.incarnation, use.credential] = use
        await world.applications.reconcile(rotating(**self.ROTATION))
        return [each for each, _ in stored(world)]

    async def test_it_stays_while_nobody_has_used_the_new_one(self, rotated: World) -> None:
        """Whoever sleeps may still know only the old one."""
        rotated.now += HOUR
        assert await self.look(rotated, _1=-90) == ["1", "2"]

    async def test_it_stays_while_it_is_in_use(self, rotated: World) -> None:
        rotated.now += HOUR
        assert await self.look(rotated, _1=-29, _2=-1) == ["1", "2"]

    async def test_it_goes_when_it_has_not_been_used_for_long_enough(self, rotated: World) -> None:
        rotated.now += HOUR
        assert await self.look(rotated, _1=-30, _2=-1) == ["2"]

    async def test_it_stays_for_that_long_though_it_was_never_used(self, rotated: World) -> None:
        rotated.now += HOUR / 3
        assert await self.look(rotated, _2=-1) == ["1", "2"]

    async def test_it_goes_with_the_overlap_though_it_is_in_use(self, rotated: World) -> None:
        rotated.now += 2 * HOUR
        assert await self.look(rotated, _1=-1, _2=-1) == ["2"]

    async def test_uses_of_an_object_of_the_same_name_do_not_count(self, rotated: World) -> None:
        rotated.now += HOUR
        rotated.store.database.uses["x"] = Use("shop/web", "uid-0", "2", rotated.now)  # type: ignore[index]
        assert await self.look(rotated) == ["1", "2"]


async def test_no_more_than_five_secrets_count_at_a_time(world: World) -> None:
    for number in range(8):
        await world.applications.reconcile(rotating({ROTATE: str(number)}))
    assert [each for each, _ in stored(world)] == ["4", "5", "6", "7", "8"]


async def test_a_disabled_application_keeps_its_secret(world: World) -> None:
    spec = {"callbackURLs": [CALLBACK], "rotation": DAILY, "enabled": False}
    await world.applications.reconcile(application(spec))
    world.now += 25 * HOUR
    await world.applications.reconcile(application(spec))
    assert len(world.minted) == 1


async def test_what_an_earlier_version_stored_counts_as_the_first(world: World) -> None:
    """And nothing is written only because the operator is newer."""
    await world.applications.reconcile(application())
    row = world.store.rows["shop/web"]
    assert row.credentials == (ClientCredential("1", row.secret_digests[0], NOW),)
    await world.applications.reconcile(application())
    assert len(world.store.batches) == 1


class TestASecretOfMine:
    """Nobody but its owner changes it; what is said of the overlap holds all the same."""

    async def test_it_ends_at_once_where_nothing_is_said(self, world: World) -> None:
        world.secrets.put("mine", {"client-secret": b"first"})
        await world.applications.reconcile(application(MINE))
        world.secrets.put("mine", {"client-secret": b"second"})
        await world.applications.reconcile(application(MINE))
        assert stored(world) == [("2", None)]

    async def test_it_goes_on_counting_for_the_overlap_that_the_manifest_names(self, world: World) -> None:
        declared = application(MINE | {"rotation": {"overlap": "1h"}})
        world.secrets.put("mine", {"client-secret": b"first"})
        await world.applications.reconcile(declared)
        world.secrets.put("mine", {"client-secret": b"second"})
        await world.applications.reconcile(declared)
        assert stored(world) == [("1", 1.0), ("2", None)]
        world.secrets.put("mine", {"client-secret": b"first"})  # back to it
        await world.applications.reconcile(declared)
        assert stored(world) == [("2", 1.0), ("3", None)]  # no id comes back

    async def test_the_annotation_does_not_touch_it(self, world: World) -> None:
        world.secrets.put("mine", {"client-secret": b"first"})
        await world.applications.reconcile(application(MINE))
        await world.applications.reconcile(replace(application(MINE), annotations={ROTATE: "now"}))
        assert (world.secrets.writes, stored(world)) == (0, [("1", None)])

    async def test_what_is_served_outlives_a_secret_that_went_but_not_its_end(self, world: World) -> None:
        declared = application(MINE | {"rotation": {"overlap": "1h"}})
        world.secrets.put("mine", {"client-secret": b"first"})
        await world.applications.reconcile(declared)
        world.secrets.put("mine", {"client-secret": b"second"})
        await world.applications.reconcile(declared)
        world.secrets.held.clear()
        world.now += HOUR
        outcome = await world.applications.reconcile(declared)
        secret = outcome.condition(Type.SECRET_READY)
        assert secret is not None
        assert secret.reason is Reason.WAITING_FOR_SECRET
        assert stored(world) == [("2", None)]
