"""Only the routes that applications name are followed, and each is told once of what concerns it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from ostiary_operator import labelled_watch
from ostiary_operator.bindings import ServiceAccount
from ostiary_operator.reconcile.conditions import Reason
from ostiary_operator.reconcile.route_port import Admission, Route, RouteRef, RouteUnreadable
from ostiary_operator.reconcile.secret_port import ClusterUnavailable
from ostiary_operator.routes.held import parser_of
from ostiary_operator.routes.watching import RouteWatches
from tests.reconciling.fake_collections import FakeCollections
from tests.server.polling import until

SHOP, EDGE = RouteRef("HTTPRoute", "shop"), RouteRef("Ingress", "edge")
ROUTES = "/apis/gateway.networking.k8s.io/v1/namespaces/team/httproutes"
INGRESSES = "/apis/networking.k8s.io/v1/namespaces/team/ingresses"


def http_route(*hostnames: str, generation: int = 1, **accepted: Any) -> dict[str, Any]:
    """An HTTPRoute that its gateway has accepted, unless `accepted` says otherwise."""
    told = {"type": "Accepted", "status": "True", "observedGeneration": generation, **accepted}
    return {
        "metadata": {"name": "shop", "namespace": "team", "generation": generation},
        "spec": {"hostnames": list(hostnames), "rules": [{"matches": ["large"] * 100}]},
        "status": {"parents": [{"parentRef": {"name": "public"}, "conditions": [told]}]},
    }


def ingress(*hosts: str | None) -> dict[str, Any]:
    """An Ingress with a rule for each; None: one for any host."""
    rules = [{"http": {}} if host is None else {"host": host, "http": {}} for host in hosts]
    return {"metadata": {"name": "edge", "namespace": "team"}, "spec": {"rules": rules}}


@dataclass
class Neighbourhood:
    """Watches over an API in memory."""

    cluster: FakeCollections = field(default_factory=FakeCollections)
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.watches = RouteWatches(self.cluster, self.told.append, ServiceAccount("ostiary-system", "operator"))

    def put(self, body: dict[str, Any]) -> None:
        """As its author, or its gateway, would."""
        where = ROUTES if "hostnames" in body["spec"] else INGRESSES
        self.cluster.put(f"{where}/{body['metadata']['name']}", body)

    async def hosts(self, ref: RouteRef) -> tuple[str, ...] | None:
        """None where there is no such route."""
        route = await self.watches.route("team", ref)
        return None if route is None else route.hosts

    def watched(self) -> set[str]:
        """Collections that are followed now."""
        return {watch._path for watch in self.watches._watches.values()}


@pytest.fixture
async def around(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Neighbourhood]:
    """Empty."""
    monkeypatch.setattr(labelled_watch, "_REFUSED_PAUSES", (0.01, 0.01, 6.0))
    monkeypatch.setattr(labelled_watch, "_BROKEN_PAUSES", (0.01, 0.01))
    monkeypatch.setattr(labelled_watch, "_PATIENCE", 0.1)
    made = Neighbourhood()
    yield made
    made.watches.stop()


async def test_hosts_of_both_kinds_are_read(around: Neighbourhood) -> None:
    around.put(http_route("b.example", "a.example", "a.example"))
    around.put(ingress("shop.example", None, "*.shop.example"))
    around.watches.follow("team/web", [SHOP, EDGE])
    assert await around.hosts(SHOP) == ("a.example", "b.example")
    assert await around.hosts(EDGE) == ("", "*.shop.example", "shop.example")
    around.watches.follow("team/other", [RouteRef("Ingress", "none")])
    assert await around.hosts(RouteRef("Ingress", "none")) is None


async def test_a_change_is_told_to_each_that_follows_the_route_and_to_no_other(around: Neighbourhood) -> None:
    around.put(http_route("old.example"))
    for name in ("one", "two"):
        around.watches.follow(f"team/{name}", [SHOP])
    around.watches.follow("team/three", [RouteRef("HTTPRoute", "other")])
    assert await around.hosts(SHOP) == ("old.example",)
    around.put(http_route("new.example", generation=2))
    await until(lambda: set(around.told) == {"team/one", "team/two"})
    assert await around.hosts(SHOP) == ("new.example",)
    around.told.clear()
    around.cluster.remove(f"{ROUTES}/shop")
    await until(lambda: set(around.told) == {"team/one", "team/two"})
    assert await around.hosts(SHOP) is None


async def test_what_controllers_write_into_status_is_no_news(around: Neighbourhood) -> None:
    around.put(http_route("shop.example"))
    around.put(ingress("shop.example"))
    around.watches.follow("team/web", [SHOP, EDGE])
    await around.hosts(SHOP)
    await around.hosts(EDGE)
    around.put(http_route("shop.example", lastTransitionTime="now"))
    around.put({**ingress("shop.example"), "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}})
    around.put(ingress("moved.example"))
    await until(lambda: bool(around.told))
    assert around.told == ["team/web"]


async def test_a_collection_is_watched_while_an_application_needs_it(around: Neighbourhood) -> None:
    around.watches.follow("team/one", [SHOP])
    around.watches.follow("team/two", [SHOP, EDGE])
    assert around.watched() == {ROUTES, INGRESSES}
    around.watches.follow("team/two", [EDGE])
    around.watches.forget("team/one")
    assert around.watched() == {INGRESSES}
    around.watches.forget("team/two")
    assert around.watched() == set()
    left = around.watches
    assert not left._follows
    assert not left._followers
    assert not left._seen
    assert not left._admitted
    assert not left._known


@pytest.mark.parametrize(
    ("status", "ref", "reason"),
    [(403, SHOP, Reason.FORBIDDEN), (403, EDGE, Reason.FORBIDDEN), (404, SHOP, Reason.NO_GATEWAY_API)],
)
async def test_what_is_refused_is_told_once_it_is_meant_and_again_when_it_is_allowed(
    around: Neighbourhood, status: int, ref: RouteRef, reason: Reason
) -> None:
    around.put(http_route("shop.example"))
    around.put(ingress("shop.example"))
    around.cluster.refuses = lambda *_: status
    around.watches.follow("team/web", [ref])
    with pytest.raises(ClusterUnavailable):  # it may only have started
        await around.watches.route("team", ref)
    await until(lambda: around.told == ["team/web"])
    with pytest.raises(RouteUnreadable) as refused:
        await around.watches.route("team", ref)
    assert (refused.value.reason, refused.value.last) == (reason, None)
    if status == 403:
        assert "rbac.routes" in str(refused.value)
        assert "--serviceaccount=ostiary-system:operator" in str(refused.value)


async def test_what_was_seen_is_remembered_when_it_cannot_be_read_any_more(around: Neighbourhood) -> None:
    around.put(ingress("shop.example"))
    around.watches.follow("team/web", [EDGE])
    await around.hosts(EDGE)
    watch = around.watches._watches["team", "Ingress"]
    around.cluster.refuses = lambda *_: 403
    watch.stop()
    watch.start()  # as where a watch ends, and its list is refused
    await until(lambda: around.told == ["team/web"])
    with pytest.raises(RouteUnreadable) as refused:
        await around.watches.route("team", EDGE)
    assert refused.value.last == ("shop.example",)
    around.cluster.refuses = lambda *_: None
    watch.stop()
    watch.start()
    await until(lambda: len(around.told) == 2)
    assert await around.hosts(EDGE) == ("shop.example",)


async def test_an_api_that_does_not_list_them_is_said_to_be_away_until_it_does(around: Neighbourhood) -> None:
    around.put(ingress("shop.example"))
    around.cluster.away = lambda *_: True
    around.watches.follow("team/web", [EDGE])
    with pytest.raises(RouteUnreadable) as away:
        await around.watches.route("team", EDGE)
    assert away.value.reason is Reason.CLUSTER_UNAVAILABLE
    around.cluster.away = lambda *_: False
    await until(lambda: around.told == ["team/web"])
    assert await around.hosts(EDGE) == ("shop.example",)


async def test_an_outage_of_the_api_changes_nothing_of_what_was_seen(around: Neighbourhood) -> None:
    around.put(ingress("shop.example"))
    around.watches.follow("team/web", [EDGE])
    await around.hosts(EDGE)
    around.cluster.away = lambda *_: True
    watch = around.watches._watches["team", "Ingress"]
    watch.stop()
    watch.start()
    assert await around.hosts(EDGE) == ("shop.example",)


async def test_while_a_gateway_judges_a_change_the_hosts_of_before_are_known(around: Neighbourhood) -> None:
    around.put(http_route("old.example"))
    around.watches.follow("team/web", [SHOP])
    await around.hosts(SHOP)
    around.put(http_route("new.example", generation=2, observedGeneration=1))
    await until(lambda: bool(around.told))
    route = await around.watches.route("team", SHOP)
    assert route is not None
    assert (route.hosts, route.admission, route.last) == (("new.example",), Admission.PENDING, ("old.example",))
    around.put(http_route("new.example", generation=2, status="False", message="no listener matches"))
    await until(lambda: len(around.told) == 2)
    route = await around.watches.route("team", SHOP)
    assert route is not None
    assert (route.admission, route.last) == (Admission.REFUSED, ())
    assert "gateway public does not accept it: no listener matches" in route.told


async def test_a_route_that_comes_back_is_judged_anew(around: Neighbourhood) -> None:
    around.put(http_route("shop.example"))
    around.watches.follow("team/web", [SHOP])
    await around.hosts(SHOP)
    around.cluster.remove(f"{ROUTES}/shop")
    await until(lambda: bool(around.told))
    assert await around.hosts(SHOP) is None
    around.put({**http_route("shop.example"), "status": {}})
    await until(lambda: len(around.told) == 2)
    route = await around.watches.route("team", SHOP)
    assert route is not None
    assert (route.admission, route.last) == (Admission.PENDING, ())


@pytest.mark.parametrize(
    ("parents", "admission"),
    [
        ([], Admission.PENDING),
        ([{"conditions": []}], Admission.PENDING),
        ([{"conditions": [{"type": "Accepted", "status": "Unknown"}]}], Admission.PENDING),
        ([{"conditions": [{"type": "ResolvedRefs", "status": "True"}]}], Admission.PENDING),
        ([{"conditions": [{"type": "Accepted", "status": "False"}]}], Admission.REFUSED),
        ([{"conditions": [{"type": "Accepted", "status": "True"}]}], Admission.ADMITTED),
        (
            [
                {"conditions": [{"type": "Accepted", "status": "False"}]},
                {"conditions": [{"type": "Accepted", "status": "True"}]},
            ],
            Admission.ADMITTED,
        ),
    ],
)
def test_one_gateway_that_accepts_a_route_is_enough(parents: list[dict[str, Any]], admission: Admission) -> None:
    body = {**http_route("shop.example"), "status": {"parents": parents}}
    body["metadata"] |= {"uid": "u", "resourceVersion": "1"}
    assert parser_of("HTTPRoute")(body).route.admission is admission


def test_little_is_held_of_a_route() -> None:
    body = http_route(*(f"{number:03}.example" for number in range(1000)))
    body["metadata"] |= {"uid": "u", "resourceVersion": "1"}
    held = parser_of("HTTPRoute")(body)
    assert held.version == "u/1"
    assert held.route == Route(tuple(f"{number:03}.example" for number in range(65)))
