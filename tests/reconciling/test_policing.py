"""What policies refuse is not stored, and what they no longer allow is served for the grace and not after it."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from ostiary_operator.reconcile.declared import Declared, DeclaredApplication, DeclaredUser
from ostiary_operator.reconcile.outcome import Outcome
from ostiary_operator.reconcile.policing import Grace, PolicedApplications, PolicedUsers, PoliciesUnknown
from ostiary_operator.reconcile.timestamps import timestamp
from ostiary_state.policies.spec import OAuthApplicationPolicySpec
from ostiary_state.policies.verdict import Bounds, NamedPolicy
from tests.reconciling.fakes import NOW, World, application, user

GRACE = 300.0
GOOD = {"type": "Public", "callbackURLs": ["https://shop.example.com/callback"]}
OTHER = {"type": "Public", "callbackURLs": ["https://shop.example.org/callback"]}


@dataclass
class Policies:
    """Those of a cluster, of which all select every namespace that has a label."""

    specs: dict[str, dict[str, Any]] = field(default_factory=dict)
    unlabelled: set[str] = field(default_factory=set)
    known: bool = True

    async def bounds(self, declared: Declared) -> Bounds | None:
        if not self.known:
            raise PoliciesUnknown
        policies = tuple(
            NamedPolicy(name, OAuthApplicationPolicySpec.read({"namespaceSelector": {}, **spec}))
            for name, spec in sorted(self.specs.items())
        )
        if not policies:
            return None
        selecting = () if declared.namespace in self.unlabelled else policies
        return Bounds(declared.namespace, selecting, any(each.spec.users is not None for each in policies))


@dataclass
class Cluster:
    """A world with policies, whose objects have the status that was reported of them."""

    world: World = field(default_factory=World)
    policies: Policies = field(default_factory=Policies)
    until: dict[str, float | None] = field(default_factory=dict)

    async def application(self, declared: DeclaredApplication) -> Outcome:
        known = replace(declared, served_until=self.until.get(declared.uid))
        policed = PolicedApplications(self.world.applications, self.policies, self.world.store, self._grace)
        return self._told(declared, await policed.reconcile(known))

    async def user(self, declared: DeclaredUser) -> Outcome:
        known = replace(declared, served_until=self.until.get(declared.uid))
        policed = PolicedUsers(self.world.users, self.policies, self.world.store, self._grace)
        return self._told(declared, await policed.reconcile(known))

    @property
    def _grace(self) -> Grace:
        return Grace(self.world.writer, GRACE, lambda: self.world.now)

    def _told(self, declared: Declared, outcome: Outcome) -> Outcome:
        self.until[declared.uid] = outcome.served_until
        return outcome


@pytest.fixture
def cluster() -> Cluster:
    """Without policies."""
    return Cluster()


def said(outcome: Outcome) -> dict[str, tuple[str, str]]:
    return {each.type: (each.status, each.reason) for each in outcome.conditions}


def message(outcome: Outcome) -> str:
    return next(each.message for each in outcome.conditions if each.type == "PolicyAllowed")


async def test_without_a_policy_all_is_as_before(cluster: Cluster) -> None:
    outcome = await cluster.application(application(GOOD))
    assert said(outcome) == {
        "Accepted": ("True", "Accepted"),
        "Synced": ("True", "Stored"),
        "SecretReady": ("True", "NotNeeded"),
    }


async def test_what_all_policies_allow_is_stored_and_they_are_named(cluster: Cluster) -> None:
    cluster.policies.specs = {"team": {"requirePKCE": True}, "base": {"callbackHosts": ["*.example.com"]}}
    outcome = await cluster.application(application(GOOD))
    assert said(outcome)["PolicyAllowed"] == ("True", "Allowed")
    assert message(outcome) == "by base, team"
    assert "shop/web" in cluster.world.store.rows


async def test_a_new_application_that_a_policy_refuses_is_not_stored(cluster: Cluster) -> None:
    cluster.policies.specs = {"base": {"callbackHosts": ["*.example.com"]}}
    outcome = await cluster.application(application(OTHER))
    assert said(outcome) == {
        "Accepted": ("True", "Accepted"),
        "PolicyAllowed": ("False", "CallbackHostNotAllowed"),
        "Synced": ("False", "Refused"),
    }
    assert outcome.served_until is None
    assert cluster.world.store.rows == {}
    assert cluster.world.secrets.writes == 0


async def test_a_namespace_that_no_policy_selects_is_refused(cluster: Cluster) -> None:
    cluster.policies.specs, cluster.policies.unlabelled = {"base": {}}, {"shop"}
    outcome = await cluster.application(application(GOOD))
    assert said(outcome)["PolicyAllowed"] == ("False", "NotSelected")
    assert cluster.world.store.rows == {}


async def test_nothing_is_decided_before_policies_are_known(cluster: Cluster) -> None:
    await cluster.application(application(GOOD))
    cluster.policies.known = False
    with pytest.raises(PoliciesUnknown):
        await cluster.application(application(OTHER, generation=2))
    assert len(cluster.world.store.batches) == 1


async def test_a_deletion_does_not_wait_for_policies(cluster: Cluster) -> None:
    await cluster.application(application(GOOD))
    cluster.policies.known = False
    assert (await cluster.application(application(GOOD, deleted=True))).gone
    assert cluster.world.store.rows == {}


async def test_what_is_not_allowed_cannot_be_orphaned(cluster: Cluster) -> None:
    await cluster.application(application(GOOD))
    cluster.policies.specs = {"base": {"callbackHosts": []}}
    orphan = {**GOOD, "deletionPolicy": "Orphan"}
    await cluster.application(application(orphan, generation=2))
    assert (await cluster.application(application(orphan, generation=2, deleted=True))).gone
    assert cluster.world.store.rows == {}


async def test_what_is_allowed_can_be_orphaned(cluster: Cluster) -> None:
    cluster.policies.specs = {"base": {}}
    orphan = {**GOOD, "deletionPolicy": "Orphan"}
    await cluster.application(application(orphan))
    assert (await cluster.application(application(orphan, deleted=True))).gone
    assert not cluster.world.store.rows["shop/web"].owned


async def test_a_change_that_a_policy_refuses_leaves_what_is_allowed_served_for_good(cluster: Cluster) -> None:
    cluster.policies.specs = {"base": {"callbackHosts": ["*.example.com"]}}
    await cluster.application(application(GOOD))
    for _ in range(2):
        outcome = await cluster.application(application(OTHER, generation=2))
        assert said(outcome)["PolicyAllowed"] == ("False", "CallbackHostNotAllowed")
        assert (outcome.revision, outcome.served_until) == (1, None)
        cluster.world.now += 10 * GRACE
    assert cluster.world.store.rows["shop/web"].spec["callbackURLs"] == GOOD["callbackURLs"]
    assert len(cluster.world.store.batches) == 1


async def test_what_is_no_longer_allowed_is_served_for_the_grace_and_then_disabled(cluster: Cluster) -> None:
    await cluster.application(application(GOOD))
    cluster.policies.specs = {"base": {"callbackHosts": []}}
    outcome = await cluster.application(application(GOOD))
    assert (outcome.revision, outcome.served_until) == (1, NOW + GRACE)
    assert f"revision 1 is served until {timestamp(NOW + GRACE)}" in message(outcome)

    cluster.world.now += GRACE - 1
    assert (await cluster.application(application(GOOD))).served_until == NOW + GRACE
    assert cluster.world.store.rows["shop/web"].spec.get("enabled", True)

    cluster.world.now += 1
    outcome = await cluster.application(application(GOOD))
    assert (outcome.revision, outcome.served_until) == (None, NOW + GRACE)
    assert message(outcome).endswith(f"nothing is served since {timestamp(NOW + GRACE)}")
    assert said(outcome)["Synced"] == ("False", "Refused")
    row = cluster.world.store.rows["shop/web"]
    assert (row.spec["enabled"], row.not_before) == (False, cluster.world.now)

    cluster.world.now += 1
    assert await cluster.application(application(GOOD)) == outcome
    assert len(cluster.world.store.batches) == 2


async def test_what_is_allowed_again_is_served_again_and_its_tokens_stay_void(cluster: Cluster) -> None:
    await cluster.application(application(GOOD))
    before = cluster.world.store.rows["shop/web"]
    cluster.policies.specs = {"base": {"callbackHosts": []}}
    await cluster.application(application(GOOD))
    cluster.world.now += GRACE
    await cluster.application(application(GOOD))
    cluster.policies.specs = {}
    outcome = await cluster.application(application(GOOD))
    row = cluster.world.store.rows["shop/web"]
    assert row.spec == before.spec
    assert (row.client_id, row.incarnation, row.not_before) == (before.client_id, before.incarnation, NOW + GRACE)
    assert (outcome.revision, outcome.served_until) == (row.revision, None)


async def test_a_grace_begins_anew_after_it_was_allowed_in_between(cluster: Cluster) -> None:
    await cluster.application(application(GOOD))
    refusing = {"base": {"callbackHosts": []}}
    for specs in (refusing, {}, refusing):
        cluster.policies.specs = specs
        outcome = await cluster.application(application(GOOD))
        cluster.world.now += GRACE - 10
    assert outcome.served_until == cluster.world.now + 10


async def test_a_deadline_that_status_holds_counts_and_not_the_time_of_the_restart(cluster: Cluster) -> None:
    await cluster.application(application(GOOD))
    cluster.policies.specs = {"base": {"callbackHosts": []}}
    cluster.until["uid-1"] = NOW + 5
    cluster.world.now += 5
    assert (await cluster.application(application(GOOD))).revision is None


@pytest.mark.parametrize(
    "spec",
    [{**GOOD, "suspend": True}, {**GOOD, "callbackURLs": ["http://shop.example.com"]}, {"nonsense": True}],
    ids=["suspended", "against-the-rules", "unreadable"],
)
async def test_a_manifest_that_is_not_followed_does_not_keep_what_is_served(
    cluster: Cluster, spec: dict[str, Any]
) -> None:
    await cluster.application(application(GOOD))
    cluster.policies.specs = {"base": {"callbackHosts": []}}
    outcome = await cluster.application(application(spec, generation=2))
    assert said(outcome)["PolicyAllowed"] == ("False", "CallbackHostNotAllowed")
    assert outcome.served_until == NOW + GRACE
    cluster.world.now += GRACE
    assert (await cluster.application(application(spec, generation=2))).revision is None
    assert cluster.world.store.rows["shop/web"].spec["enabled"] is False


async def test_a_suspended_application_that_is_allowed_stays_suspended(cluster: Cluster) -> None:
    await cluster.application(application(GOOD))
    cluster.policies.specs = {"base": {}}
    outcome = await cluster.application(application({**GOOD, "suspend": True}, generation=2))
    assert said(outcome) == {"Synced": ("Unknown", "Suspended"), "PolicyAllowed": ("True", "Allowed")}


async def test_what_its_owner_has_disabled_is_neither_written_nor_served(cluster: Cluster) -> None:
    disabled = {**GOOD, "enabled": False}
    await cluster.application(application(disabled))
    cluster.policies.specs = {"base": {"callbackHosts": []}}
    outcome = await cluster.application(application(disabled))
    assert (outcome.revision, outcome.served_until) == (None, NOW)
    assert len(cluster.world.store.batches) == 1


async def test_a_user_is_bounded_only_where_policies_speak_of_users(cluster: Cluster) -> None:
    spec = {"username": "ada", "groups": ["admins"]}
    cluster.policies.specs = {"base": {"grantModes": []}}
    outcome = await cluster.user(user(spec))
    assert "PolicyAllowed" not in said(outcome)
    cluster.policies.specs = {"base": {"users": {"groups": ["staff"]}}}
    outcome = await cluster.user(user(spec))
    assert said(outcome)["PolicyAllowed"] == ("False", "GroupNotAllowed")
    assert (outcome.revision, outcome.served_until) == (1, NOW + GRACE)
    cluster.world.now += GRACE
    await cluster.user(user(spec))
    row = cluster.world.store.people["people/ada"]
    assert (row.spec["enabled"], row.not_before) == (False, NOW + GRACE)
    cluster.policies.specs = {"base": {"users": {}}}
    assert said(await cluster.user(user(spec)))["PolicyAllowed"] == ("True", "Allowed")
    again = cluster.world.store.people["people/ada"]
    assert again.spec.get("enabled", True)
    assert again.subject == row.subject


async def test_the_setting_that_says_who_may_declare_users_counts_beside_policies(cluster: Cluster) -> None:
    cluster.policies.specs = {"base": {"users": {}}}
    outcome = await cluster.user(user({"username": "ada"}, namespace="shop"))
    assert said(outcome) == {"Accepted": ("False", "NamespaceNotAllowed"), "Synced": ("False", "Refused")}
