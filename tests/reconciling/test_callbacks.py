"""Callbacks follow the hosts of routes: what they give is in force, and what they give no more is not."""

from __future__ import annotations

from typing import Any

import pytest

from ostiary_operator.reconcile.conditions import Reason, Type
from ostiary_operator.reconcile.declared import DeclaredApplication
from ostiary_operator.reconcile.outcome import Outcome, Truth, first_failing
from ostiary_operator.reconcile.route_port import Admission, Route, RouteRef, RouteUnreadable
from ostiary_state.policies.spec import OAuthApplicationPolicySpec
from ostiary_state.policies.verdict import Bounds, NamedPolicy
from tests.reconciling.fake_routes import SHOP
from tests.reconciling.fakes import World, application

LISTED = "https://shop.example.com/callback"
PATH = "/oauth2/callback"
EDGE = RouteRef("Ingress", "edge")
OUTAGE = RouteUnreadable(Reason.CLUSTER_UNAVAILABLE, "it does not answer")


def source(ref: RouteRef = SHOP, path: str = PATH) -> dict[str, Any]:
    """As a manifest has it."""
    return {"httpRouteRef" if ref.kind == "HTTPRoute" else "ingressRef": {"name": ref.name}, "path": path}


def following(*sources: dict[str, Any], generation: int = 1, **spec: Any) -> DeclaredApplication:
    """An application whose callbacks are those of routes."""
    return application({"callbackURLsFrom": list(sources or (source(),)), **spec}, generation=generation)


def told(outcome: Outcome) -> tuple[Truth, Reason]:
    """Of its routes."""
    condition = outcome.condition(Type.CALLBACKS_RESOLVED)
    assert condition is not None
    return condition.status, condition.reason


def said(outcome: Outcome) -> str:
    """The message beside it."""
    condition = outcome.condition(Type.CALLBACKS_RESOLVED)
    assert condition is not None
    return condition.message


def served(world: World) -> list[str]:
    """The callbacks in the row."""
    return list(world.store.rows["shop/web"].spec.get("callbackURLs", []))


async def test_the_hosts_of_a_route_are_callbacks_beside_those_that_are_listed(world: World) -> None:
    world.routes.put("www.shop.example", "shop.example")
    outcome = await world.applications.reconcile(following(callbackURLs=[LISTED]))
    resolved = [f"https://shop.example{PATH}", f"https://www.shop.example{PATH}"]
    assert served(world) == [LISTED, *resolved]
    assert list(outcome.resolved_callback_urls) == resolved
    assert told(outcome) == (Truth.TRUE, Reason.RESOLVED)
    assert world.routes.followed == {"shop/web": frozenset({SHOP})}


async def test_an_application_without_routes_says_nothing_of_them_and_follows_none(world: World) -> None:
    await world.applications.reconcile(following())
    outcome = await world.applications.reconcile(application(generation=2))
    assert outcome.condition(Type.CALLBACKS_RESOLVED) is None
    assert world.routes.followed == {"shop/web": frozenset()}


async def test_several_routes_and_paths_are_one_list_without_repeats(world: World) -> None:
    world.routes.put("a.example")
    world.routes.put("a.example", "b.example", ref=EDGE)
    sources = (source(), source(path="/other"), source(EDGE))
    outcome = await world.applications.reconcile(following(*sources, callbackURLs=[f"https://b.example{PATH}"]))
    assert served(world) == [f"https://b.example{PATH}", f"https://a.example{PATH}", "https://a.example/other"]
    assert list(outcome.resolved_callback_urls) == sorted(served(world))


async def test_a_host_that_changes_is_followed_and_the_old_one_ends(world: World) -> None:
    world.routes.put("old.example")
    await world.applications.reconcile(following())
    world.routes.put("new.example")
    outcome = await world.applications.reconcile(following())
    assert served(world) == [f"https://new.example{PATH}"]
    assert outcome.revision == 2
    (notice,) = outcome.notices
    assert (notice.reason, notice.warning) == ("CallbacksChanged", False)
    assert f"https://new.example{PATH} is a callback now" in notice.message
    assert f"https://old.example{PATH} is a callback no more" in notice.message


async def test_unchanged_routes_write_nothing_also_after_a_restart(world: World) -> None:
    world.routes.put("b.example", "a.example")
    first = await world.applications.reconcile(following())
    again = await world.applications.reconcile(following())
    assert len(world.store.batches) == 1
    assert again.resolved_callback_urls == first.resolved_callback_urls
    assert again.notices == ()


async def test_a_route_that_is_gone_takes_its_callbacks_with_it_and_warns(world: World) -> None:
    world.routes.put("shop.example")
    await world.applications.reconcile(following(callbackURLs=[LISTED]))
    world.routes.held.clear()
    outcome = await world.applications.reconcile(following(callbackURLs=[LISTED]))
    assert served(world) == [LISTED]
    assert told(outcome) == (Truth.FALSE, Reason.ROUTE_NOT_FOUND)
    assert "HTTPRoute shop" in said(outcome)
    assert [(each.reason, each.warning) for each in outcome.notices] == [("CallbacksChanged", True)]
    assert first_failing(outcome.conditions) is None, "people can sign in at the callback that is listed"
    again = await world.applications.reconcile(following(callbackURLs=[LISTED]))
    assert (again.notices, len(world.store.batches)) == ((), 2)


async def test_without_any_callback_it_is_not_ready_and_comes_back_with_its_route(world: World) -> None:
    world.routes.put("shop.example")
    await world.applications.reconcile(following())
    world.routes.held.clear()
    outcome = await world.applications.reconcile(following())
    assert served(world) == []
    failing = first_failing(outcome.conditions)
    assert failing is not None
    assert (failing.type, failing.reason) == (Type.SYNCED, Reason.WAITING_FOR_CALLBACKS)
    world.routes.put("shop.example")
    outcome = await world.applications.reconcile(following())
    assert served(world) == [f"https://shop.example{PATH}"]
    assert first_failing(outcome.conditions) is None


async def test_nothing_is_stored_before_somebody_can_sign_in_but_its_secret_is_there(world: World) -> None:
    outcome = await world.applications.reconcile(following())
    assert world.store.rows == {}
    assert ("shop", "web-oauth") in world.secrets.held
    assert outcome.revision is None
    failing = first_failing(outcome.conditions)
    assert failing is not None
    assert failing.reason is Reason.WAITING_FOR_CALLBACKS
    secret = world.secrets.held["shop", "web-oauth"].data["client-secret"]
    world.routes.put("shop.example")
    await world.applications.reconcile(following())
    assert served(world) == [f"https://shop.example{PATH}"]
    assert world.secrets.held["shop", "web-oauth"].data["client-secret"] == secret


async def test_who_needs_no_callback_does_not_wait_for_one(world: World) -> None:
    outcome = await world.applications.reconcile(following(grantModes=["client_credentials"]))
    assert outcome.revision == 1
    assert first_failing(outcome.conditions) is None


@pytest.mark.parametrize("reason", [Reason.CLUSTER_UNAVAILABLE, Reason.FORBIDDEN, Reason.NO_GATEWAY_API])
async def test_what_cannot_be_read_leaves_what_was_so_also_after_a_restart(world: World, reason: Reason) -> None:
    world.routes.put("shop.example")
    await world.applications.reconcile(following(callbackURLs=[LISTED]))
    world.routes.unreadable[SHOP] = RouteUnreadable(reason, "it cannot be read")
    outcome = await world.applications.reconcile(following(callbackURLs=[LISTED]))
    assert served(world) == [LISTED, f"https://shop.example{PATH}"]
    assert len(world.store.batches) == 1
    assert told(outcome) == (Truth.FALSE, reason)
    assert f"kept: https://shop.example{PATH}" in said(outcome)
    assert outcome.resolved_callback_urls == (f"https://shop.example{PATH}",)
    assert first_failing(outcome.conditions) is None


async def test_what_was_seen_last_counts_more_than_what_the_row_may_mean(world: World) -> None:
    world.routes.put("a.example")
    world.routes.put("b.example", ref=EDGE)
    both = (source(), source(EDGE))
    await world.applications.reconcile(following(*both))
    world.routes.unreadable[EDGE] = RouteUnreadable(Reason.FORBIDDEN, "it cannot be read", last=("b.example",))
    world.routes.put("c.example")
    await world.applications.reconcile(following(*both))
    assert served(world) == [f"https://b.example{PATH}", f"https://c.example{PATH}"]


async def test_a_manifest_changes_while_a_route_cannot_be_read(world: World) -> None:
    world.routes.put("shop.example")
    await world.applications.reconcile(following(callbackURLs=[LISTED]))
    world.routes.unreadable[SHOP] = OUTAGE
    changed = following(callbackURLs=["https://other.example/callback"], displayName="Shop", generation=2)
    await world.applications.reconcile(changed)
    assert served(world) == ["https://other.example/callback", f"https://shop.example{PATH}"]


async def test_a_route_that_is_listed_no_more_in_the_manifest_ends_whether_it_can_be_read_or_not(world: World) -> None:
    world.routes.put("shop.example")
    await world.applications.reconcile(following(callbackURLs=[LISTED]))
    world.routes.unreadable[SHOP] = OUTAGE
    await world.applications.reconcile(following(source(EDGE), callbackURLs=[LISTED], generation=2))
    assert served(world) == [LISTED]


async def test_wildcards_and_rules_without_a_host_are_skipped_with_a_word(world: World) -> None:
    world.routes.put("", "*.shop.example", "shop.example", ref=EDGE)
    outcome = await world.applications.reconcile(following(source(EDGE)))
    assert served(world) == [f"https://shop.example{PATH}"]
    assert told(outcome) == (Truth.TRUE, Reason.RESOLVED)
    assert "*.shop.example is skipped: a callback has no wildcards" in said(outcome)
    assert "a rule without a host" in said(outcome)


@pytest.mark.parametrize("hosts", [("*.shop.example",), ("",), ()])
async def test_a_route_without_a_usable_host_says_so(world: World, hosts: tuple[str, ...]) -> None:
    world.routes.put(*hosts)
    outcome = await world.applications.reconcile(following(callbackURLs=[LISTED]))
    assert served(world) == [LISTED]
    assert told(outcome) == (Truth.FALSE, Reason.NO_HOSTS)


async def test_a_route_counts_once_a_gateway_accepts_it(world: World) -> None:
    world.routes.put("shop.example", admission=Admission.PENDING)
    outcome = await world.applications.reconcile(following(callbackURLs=[LISTED]))
    assert (served(world), told(outcome)) == ([LISTED], (Truth.FALSE, Reason.PENDING))
    world.routes.put("shop.example")
    await world.applications.reconcile(following(callbackURLs=[LISTED]))
    assert served(world) == [LISTED, f"https://shop.example{PATH}"]


async def test_until_the_gateway_has_judged_a_change_the_old_host_stays(world: World) -> None:
    world.routes.put("old.example")
    await world.applications.reconcile(following())
    world.routes.held[SHOP] = Route(("new.example",), Admission.PENDING, "not judged", last=("old.example",))
    outcome = await world.applications.reconcile(following())
    assert (served(world), told(outcome)) == ([f"https://old.example{PATH}"], (Truth.FALSE, Reason.PENDING))
    world.routes.put("new.example")
    await world.applications.reconcile(following())
    assert served(world) == [f"https://new.example{PATH}"]


async def test_a_route_that_its_gateway_refuses_gives_nothing(world: World) -> None:
    world.routes.put("shop.example")
    await world.applications.reconcile(following(callbackURLs=[LISTED]))
    world.routes.put("shop.example", admission=Admission.REFUSED)
    outcome = await world.applications.reconcile(following(callbackURLs=[LISTED]))
    assert (served(world), told(outcome)) == ([LISTED], (Truth.FALSE, Reason.ROUTE_NOT_ACCEPTED))
    assert "said the gateway" in said(outcome)


async def test_more_hosts_than_an_application_may_have_callbacks_are_cut_and_told(world: World) -> None:
    world.routes.put(*(f"{number:02}.example" for number in range(65)))
    outcome = await world.applications.reconcile(following(callbackURLs=[LISTED]))
    assert len(served(world)) == 64
    assert served(world)[0] == LISTED
    assert told(outcome) == (Truth.FALSE, Reason.TOO_MANY_HOSTS)
    assert "2 are left out" in said(outcome)


async def test_a_refused_manifest_keeps_the_last_good_state_but_for_hosts_that_went(world: World) -> None:
    world.routes.put("old.example", "stays.example")
    await world.applications.reconcile(following(callbackURLs=[LISTED]))
    world.routes.put("stays.example", "new.example")
    refused = following(callbackURLs=[LISTED], pkce="Never", generation=2)
    outcome = await world.applications.reconcile(refused)
    accepted = outcome.condition(Type.ACCEPTED)
    assert accepted is not None
    assert accepted.status is Truth.FALSE
    assert served(world) == [LISTED, f"https://stays.example{PATH}"]
    assert outcome.revision == world.store.rows["shop/web"].revision == 2
    assert [(each.reason, each.message) for each in outcome.notices] == [
        ("CallbacksChanged", f"https://old.example{PATH} is a callback no more")
    ]
    again = await world.applications.reconcile(refused)
    assert (len(world.store.batches), again.revision, again.notices) == (2, 2, ())


async def test_a_suspended_application_is_not_followed_and_shows_what_it_has(world: World) -> None:
    world.routes.put("shop.example")
    await world.applications.reconcile(following(callbackURLs=[LISTED]))
    world.routes.held.clear()
    outcome = await world.applications.reconcile(following(callbackURLs=[LISTED], suspend=True, generation=2))
    assert len(world.store.batches) == 1
    assert outcome.resolved_callback_urls == (f"https://shop.example{PATH}",)


async def test_a_deleted_application_follows_nothing(world: World) -> None:
    world.routes.put("shop.example")
    await world.applications.reconcile(following())
    await world.applications.reconcile(application(deleted=True))
    assert (world.routes.followed, world.store.rows) == ({"shop/web": frozenset()}, {})


async def test_a_policy_sees_the_hosts_of_routes(world: World) -> None:
    spec = OAuthApplicationPolicySpec.read({"namespaceSelector": {}, "callbackHosts": ["*.shop.example"]})
    bounds = Bounds("shop", (NamedPolicy("own-hosts", spec),), users_governed=False)
    world.routes.put("a.shop.example", "b.shop.example")
    await world.applications.reconcile(following(), bounds)
    assert served(world) == [f"https://a.shop.example{PATH}", f"https://b.shop.example{PATH}"]
    world.routes.put("b.shop.example", "evil.example")
    outcome = await world.applications.reconcile(following(), bounds)
    allowed = outcome.condition(Type.POLICY_ALLOWED)
    assert allowed is not None
    assert allowed.status is Truth.FALSE
    assert "evil.example" in allowed.message
    assert served(world) == [f"https://b.shop.example{PATH}"]


async def test_checks_of_other_fields_see_the_hosts_of_routes(world: World) -> None:
    world.routes.put("shop.example")
    front = {"frontChannelLogoutURL": "https://shop.example/bye"}
    outcome = await world.applications.reconcile(following(**front))
    assert outcome.revision == 1
    world.routes.put("moved.example")
    outcome = await world.applications.reconcile(following(**front))
    accepted = outcome.condition(Type.ACCEPTED)
    assert accepted is not None
    assert accepted.message.startswith("spec.frontChannelLogoutURL")
    assert served(world) == []
