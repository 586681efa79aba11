"""What becomes of the OAuthApplication of a client that registered itself."""

from dataclasses import replace
from typing import Any

import pytest

from ostiary_operator.reconcile.conditions import Reason, Type
from ostiary_operator.reconcile.declared import DeclaredApplication
from ostiary_operator.reconcile.outcome import Outcome
from ostiary_state.applications.registered import object_name_of, registered_spec
from ostiary_state.applications.registration import Registration
from tests.reconciling.fakes import ISSUER, World, application

TEMPLATE = {
    "dynamicRegistration": {"maxClients": 10},
    "grantModes": ["authorization_code", "refresh_token"],
    "scopes": ["openid", "email"],
}
NAME = object_name_of("web", "dyn_1")


class Registered:
    """A world with a template and a client of it."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def begin(self, **metadata: Any) -> None:
        """The template is stored, and the server has written the registration."""
        await self.world.applications.reconcile(application(TEMPLATE))
        template = self.world.store.rows["shop/web"]
        said = {
            "redirect_uris": ["https://a.example.com/cb"],
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            "scope": "openid email",
            "token_endpoint_auth_method": "client_secret_basic",
            "id_token_signed_response_alg": "RS256",
            "subject_type": "public",
        }
        self.registration = Registration(
            client_id="dyn_1",
            issuer_id=template.issuer_id,
            application_id="shop/web",
            application_incarnation="uid-1",
            metadata=said | metadata,
            secret_digest=b"s" * 32,
            access_digest=b"a" * 32,
            created_at=0.0,
            used_at=0.0,
            expires_at=1e12,
        )

    @property
    def registration(self) -> Registration:
        return self.world.store.database.registrations["dyn_1"]

    @registration.setter
    def registration(self, row: Registration) -> None:
        self.world.store.database.registrations["dyn_1"] = row

    def declared(self, name: str = NAME, **spec: Any) -> DeclaredApplication:
        """Its object."""
        return application(registered_spec(self.registration) | spec, name=name, uid="uid-of-object")

    async def reconciled(self, **spec: Any) -> Outcome:
        return await self.world.applications.reconcile(self.declared(**spec))


@pytest.fixture
def registered(world: World) -> Registered:
    return Registered(world)


def _why(outcome: Outcome) -> tuple[Reason, str]:
    condition = outcome.condition(Type.ACCEPTED)
    assert condition is not None
    return condition.reason, condition.message


async def test_it_is_stored_at_the_address_of_its_template_and_needs_no_secret(registered: Registered) -> None:
    await registered.begin()
    outcome = await registered.reconciled()
    row = registered.world.store.rows[f"shop/{NAME}"]
    assert (row.client_id, row.origin, row.secret_digests) == ("dyn_1", ISSUER, ())
    assert outcome.endpoints is not None
    assert (outcome.secret_name, outcome.follows) == (None, None)
    assert not registered.registration.pending


async def test_an_update_is_brought_into_it_once(registered: Registered) -> None:
    await registered.begin()
    await registered.reconciled()
    registered.registration = replace(
        registered.registration, version=2, pending=True, metadata={**registered.registration.metadata, "scope": ""}
    )
    assert registered.world.objects is not None
    registered.world.objects.applied.clear()

    await registered.reconciled(scopes=["openid"])
    assert [spec["scopes"] for _, spec in registered.world.objects.applied] == [[]]
    assert registered.world.store.rows[f"shop/{NAME}"].spec["scopes"] == []

    await registered.reconciled(scopes=["openid"])  # as whoever keeps it in Git does
    assert len(registered.world.objects.applied) == 1
    assert registered.world.store.rows[f"shop/{NAME}"].spec["scopes"] == ["openid"]


async def test_a_crash_after_the_object_and_before_the_row_changes_nothing(registered: Registered) -> None:
    await registered.begin()
    registered.world.store.database.away = True
    with pytest.raises(Exception, match="away"):
        await registered.reconciled()
    registered.world.store.database.away = False
    await registered.reconciled()
    assert not registered.registration.pending


async def test_what_the_template_does_not_permit_is_said(registered: Registered) -> None:
    await registered.begin()
    await registered.reconciled()
    outcome = await registered.reconciled(
        scopes=["openid", "billing"], grantModes=["authorization_code", "client_credentials"]
    )
    withheld = "grant mode client_credentials, scope billing"
    assert _why(outcome) == (
        Reason.ACCEPTED,
        f"OAuthApplication shop/web does not permit, and nobody is granted: {withheld}",
    )


async def test_a_template_that_changes_has_its_clients_looked_at_again(registered: Registered) -> None:
    await registered.begin()
    unchanged = await registered.world.applications.reconcile(application(TEMPLATE))
    changed = await registered.world.applications.reconcile(application(TEMPLATE | {"scopes": ["openid"]}))
    gone = await registered.world.applications.reconcile(application(TEMPLATE, deleted=True))
    assert (unchanged.clients, changed.clients, gone.clients) == ((), (NAME,), (NAME,))


async def test_one_that_nobody_registered_is_refused(registered: Registered) -> None:
    await registered.begin()
    outcome = await registered.reconciled(clientID="dyn_other")
    assert _why(outcome) == (Reason.NOT_REGISTERED, "no client registered itself as 'dyn_other' by shop/web")
    outcome = await registered.reconciled(registeredBy="other")
    assert _why(outcome) == (Reason.NOT_REGISTERED, "no client registered itself as 'dyn_1' by shop/other")


async def test_a_second_object_of_the_same_client_is_refused(registered: Registered) -> None:
    await registered.begin()
    outcome = await registered.world.applications.reconcile(registered.declared(name="copy"))
    assert _why(outcome) == (Reason.NOT_REGISTERED, f"the object of client dyn_1 is {NAME}: delete this one")


async def test_another_namespace_cannot_take_it(registered: Registered) -> None:
    await registered.begin()
    outcome = await registered.world.applications.reconcile(replace(registered.declared(), namespace="evil"))
    assert _why(outcome)[0] is Reason.NOT_REGISTERED


@pytest.mark.parametrize(
    "change", [{"uid": "uid-again"}, {"spec": {**TEMPLATE, "authenticationAddress": "https://a.b"}}]
)
async def test_of_a_template_that_was_made_again_or_moved_no_client_is_left(
    registered: Registered, change: dict[str, Any]
) -> None:
    await registered.begin()
    await registered.reconciled()
    await registered.world.applications.reconcile(replace(application(TEMPLATE), **change))
    outcome = await registered.reconciled()
    assert _why(outcome)[0] is Reason.NOT_REGISTERED
    assert outcome.revision is None
    assert f"shop/{NAME}" not in registered.world.store.rows


async def test_a_sector_that_the_server_verified_may_be_of_another_host(registered: Registered) -> None:
    await registered.begin(subject_type="pairwise", sector_identifier_uri="https://sectors.example.org/a.json")
    assert _why(await registered.reconciled())[0] is Reason.ACCEPTED
    outcome = await registered.reconciled(sectorIdentifierURL="https://bank.example.com/s.json")
    assert _why(outcome)[0] is Reason.INVALID_SPEC


async def test_without_a_cluster_no_file_declares_one(registered: Registered) -> None:
    await registered.begin()
    registered.world.objects = None
    assert "remove this one" in _why(await registered.reconciled())[1]


def test_the_name_of_an_object_fits_whatever_the_template_is_called() -> None:
    for template in ("a", "clients", "x" * 63, "a-" + "b" * 50 + "-c-" + "d" * 8):
        name = object_name_of(template, "dyn_1")
        assert len(name) <= 63
        assert "--" not in name
        assert name != object_name_of(template, "dyn_2")
