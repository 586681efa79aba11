"""The Secret of a confidential application: made, found, restored, awaited, and never taken over."""

import base64
import hashlib

import pytest

from ostiary_operator.reconcile.client_secret import new_secret
from ostiary_operator.reconcile.conditions import Reason, Type
from ostiary_operator.reconcile.outcome import Outcome, Truth, first_failing
from tests.reconciling.fakes import ISSUER, Crash, World, application
from tests.state.cases import EC

CALLBACK = "https://shop.example.com/callback"
REQUIRE = {"callbackURLs": [CALLBACK], "secret": {"name": "mine", "mode": "Require"}}
STRONG = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJK"


def _ready(outcome: Outcome) -> tuple[Truth, Reason]:
    condition = outcome.condition(Type.SECRET_READY)
    assert condition is not None
    return condition.status, condition.reason


async def test_a_generated_secret_holds_all_that_a_library_is_configured_with(world: World) -> None:
    await world.applications.reconcile(application())
    secret = world.secrets.held["shop", "web-oauth"]
    assert {key: value.decode() for key, value in secret.data.items()} == {
        "client-id": "shop.web",
        "client-secret": world.minted[0],
        "issuer": ISSUER,
        "authorization-endpoint": f"{ISSUER}/authorize",
        "token-endpoint": f"{ISSUER}/token",
        "userinfo-endpoint": f"{ISSUER}/userinfo",
        "jwks-uri": f"{ISSUER}/jwks",
        "end-session-endpoint": f"{ISSUER}/end-session",
    }
    assert (secret.labelled, secret.application, secret.owner) == (True, "web", "uid-1")


async def test_a_deleted_secret_is_restored_with_the_same_client_id_and_a_new_secret(world: World) -> None:
    await world.applications.reconcile(application())
    del world.secrets.held["shop", "web-oauth"]
    outcome = await world.applications.reconcile(application())
    secret = world.secrets.held["shop", "web-oauth"]
    assert secret.data["client-id"] == b"shop.web"
    assert secret.data["client-secret"].decode() == world.minted[1]
    assert world.store.rows["shop/web"].secret_digests == (hashlib.sha256(world.minted[1].encode()).digest(),)
    assert [notice.reason for notice in outcome.notices] == ["SecretCreated"]


async def test_a_crash_between_secret_and_row_loses_nothing(world: World) -> None:
    world.secrets.lose_next = True
    with pytest.raises(Crash):
        await world.applications.reconcile(application())
    assert world.store.rows == {}
    await world.applications.reconcile(application())
    digest = hashlib.sha256(world.secrets.held["shop", "web-oauth"].data["client-secret"]).digest()
    assert world.store.rows["shop/web"].secret_digests == (digest,)
    assert world.secrets.held["shop", "web-oauth"].data["client-secret"].decode() == world.minted[0]


async def test_a_strong_value_put_into_a_generated_secret_is_followed(world: World) -> None:
    await world.applications.reconcile(application())
    held = world.secrets.held["shop", "web-oauth"]
    world.secrets.put("web-oauth", {**held.data, "client-secret": STRONG}, application="web", owner="uid-1")
    await world.applications.reconcile(application())
    assert world.secrets.held["shop", "web-oauth"].data["client-secret"] == STRONG
    assert world.store.rows["shop/web"].secret_digests == (hashlib.sha256(STRONG).digest(),)


@pytest.mark.parametrize("weak", [b"", b"hunter2", b"\xff" * 64, STRONG + b"\n"])
async def test_a_weak_value_put_into_a_generated_secret_is_replaced(world: World, weak: bytes) -> None:
    await world.applications.reconcile(application())
    held = world.secrets.held["shop", "web-oauth"]
    world.secrets.put("web-oauth", {**held.data, "client-secret": weak}, application="web", owner="uid-1")
    outcome = await world.applications.reconcile(application())
    assert world.secrets.held["shop", "web-oauth"].data["client-secret"].decode() == world.minted[-1]
    assert [notice.reason for notice in outcome.notices] == ["SecretRestored"]


async def test_other_keys_are_restored_and_foreign_ones_left(world: World) -> None:
    await world.applications.reconcile(application())
    held = world.secrets.held["shop", "web-oauth"]
    edited = {**held.data, "issuer": b"https://evil.example", "mine": b"note"}
    world.secrets.put("web-oauth", edited, application="web", owner="uid-1")
    await world.applications.reconcile(application())
    data = world.secrets.held["shop", "web-oauth"].data
    assert (data["issuer"], data["mine"]) == (ISSUER.encode(), b"note")
    assert data["client-secret"] == held.data["client-secret"]
    assert len(world.store.batches) == 1


@pytest.mark.parametrize(
    "marks",
    [
        {"labelled": False, "application": "web"},
        {"labelled": True, "application": None},
        {"labelled": True, "application": "other"},
    ],
)
async def test_a_secret_that_was_not_made_for_it_is_never_written(world: World, marks: dict[str, object]) -> None:
    world.secrets.put("web-oauth", {"client-secret": STRONG}, **marks)  # type: ignore[arg-type]
    before = dict(world.secrets.held)
    outcome = await world.applications.reconcile(application())
    assert _ready(outcome) == (Truth.FALSE, Reason.NOT_OURS)
    assert (world.secrets.held, world.store.rows) == (before, {})
    failing = first_failing(outcome.conditions)
    assert failing is not None
    assert failing.reason is Reason.NOT_OURS


async def test_a_secret_from_a_backup_is_owned_again_and_keeps_its_value(world: World) -> None:
    world.secrets.put("web-oauth", {"client-secret": STRONG}, application="web", owner="uid-of-last-year")
    await world.applications.reconcile(application())
    secret = world.secrets.held["shop", "web-oauth"]
    assert (secret.owner, secret.data["client-secret"]) == ("uid-1", STRONG)


async def test_require_waits_for_the_named_secret_and_never_invents_one(world: World) -> None:
    outcome = await world.applications.reconcile(application(REQUIRE))
    assert _ready(outcome) == (Truth.FALSE, Reason.WAITING_FOR_SECRET)
    assert outcome.follows == "mine"
    assert (world.secrets.held, world.store.rows, world.minted) == ({}, {}, [])
    world.secrets.put("mine", {"client-secret": b"chosen by somebody"})
    outcome = await world.applications.reconcile(application(REQUIRE))
    assert _ready(outcome) == (Truth.TRUE, Reason.FOUND)
    assert world.store.rows["shop/web"].secret_digests == (hashlib.sha256(b"chosen by somebody").digest(),)
    assert world.secrets.writes == 0


@pytest.mark.parametrize(
    ("data", "labelled", "reason"),
    [
        ({"client-secret": STRONG}, False, Reason.WAITING_FOR_SECRET),
        ({"password": STRONG}, True, Reason.WAITING_FOR_SECRET),
        ({"client-secret": b""}, True, Reason.WAITING_FOR_SECRET),
        ({"client-secret": STRONG + b"\n"}, True, Reason.NOT_USABLE),
        ({"client-secret": "ü".encode()}, True, Reason.NOT_USABLE),
    ],
)
async def test_require_says_what_the_secret_lacks(
    world: World, data: dict[str, bytes], labelled: bool, reason: Reason
) -> None:
    world.secrets.put("mine", data, labelled=labelled)
    outcome = await world.applications.reconcile(application(REQUIRE))
    assert _ready(outcome) == (Truth.FALSE, reason)
    assert world.store.rows == {}


async def test_a_required_secret_that_changes_is_followed_and_one_that_goes_keeps_authenticating(world: World) -> None:
    world.secrets.put("mine", {"client-secret": b"first"})
    await world.applications.reconcile(application(REQUIRE))
    world.secrets.put("mine", {"client-secret": b"second"})
    await world.applications.reconcile(application(REQUIRE))
    second = (hashlib.sha256(b"second").digest(),)
    assert world.store.rows["shop/web"].secret_digests == second
    world.secrets.held.clear()
    outcome = await world.applications.reconcile(application({**REQUIRE, "displayName": "Shop"}, generation=2))
    row = world.store.rows["shop/web"]
    assert (row.secret_digests, row.spec["displayName"]) == (second, "Shop")
    assert _ready(outcome) == (Truth.FALSE, Reason.WAITING_FOR_SECRET)


async def test_a_namespace_whose_secrets_are_forbidden_is_told_how_to_allow_them(world: World) -> None:
    world.secrets.forbidden.add("shop")
    outcome = await world.applications.reconcile(application())
    assert _ready(outcome) == (Truth.FALSE, Reason.FORBIDDEN)
    assert "kubectl create rolebinding" in str(outcome.condition(Type.SECRET_READY))
    assert world.store.rows == {}


async def test_a_row_made_for_another_incarnation_does_not_authenticate_this_one(world: World) -> None:
    world.secrets.put("mine", {"client-secret": b"first"})
    await world.applications.reconcile(application(REQUIRE))
    world.secrets.held.clear()
    outcome = await world.applications.reconcile(application(REQUIRE, uid="uid-2"))
    assert outcome.revision is None


def test_a_generated_secret_is_256_bits_of_base64url() -> None:
    one, other = new_secret(), new_secret()
    assert one != other
    assert len(base64.urlsafe_b64decode(one + "=")) == 32


async def test_an_application_that_signs_has_no_secret_and_one_that_it_had_counts_no_more(world: World) -> None:
    await world.applications.reconcile(application())
    by_key = {"tokenEndpointAuthMethod": "private_key_jwt", "jwks": {"keys": [EC]}}
    signs = application({"callbackURLs": [CALLBACK], **by_key})
    assert not signs.needs_secret

    outcome = await world.applications.reconcile(signs)

    assert (outcome.secret_name, outcome.follows) == (None, None)
    assert _ready(outcome) == (Truth.TRUE, Reason.NOT_NEEDED)
    assert world.store.rows["shop/web"].secret_digests == ()


async def test_an_application_of_a_workload_has_no_secret_and_one_that_it_had_counts_no_more(world: World) -> None:
    await world.applications.reconcile(application())
    by_account = {"callbackURLs": [CALLBACK], "clientAuthentication": {"serviceAccountRef": {"name": "web"}}}
    assert not application(by_account).needs_secret

    outcome = await world.applications.reconcile(application(by_account))

    assert (outcome.secret_name, outcome.follows) == (None, None)
    assert _ready(outcome) == (Truth.TRUE, Reason.NOT_NEEDED)
    assert world.store.rows["shop/web"].secret_digests == ()


async def test_one_of_a_workload_may_have_what_else_it_needs_in_a_secret(world: World) -> None:
    by_account = {"callbackURLs": [CALLBACK], "clientAuthentication": {"serviceAccountRef": {"name": "web"}}}
    asks = application(by_account | {"secret": {"name": "web"}})
    assert asks.needs_secret

    outcome = await world.applications.reconcile(asks)

    assert outcome.secret_name == "web"
    data = world.secrets.held["shop", "web"].data
    assert data["client-id"] == b"shop.web"
    assert "client-secret" not in data
    assert world.store.rows["shop/web"].secret_digests == ()


HASH = "$2b$04$abcdefghijklmnopqrstuuLm.kYhz1c7Uum9bZsu1Ks0ikNfbBNmW"


async def test_a_hash_of_a_secret_is_taken_as_it_is_and_gives_way_to_the_secret(world: World) -> None:
    world.secrets.put("mine", {"client-secret-hash": HASH.encode() + b"\n"})
    outcome = await world.applications.reconcile(application(REQUIRE))
    assert _ready(outcome) == (Truth.TRUE, Reason.FOUND)
    (credential,) = world.store.rows["shop/web"].credentials
    assert (credential.id, credential.hash) == ("1", HASH)
    assert outcome.verifiable is None
    await world.applications.reconcile(application(REQUIRE))
    assert len(world.store.batches) == 1

    world.secrets.put("mine", {"client-secret-hash": HASH.encode(), "client-secret": b"known again"})
    await world.applications.reconcile(application(REQUIRE))
    (credential,) = world.store.rows["shop/web"].credentials
    assert (credential.id, credential.hash) == ("2", "")


@pytest.mark.parametrize("value", [b"plain", b"$2b$99$x", b"\xff", HASH.encode()[:-3]])
async def test_what_is_no_hash_that_is_known_here_is_named_and_not_quoted(world: World, value: bytes) -> None:
    world.secrets.put("mine", {"client-secret-hash": value})
    outcome = await world.applications.reconcile(application(REQUIRE))
    assert _ready(outcome) == (Truth.FALSE, Reason.NOT_USABLE)
    condition = outcome.condition(Type.SECRET_READY)
    assert condition is not None
    assert condition.message.startswith("client-secret-hash of Secret mine: ")
    assert value.decode("latin-1") not in condition.message
    assert world.store.rows == {}
