"""Callbacks follow Ingresses and HTTPRoutes on a real API server, under the rights that the chart gives.

What a gateway would write into a route's status the test writes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.charts.gateway_api import http_route_definition
from tests.cluster.access import Access
from tests.cluster.operating import (
    ROOT,
    Stored,
    application,
    application_of,
    conditions,
    eventually,
    ready_application,
    versions,
)
from tests.cluster.releasing import Released, released
from tests.postgres import PostgreSQL

PATH = "/oauth2/callback"
SECONDS = 5.0  # in which a change is followed


@pytest.fixture(scope="module")
def follower(
    crds: Access, postgresql_server: PostgreSQL, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Released]:
    """An operator, begun before the cluster knows HTTPRoutes."""
    with released(crds, postgresql_server, tmp_path_factory.mktemp("callbacks")) as made:
        made.start()
        yield made


@pytest.fixture
def gateway_api(crds: Access) -> Iterator[None]:
    """The cluster knows HTTPRoutes."""
    definition = http_route_definition()
    crds.kubectl("apply", "--server-side", "-f", definition)
    crds.kubectl("wait", "--for=condition=Established", "--timeout=30s", "-f", definition)
    yield
    crds.kubectl("delete", "-f", definition)


def test_callbacks_follow_the_hosts_of_an_ingress(crds: Access, namespace: str, follower: Released) -> None:
    crds.apply(ingress(namespace, "old.example.com", "www.example.com"), following(namespace, ingressRef="web"))
    body = ready_application(crds, "web", namespace)
    assert resolved(body) == [f"https://{host}{PATH}" for host in ("old.example.com", "www.example.com")]
    assert conditions(body)["CallbacksResolved"] == ("True", "Resolved")
    assert callbacks(follower, namespace) == resolved(body)

    crds.apply(ingress(namespace, "new.example.com"))
    new = [f"https://new.example.com{PATH}"]
    eventually(lambda: callbacks(follower, namespace) == new, within=SECONDS)
    eventually(lambda: resolved(application_of(crds, "web", namespace)) == new, within=SECONDS)
    eventually(lambda: "CallbacksChanged" in events(crds, namespace))

    crds.kubectl("delete", "ingress", "web", "-n", namespace)
    eventually(lambda: callbacks(follower, namespace) == [], within=SECONDS)
    eventually(
        lambda: told(crds, namespace) == (("False", "RouteNotFound"), ("False", "WaitingForCallbacks")), within=SECONDS
    )
    assert "resolvedCallbackURLs" not in application_of(crds, "web", namespace)["status"]
    eventually(lambda: events(crds, namespace)["CallbacksChanged"] == "Warning")

    crds.apply(ingress(namespace, "new.example.com"))
    eventually(lambda: callbacks(follower, namespace) == new, within=SECONDS)
    ready_application(crds, "web", namespace)


def test_an_application_that_comes_before_its_route_waits_for_it(
    crds: Access, namespace: str, follower: Released
) -> None:
    crds.apply(following(namespace, ingressRef="web"))
    eventually(lambda: told(crds, namespace) == (("False", "RouteNotFound"), ("False", "WaitingForCallbacks")))
    assert Stored(follower.operators.database_url).application(f"{namespace}/web") is None
    assert crds.get("secret", "web-oauth", namespace)
    crds.apply(ingress(namespace, "*.example.com"))
    eventually(lambda: told(crds, namespace) == (("False", "NoHosts"), ("False", "WaitingForCallbacks")))
    crds.apply(ingress(namespace, "*.example.com", "a.example.com"))
    body = ready_application(crds, "web", namespace)
    assert resolved(body) == [f"https://a.example.com{PATH}"]
    assert "*.example.com is skipped" in message(body)


def test_a_restart_writes_nothing(crds: Access, namespace: str, follower: Released) -> None:
    listed = {"callbackURLs": ["https://listed.example.com/cb"]}
    crds.apply(ingress(namespace, "a.example.com", "b.example.com"))
    crds.apply(following(namespace, ingressRef="web", **listed))
    ready_application(crds, "web", namespace)
    eventually(lambda: "Accepted" in events(crds, namespace))
    before = versions(crds, namespace)
    revision = application_of(crds, "web", namespace)["status"]["revision"]
    follower.restart()
    crds.apply(application("next", f"{namespace}"))
    ready_application(crds, "next", namespace)
    time.sleep(1)
    assert application_of(crds, "web", namespace)["status"]["revision"] == revision
    after = versions(crds, namespace)
    assert [each for each in before if each[0] != "Event"] == [
        each for each in after if each[0] != "Event" and not each[1].startswith("next")
    ]
    crds.apply(ingress(namespace, "c.example.com"))
    wanted = [*listed["callbackURLs"], f"https://c.example.com{PATH}"]
    eventually(lambda: callbacks(follower, namespace) == wanted, within=SECONDS)


def test_a_cluster_without_routes_says_so_and_follows_them_once_it_has_them(
    crds: Access, namespace: str, follower: Released, request: pytest.FixtureRequest
) -> None:
    crds.apply(following(namespace, httpRouteRef="web"))
    eventually(
        lambda: told(crds, namespace) == (("False", "NoGatewayAPI"), ("False", "WaitingForCallbacks")), within=30
    )
    request.getfixturevalue("gateway_api")
    crds.apply(http_route(namespace, "old.example.com"))
    eventually(lambda: told(crds, namespace)[0] == ("False", "Pending"), within=60)
    judge(crds, namespace, "True")
    body = ready_application(crds, "web", namespace, within=SECONDS)
    old, new = ([f"https://{which}.example.com{PATH}"] for which in ("old", "new"))
    assert callbacks(follower, namespace) == resolved(body) == old

    crds.apply(http_route(namespace, "new.example.com"))
    eventually(lambda: told(crds, namespace)[0] == ("False", "Pending"), within=SECONDS)
    assert callbacks(follower, namespace) == old, "the gateway has not judged it"
    judge(crds, namespace, "True")
    eventually(lambda: callbacks(follower, namespace) == new, within=SECONDS)
    eventually(lambda: told(crds, namespace)[0] == ("True", "Resolved"), within=SECONDS)

    judge(crds, namespace, "False")
    eventually(lambda: told(crds, namespace)[0] == ("False", "RouteNotAccepted"), within=SECONDS)
    eventually(lambda: callbacks(follower, namespace) == [], within=SECONDS)
    judge(crds, namespace, "True")
    eventually(lambda: callbacks(follower, namespace) == new, within=SECONDS)

    crds.kubectl("delete", "httproute", "web", "-n", namespace)
    eventually(lambda: callbacks(follower, namespace) == [], within=SECONDS)
    eventually(lambda: told(crds, namespace)[0] == ("False", "RouteNotFound"), within=SECONDS)


def test_the_examples_of_the_guide_are_accepted(crds: Access, gateway_api: None) -> None:  # noqa: ARG001 - it is there
    apply = ("apply", "--dry-run=server", "--validate=strict", "-f", ROOT / "docs" / "examples" / "callbacks")
    crds.kubectl("create", "namespace", "storefront")
    try:
        assert crds.kubectl(*apply).count("server dry run") == 4
    finally:
        crds.kubectl("delete", "namespace", "storefront", "--wait=false")


def following(namespace: str, *, path: str = PATH, **ref: Any) -> dict[str, Any]:
    """An application named web; of `ref`, the first names its route, and the rest is spec."""
    (kind, name), *spec = ref.items()
    return application("web", namespace, **{"callbackURLs": [], **dict(spec)}) | {
        "spec": {**dict(spec), "callbackURLsFrom": [{kind: {"name": name}, "path": path}]}
    }


def ingress(namespace: str, *hosts: str) -> dict[str, Any]:
    """Named web."""
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    http = {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"rules": [{"host": host, "http": http} for host in hosts]},
    }


def http_route(namespace: str, *hosts: str) -> dict[str, Any]:
    """Named web."""
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"parentRefs": [{"name": "public"}], "hostnames": list(hosts)},
    }


def judge(access: Access, namespace: str, accepted: str) -> None:
    """As the gateway, of what the route says now."""
    generation = access.get("httproute", "web", namespace)["metadata"]["generation"]
    condition = {
        "type": "Accepted", "status": accepted, "reason": "Judged", "message": "", "observedGeneration": generation,
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    parent = {"parentRef": {"name": "public"}, "controllerName": "example.com/gateway", "conditions": [condition]}
    patch = json.dumps({"status": {"parents": [parent]}})
    access.kubectl("patch", "httproute", "web", "-n", namespace, "--subresource=status", "--type=merge", "-p", patch)


def callbacks(made: Released, namespace: str) -> list[str]:
    """In the row."""
    row = Stored(made.operators.database_url).application(f"{namespace}/web")
    assert row is not None
    return list(row.spec.get("callbackURLs", ()))


def resolved(body: dict[str, Any]) -> list[str]:
    """In status."""
    return list(body.get("status", {}).get("resolvedCallbackURLs", ()))


def told(access: Access, namespace: str) -> tuple[tuple[str, str] | None, tuple[str, str] | None]:
    """Of the routes, and whether anybody can sign in."""
    found = conditions(application_of(access, "web", namespace))
    return found.get("CallbacksResolved"), found.get("Ready")


def message(body: dict[str, Any]) -> str:
    """What is said of the routes."""
    (found,) = [each["message"] for each in body["status"]["conditions"] if each["type"] == "CallbacksResolved"]
    return str(found)


def events(access: Access, namespace: str) -> dict[str, str]:
    """Reason to type of the last of each."""
    listed = json.loads(access.kubectl("get", "events", "-n", namespace, "-o", "json"))["items"]
    listed.sort(key=lambda each: int(each["metadata"]["resourceVersion"]))
    return {each["reason"]: each["type"] for each in listed}
