"""What becomes of an OAuthUser's manifest and password Secret."""

import pytest

from ostiary_operator.reconcile.conditions import Reason, Type
from ostiary_operator.reconcile.outcome import Outcome, Truth
from ostiary_operator.reconcile.user import UserReconciler
from tests.reconciling.fakes import World, user

REFERENCE = {"username": "ada", "passwordSecretRef": {"name": "ada"}}


def _reason(outcome: Outcome, type_: Type) -> tuple[Truth, Reason]:
    condition = outcome.condition(type_)
    assert condition is not None
    return condition.status, condition.reason


@pytest.fixture
def ada(world: World) -> UserReconciler:
    """A world in which ada's password Secret is there."""
    world.secrets.put("ada", {"password": b"correct horse"}, namespace="people")
    return world.users


async def test_a_good_manifest_is_stored_with_the_password_as_a_hash(world: World, ada: UserReconciler) -> None:
    outcome = await ada.reconcile(user())
    row = world.store.people["people/ada"]
    assert (row.username, row.incarnation, row.not_before) == ("ada", "uid-1", 0)
    assert row.password_hash is not None
    assert await world.hasher.matches(row.password_hash, "correct horse")
    assert _reason(outcome, Type.ACCEPTED) == (Truth.TRUE, Reason.ACCEPTED)
    assert _reason(outcome, Type.SECRET_READY) == (Truth.TRUE, Reason.FOUND)
    assert (outcome.revision, outcome.follows, outcome.secret_name) == (1, "ada", None)


async def test_an_unchanged_user_is_neither_written_nor_hashed_again(world: World, ada: UserReconciler) -> None:
    await ada.reconcile(user())
    await ada.reconcile(user())
    assert len(world.store.batches) == 1
    assert (world.hasher.hashed, world.hasher.compared) == (1, 0)


async def test_a_new_password_ends_every_session(world: World, ada: UserReconciler) -> None:
    await ada.reconcile(user())
    world.now += 60
    world.secrets.put("ada", {"password": b"battery staple"}, namespace="people")
    await ada.reconcile(user())
    row = world.store.people["people/ada"]
    assert row.password_hash is not None
    assert await world.hasher.matches(row.password_hash, "battery staple")
    assert row.not_before == world.now


async def test_a_secret_that_was_only_written_again_ends_no_session(world: World, ada: UserReconciler) -> None:
    await ada.reconcile(user())
    before = world.store.people["people/ada"]
    world.now += 60
    world.secrets.put("ada", {"password": b"correct horse"}, namespace="people")
    await ada.reconcile(user())
    row = world.store.people["people/ada"]
    assert (row.password_hash, row.not_before) == (before.password_hash, 0)
    assert row.password_version != before.password_version
    assert world.hasher.hashed == 1


async def test_another_key_of_the_same_secret_is_another_password(world: World) -> None:
    world.secrets.put("ada", {"old": b"correct horse", "new": b"battery staple"}, namespace="people")
    old = {**REFERENCE, "passwordSecretRef": {"name": "ada", "key": "old"}}
    new = {**REFERENCE, "passwordSecretRef": {"name": "ada", "key": "new"}}
    await world.users.reconcile(user(old))
    await world.users.reconcile(user(new, generation=2))
    row = world.store.people["people/ada"]
    assert row.password_hash is not None
    assert await world.hasher.matches(row.password_hash, "battery staple")
    assert row.not_before == world.now


@pytest.mark.parametrize("written", [b"correct horse\n", b"correct horse\r\n"])
async def test_the_line_break_that_echo_leaves_is_no_part_of_a_password(world: World, written: bytes) -> None:
    world.secrets.put("ada", {"password": written}, namespace="people")
    await world.users.reconcile(user())
    row = world.store.people["people/ada"]
    assert row.password_hash is not None
    assert await world.hasher.matches(row.password_hash, "correct horse")


@pytest.mark.parametrize(
    ("data", "labelled", "reason"),
    [
        (None, True, Reason.WAITING_FOR_SECRET),
        ({"password": b"correct horse"}, False, Reason.WAITING_FOR_SECRET),
        ({"pass": b"correct horse"}, True, Reason.WAITING_FOR_SECRET),
        ({"password": b"\n"}, True, Reason.NOT_USABLE),
        ({"password": b"\xff\xfe"}, True, Reason.NOT_USABLE),
    ],
)
async def test_without_a_usable_password_a_user_is_stored_who_cannot_sign_in_with_one(
    world: World, data: dict[str, bytes] | None, labelled: bool, reason: Reason
) -> None:
    if data is not None:
        world.secrets.put("ada", data, namespace="people", labelled=labelled)
    outcome = await world.users.reconcile(user())
    assert _reason(outcome, Type.SECRET_READY) == (Truth.FALSE, reason)
    assert world.store.people["people/ada"].password_hash is None


async def test_a_password_secret_that_goes_leaves_the_last_password(world: World, ada: UserReconciler) -> None:
    await ada.reconcile(user())
    before = world.store.people["people/ada"]
    world.secrets.held.clear()
    outcome = await ada.reconcile(user())
    assert world.store.people["people/ada"] == before
    assert _reason(outcome, Type.SECRET_READY) == (Truth.FALSE, Reason.WAITING_FOR_SECRET)


async def test_removing_the_reference_removes_the_password_and_ends_sessions(world: World, ada: UserReconciler) -> None:
    await ada.reconcile(user())
    outcome = await ada.reconcile(user({"username": "ada"}, generation=2))
    row = world.store.people["people/ada"]
    assert (row.password_hash, row.password_version, row.not_before) == (None, None, world.now)
    assert _reason(outcome, Type.SECRET_READY) == (Truth.TRUE, Reason.NOT_NEEDED)


async def test_disabling_ends_every_session(world: World, ada: UserReconciler) -> None:
    await ada.reconcile(user())
    await ada.reconcile(user({**REFERENCE, "enabled": False}, generation=2))
    assert world.store.people["people/ada"].not_before == world.now


async def test_only_listed_namespaces_declare_users(world: World) -> None:
    outcome = await world.users.reconcile(user(namespace="shop"))
    assert _reason(outcome, Type.ACCEPTED) == (Truth.FALSE, Reason.NAMESPACE_NOT_ALLOWED)
    assert world.store.people == {}
    world.user_namespaces = None
    outcome = await world.users.reconcile(user(namespace="shop"))
    assert _reason(outcome, Type.ACCEPTED) == (Truth.TRUE, Reason.ACCEPTED)


async def test_a_namespace_that_is_listed_no_more_loses_its_users(world: World, ada: UserReconciler) -> None:
    await ada.reconcile(user())
    world.user_namespaces = frozenset()
    outcome = await world.users.reconcile(user())
    assert (world.store.people, outcome.revision, outcome.released) == ({}, None, True)


async def test_the_first_holder_keeps_a_username_and_the_second_looks_again(ada: UserReconciler) -> None:
    await ada.reconcile(user())
    rival = user({"username": "ada"}, name="eve")
    outcome = await ada.reconcile(rival)
    assert _reason(outcome, Type.ACCEPTED) == (Truth.FALSE, Reason.CONFLICT)
    assert "people/ada" in str(outcome.condition(Type.ACCEPTED))
    assert outcome.contested
    renamed = await ada.reconcile(user({**REFERENCE, "username": "ada2"}, generation=2))
    assert renamed.released
    assert (await ada.reconcile(rival)).revision is not None


async def test_a_refused_manifest_leaves_the_last_good_one(world: World, ada: UserReconciler) -> None:
    await ada.reconcile(user())
    before = dict(world.store.people)
    outcome = await ada.reconcile(user({**REFERENCE, "claims": {"iss": "x"}}, generation=2))
    assert _reason(outcome, Type.ACCEPTED) == (Truth.FALSE, Reason.INVALID_SPEC)
    assert (world.store.people, outcome.revision) == (before, 1)


async def test_a_recreated_user_inherits_neither_password_nor_subject(world: World, ada: UserReconciler) -> None:
    await ada.reconcile(user())
    before = world.store.people["people/ada"]
    world.secrets.held.clear()
    await ada.reconcile(user(uid="uid-2"))
    row = world.store.people["people/ada"]
    assert row.password_hash is None
    assert row.subject != before.subject


async def test_deletion_leaves_a_tombstone_and_another_incarnation_alone(world: World, ada: UserReconciler) -> None:
    await ada.reconcile(user(uid="new"))
    await ada.reconcile(user(uid="old", deleted=True))
    assert "people/ada" in world.store.people
    outcome = await ada.reconcile(user(uid="new", deleted=True))
    assert (outcome.gone, outcome.released, world.store.people) == (True, True, {})


async def test_a_forbidden_namespace_says_how_to_allow_it_and_keeps_the_password(
    world: World, ada: UserReconciler
) -> None:
    await ada.reconcile(user())
    world.secrets.forbidden.add("people")
    outcome = await ada.reconcile(user())
    assert _reason(outcome, Type.SECRET_READY) == (Truth.FALSE, Reason.FORBIDDEN)
    assert world.store.people["people/ada"].password_hash is not None


async def test_a_user_whose_object_vanished_is_ended(world: World, ada: UserReconciler) -> None:
    await ada.reconcile(user())
    assert await world.vanished.end("people/ada", application=False) == "uid-1"
    assert world.store.people == {}


async def test_nothing_that_is_reported_or_printed_holds_a_password(world: World, ada: UserReconciler) -> None:
    outcome = await ada.reconcile(user())
    assert "correct horse" not in repr((outcome, world.secrets.held))
