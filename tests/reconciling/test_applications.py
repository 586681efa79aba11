"""What becomes of an OAuthApplication's manifest."""

import hashlib
from dataclasses import asdict, replace

import pytest

from ostiary_operator.reconcile.conditions import Reason, Type
from ostiary_operator.reconcile.outcome import Endpoints, Outcome, Truth
from ostiary_server.protocol.discovery import ENDPOINTS
from ostiary_state.applications.status import EndpointsStatus
from ostiary_state.errors import StoreUnavailable
from ostiary_state.intent import StaleWriter
from ostiary_state.kinds.manifest import manifest_name
from ostiary_state.runtime.issuer import Issuer
from tests.reconciling.fakes import ISSUER, Secrets, Store, World, application

CALLBACK = "https://shop.example.com/callback"
PUBLIC = {"type": "Public", "callbackURLs": [CALLBACK]}


def _reason(outcome: Outcome, type_: Type) -> tuple[Truth, Reason]:
    condition = outcome.condition(type_)
    assert condition is not None
    return condition.status, condition.reason


async def test_a_good_manifest_is_stored_with_its_namespace_and_name_as_client_id(world: World) -> None:
    outcome = await world.applications.reconcile(application())
    row = world.store.rows["shop/web"]
    assert (row.client_id, row.origin, row.namespace, row.incarnation) == ("shop.web", ISSUER, "", "uid-1")
    assert row.spec == {"callbackURLs": [CALLBACK]}
    assert _reason(outcome, Type.ACCEPTED) == (Truth.TRUE, Reason.ACCEPTED)
    assert _reason(outcome, Type.SYNCED) == (Truth.TRUE, Reason.STORED)
    assert (outcome.revision, outcome.client_id, outcome.secret_name) == (1, "shop.web", "web-oauth")
    assert outcome.endpoints == Endpoints.of(ISSUER)


def test_status_names_every_endpoint_where_discovery_says_that_it_is() -> None:
    stated = {manifest_name(name): url for name, url in asdict(Endpoints.of(ISSUER)).items()}
    assert stated.keys() == EndpointsStatus.model_json_schema(by_alias=True)["properties"].keys()
    at = {name.removesuffix("_endpoint").removesuffix("_uri"): ISSUER + path for name, path in ENDPOINTS.items()}
    at |= {"issuer": ISSUER, "discovery": f"{ISSUER}/.well-known/openid-configuration"}
    frames = {"check_session_iframe"}  # for scripts of relying applications, which read it from discovery
    assert stated == {manifest_name(name): url for name, url in at.items() if name not in frames}


async def test_the_store_holds_the_sha256_of_what_the_secret_holds(world: World) -> None:
    await world.applications.reconcile(application())
    secret = world.secrets.held["shop", "web-oauth"]
    assert world.store.rows["shop/web"].secret_digests == (hashlib.sha256(secret.data["client-secret"]).digest(),)


async def test_an_unchanged_manifest_writes_nothing(world: World) -> None:
    first = await world.applications.reconcile(application())
    again = await world.applications.reconcile(application(generation=1))
    assert len(world.store.batches) == 1
    assert world.secrets.writes == 1
    assert replace(again, notices=first.notices) == first
    assert again.notices == ()


async def test_defaults_written_out_are_the_same_manifest(world: World) -> None:
    await world.applications.reconcile(application(PUBLIC))
    await world.applications.reconcile(application({**PUBLIC, "enabled": True, "pkce": "Required"}, generation=2))
    assert len(world.store.batches) == 1


async def test_a_public_application_has_no_secret(world: World) -> None:
    outcome = await world.applications.reconcile(application(PUBLIC))
    assert _reason(outcome, Type.SECRET_READY) == (Truth.TRUE, Reason.NOT_NEEDED)
    assert (world.secrets.held, outcome.secret_name) == ({}, None)


async def test_an_address_of_its_own_is_claimed_by_the_namespace(world: World) -> None:
    await world.applications.reconcile(application({**PUBLIC, "authenticationAddress": "https://id.shop.example"}))
    row = world.store.rows["shop/web"]
    assert (row.origin, row.namespace) == ("https://id.shop.example", "shop")


async def test_the_default_issuer_written_out_is_claimed_by_nobody(world: World) -> None:
    await world.applications.reconcile(application({**PUBLIC, "authenticationAddress": ISSUER}))
    assert world.store.rows["shop/web"].namespace == ""


async def test_without_a_default_issuer_an_address_is_asked_for(world: World) -> None:
    world.default_issuer = None
    outcome = await world.applications.reconcile(application(PUBLIC))
    assert _reason(outcome, Type.ACCEPTED) == (Truth.FALSE, Reason.NO_ADDRESS)


async def test_a_service_account_counts_only_where_its_cluster_is_trusted(world: World) -> None:
    world.trusts_cluster = False
    by_account = {"grantModes": ["client_credentials"], "clientAuthentication": {"serviceAccountRef": {"name": "web"}}}
    outcome = await world.applications.reconcile(application(by_account))
    assert _reason(outcome, Type.ACCEPTED) == (Truth.FALSE, Reason.NO_CLUSTER_ISSUER)
    assert "shop/web" not in world.store.rows
    world.trusts_cluster = True
    outcome = await world.applications.reconcile(application(by_account))
    assert _reason(outcome, Type.ACCEPTED) == (Truth.TRUE, Reason.ACCEPTED)


async def test_a_pipeline_counts_wherever_the_cluster_is(world: World) -> None:
    world.trusts_cluster = False
    pipeline = {"issuer": "https://forge.example", "subject": "repo:example/shop"}
    by_pipeline = {"grantModes": ["client_credentials"], "clientAuthentication": {"federated": [pipeline]}}
    outcome = await world.applications.reconcile(application(by_pipeline))
    assert _reason(outcome, Type.ACCEPTED) == (Truth.TRUE, Reason.ACCEPTED)


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"callbackURLs": ["https://shop.example.com/#x"]}, "spec.callbackURLs[0]"),
        ({"callbackURLs": [CALLBACK], "colour": "red"}, "spec.colour"),
        ({"grantModes": ["refresh_token"]}, "spec.grantModes"),
        ({"callbackURLs": CALLBACK}, "spec.callbackURLs"),
    ],
)
async def test_a_refused_manifest_names_its_field(world: World, spec: dict[str, object], field: str) -> None:
    outcome = await world.applications.reconcile(application(spec))
    accepted = outcome.condition(Type.ACCEPTED)
    assert accepted is not None
    assert (accepted.status, accepted.reason) == (Truth.FALSE, Reason.INVALID_SPEC)
    assert accepted.message.startswith(field)
    assert (world.store.rows, world.secrets.held) == ({}, {})


async def test_a_refused_manifest_leaves_the_last_good_revision_served(world: World) -> None:
    await world.applications.reconcile(application())
    before = dict(world.store.rows)
    outcome = await world.applications.reconcile(application({"callbackURLs": ["ftp://x"]}, generation=2))
    assert world.store.rows == before
    assert (outcome.generation, outcome.revision, outcome.client_id) == (2, 1, "shop.web")
    assert outcome.secret_name == "web-oauth"
    assert _reason(outcome, Type.SYNCED) == (Truth.FALSE, Reason.REFUSED)


@pytest.mark.parametrize("change", [{"type": "Public"}, {"clientID": "other"}])
async def test_what_cannot_change_is_refused_also_where_admission_let_it_through(
    world: World, change: dict[str, str]
) -> None:
    await world.applications.reconcile(application())
    outcome = await world.applications.reconcile(application({"callbackURLs": [CALLBACK], **change}, generation=2))
    assert _reason(outcome, Type.ACCEPTED) == (Truth.FALSE, Reason.INVALID_SPEC)
    assert world.store.rows["shop/web"].client_id == "shop.web"


async def test_a_client_id_may_not_begin_with_another_namespace(world: World) -> None:
    outcome = await world.applications.reconcile(application({**PUBLIC, "clientID": "bank.web"}))
    assert _reason(outcome, Type.ACCEPTED) == (Truth.FALSE, Reason.CLIENT_ID_NOT_ALLOWED)
    world.client_id_prefixes = frozenset({"bank"})
    outcome = await world.applications.reconcile(application({**PUBLIC, "clientID": "bank.web"}))
    assert outcome.client_id == "bank.web"


async def test_a_second_holder_of_a_client_id_is_told_of_the_first_and_looks_again(world: World) -> None:
    await world.applications.reconcile(application({**PUBLIC, "clientID": "one"}))
    rival = application({**PUBLIC, "clientID": "one"}, namespace="bank")
    outcome = await world.applications.reconcile(rival)
    assert _reason(outcome, Type.ACCEPTED) == (Truth.FALSE, Reason.CONFLICT)
    assert "shop/web" in str(outcome.condition(Type.ACCEPTED))
    assert outcome.contested
    gone = await world.applications.reconcile(application(deleted=True))
    assert gone.released
    assert (await world.applications.reconcile(rival)).client_id == "one"


async def test_an_address_of_another_namespace_is_refused_and_makes_no_secret(world: World) -> None:
    address = "https://id.bank.example"
    world.store.database.issuers["iss"] = Issuer("iss", address, "bank")
    outcome = await world.applications.reconcile(
        application({"callbackURLs": [CALLBACK], "authenticationAddress": address})
    )
    assert _reason(outcome, Type.ACCEPTED) == (Truth.FALSE, Reason.CONFLICT)
    assert "bank" in str(outcome.condition(Type.ACCEPTED))
    assert world.secrets.held == {}


class RacingStore(Store):
    """Another manifest took the client id after this one had looked."""

    async def application_of_client(self, client_id: str) -> None:  # noqa: ARG002
        return None


async def test_a_conflict_that_only_the_store_saw_is_a_conflict_all_the_same() -> None:
    world = World(store=RacingStore())
    await world.applications.reconcile(application({**PUBLIC, "clientID": "one"}))
    outcome = await world.applications.reconcile(application({**PUBLIC, "clientID": "one"}, namespace="bank"))
    assert _reason(outcome, Type.ACCEPTED) == (Truth.FALSE, Reason.CONFLICT)
    assert "shop/web" in str(outcome.condition(Type.ACCEPTED))
    assert outcome.contested


async def test_suspended_writes_nothing_and_keeps_what_is_served(world: World) -> None:
    await world.applications.reconcile(application())
    del world.secrets.held["shop", "web-oauth"]
    outcome = await world.applications.reconcile(
        application({"callbackURLs": ["https://new.example.com/"], "suspend": True}, generation=2)
    )
    assert _reason(outcome, Type.SYNCED) == (Truth.UNKNOWN, Reason.SUSPENDED)
    assert (outcome.generation, outcome.revision, outcome.client_id) == (2, 1, "shop.web")
    assert (len(world.store.batches), world.secrets.held) == (1, {})


async def test_suspended_from_the_start_is_not_served(world: World) -> None:
    outcome = await world.applications.reconcile(application({**PUBLIC, "suspend": True}))
    assert (outcome.revision, world.store.rows) == (None, {})


async def test_disabling_ends_what_it_holds_and_enabling_does_not_revive_it(world: World) -> None:
    await world.applications.reconcile(application(PUBLIC))
    assert world.store.rows["shop/web"].not_before == 0
    world.now += 60
    await world.applications.reconcile(application({**PUBLIC, "enabled": False}, generation=2))
    disabled_at = world.store.rows["shop/web"].not_before
    assert disabled_at == world.now
    world.now += 60
    await world.applications.reconcile(application(PUBLIC, generation=3))
    assert world.store.rows["shop/web"].not_before == disabled_at


async def test_a_new_address_ends_what_it_holds_and_gives_the_old_one_up(world: World) -> None:
    await world.applications.reconcile(application({**PUBLIC, "authenticationAddress": "https://old.example"}))
    world.now += 60
    moved = application({**PUBLIC, "authenticationAddress": "https://new.example"}, generation=2)
    outcome = await world.applications.reconcile(moved)
    assert world.store.rows["shop/web"].not_before == world.now
    assert outcome.released


async def test_discouraged_grant_modes_are_said_while_they_are_on(world: World) -> None:
    both = await world.applications.reconcile(
        application({"callbackURLs": [CALLBACK], "grantModes": ["implicit", "password"]})
    )
    assert _reason(both, Type.DISCOURAGED_GRANT_MODE) == (Truth.TRUE, Reason.IN_USE)
    none = await world.applications.reconcile(application(generation=2))
    assert none.condition(Type.DISCOURAGED_GRANT_MODE) is None


async def test_deletion_leaves_a_tombstone_and_another_incarnation_alone(world: World) -> None:
    await world.applications.reconcile(application(uid="new"))
    stale = await world.applications.reconcile(application(uid="old", deleted=True))
    assert stale.gone
    assert "shop/web" in world.store.rows
    outcome = await world.applications.reconcile(application(uid="new", deleted=True))
    assert outcome.gone
    assert world.store.rows == {}


async def test_deletion_of_a_suspended_or_refused_manifest_ends_it_too(world: World) -> None:
    await world.applications.reconcile(application(PUBLIC))
    await world.applications.reconcile(application({"suspend": True, "nonsense": 1}, deleted=True))
    assert world.store.rows == {}


async def test_an_orphaned_application_is_served_on_with_its_secret(world: World) -> None:
    spec = {"callbackURLs": [CALLBACK], "deletionPolicy": "Orphan"}
    await world.applications.reconcile(application(spec))
    before = world.store.rows["shop/web"]
    outcome = await world.applications.reconcile(application(spec, deleted=True))
    row = world.store.rows["shop/web"]
    assert (outcome.gone, outcome.released) == (True, False)
    assert replace(row, owned=True, revision=before.revision) == before
    assert not row.owned
    assert world.secrets.held["shop", "web-oauth"].owner is None


async def test_an_orphan_is_adopted_by_its_own_name_only_and_inherits_no_tokens(world: World) -> None:
    spec = {"callbackURLs": [CALLBACK], "deletionPolicy": "Orphan", "clientID": "one"}
    await world.applications.reconcile(application(spec))
    await world.applications.reconcile(application(spec, deleted=True))
    rival = await world.applications.reconcile(application({**PUBLIC, "clientID": "one"}, namespace="bank"))
    assert _reason(rival, Type.ACCEPTED) == (Truth.FALSE, Reason.CONFLICT)
    digests = world.store.rows["shop/web"].secret_digests
    await world.applications.reconcile(application(spec, uid="uid-2"))
    row = world.store.rows["shop/web"]
    assert (row.incarnation, row.owned) == ("uid-2", True)
    assert row.secret_digests == digests  # the Secret was kept, so the application goes on
    assert world.secrets.held["shop", "web-oauth"].owner == "uid-2"


async def test_a_recreated_object_inherits_no_tokens(world: World) -> None:
    await world.applications.reconcile(application(PUBLIC))
    world.store.put(replace(world.store.rows["shop/web"], not_before=5.0))
    await world.applications.reconcile(application(PUBLIC, uid="uid-2"))
    row = world.store.rows["shop/web"]
    assert (row.incarnation, row.not_before) == ("uid-2", 0.0)


async def test_a_row_whose_object_vanished_is_ended_unless_orphaned(world: World) -> None:
    await world.applications.reconcile(application(PUBLIC))
    world.store.put(replace(world.store.rows["shop/web"], id="shop/left", client_id="l", owned=False))
    assert await world.vanished.end("shop/web", application=True) == "uid-1"
    assert await world.vanished.end("shop/left", application=True) is None
    assert set(world.store.rows) == {"shop/left"}


async def test_a_database_that_is_away_is_told_and_decides_nothing(world: World) -> None:
    world.store.database.away = True
    with pytest.raises(StoreUnavailable):
        await world.applications.reconcile(application())


async def test_an_operator_without_the_lease_writes_nothing(world: World) -> None:
    world.store.database.fence = 2
    with pytest.raises(StaleWriter):
        await world.applications.reconcile(application())
    assert world.store.rows == {}


async def test_nothing_that_is_reported_or_printed_holds_a_secret(world: World) -> None:
    outcome = await world.applications.reconcile(application())
    secret = world.secrets.held["shop", "web-oauth"].data["client-secret"].decode()
    shown = repr((outcome, world.secrets.held, world.store.batches))
    assert secret not in shown
    assert isinstance(world.secrets, Secrets)
