"""What is kept for an address, what is said of it, and that nothing is written twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ostiary_operator.addresses.exposure import Exposure, has_name, is_public, object_name, says
from ostiary_operator.addresses.progress import condition
from ostiary_operator.cluster import ApiRefused
from ostiary_operator.reconcile.conditions import Reason
from ostiary_operator.reconcile.outcome import Truth

LOGIN = "https://login.example.com"
INGRESS = Exposure(
    kind="Ingress",
    namespace="ostiary-system",
    service="ostiary-server",
    port=80,
    annotations={"cert-manager.io/cluster-issuer": "letsencrypt"},
    ingress_class="public",
    tls=True,
    parent_refs=(),
)
ROUTE = replace(INGRESS, kind="HTTPRoute", parent_refs=({"name": "public", "namespace": "gateways"},))


def test_an_ingress_leads_the_host_to_the_service_and_names_its_certificate() -> None:
    body = INGRESS.body(LOGIN)
    name = body["metadata"]["name"]
    assert body["spec"]["ingressClassName"] == "public"
    assert body["spec"]["tls"] == [{"hosts": ["login.example.com"], "secretName": f"{name}-tls"}]
    (rule,) = body["spec"]["rules"]
    assert rule["host"] == "login.example.com"
    assert rule["http"]["paths"][0]["backend"] == {"service": {"name": "ostiary-server", "port": {"number": 80}}}
    assert body["metadata"]["annotations"]["cert-manager.io/cluster-issuer"] == "letsencrypt"


def test_a_class_and_a_certificate_are_asked_for_only_where_they_are_wanted() -> None:
    spec = replace(INGRESS, ingress_class="", tls=False).body(LOGIN)["spec"]
    assert spec.keys() == {"rules"}


def test_a_route_names_the_gateways_and_the_service() -> None:
    spec = ROUTE.body(f"{LOGIN}:8443")["spec"]
    assert spec["parentRefs"] == [{"name": "public", "namespace": "gateways"}]
    assert spec["hostnames"] == ["login.example.com"]
    assert spec["rules"][0]["backendRefs"] == [{"name": "ostiary-server", "port": 80}]


def test_names_are_labels_that_differ_where_addresses_do() -> None:
    long = "https://" + ".".join(["a-rather-long-label"] * 10)
    names = [object_name(origin) for origin in (LOGIN, f"{LOGIN}:8443", long, long + "x", "https://login-example.com")]
    assert len(set(names)) == 5
    assert all(len(name) + len("-tls") <= 63 for name in names)
    assert names[0].startswith("ostiary-login-example-com-")


@pytest.mark.parametrize(
    ("origin", "public", "named"),
    [
        (LOGIN, True, True),
        ("http://shop.localhost", False, True),
        ("https://10.0.0.1", True, False),
        ("https://[2001:db8::1]:8443", True, False),
        ("https://[::1]:8443", False, False),
        ("https://shop.localhost", False, True),
        ("https://localhost", False, True),
        ("https://notlocalhost", True, True),
    ],
)
def test_only_https_addresses_with_a_name_are_published(origin: str, public: bool, named: bool) -> None:
    assert (is_public(origin), has_name(origin)) == (public, named)


def test_what_others_add_is_no_difference_and_what_they_change_is() -> None:
    wanted = INGRESS.body(LOGIN)
    held: dict[str, Any] = {**wanted, "metadata": {**wanted["metadata"], "uid": "1", "finalizers": ["x"]}, "status": {}}
    assert says(wanted, held)
    assert not says(wanted, {**held, "spec": {**held["spec"], "ingressClassName": "private"}})
    assert not says(wanted, {**held, "spec": {**held["spec"], "rules": []}})


def test_an_ingress_is_ready_when_it_has_an_address() -> None:
    held: dict[str, Any] = INGRESS.body(LOGIN)
    assert _told(INGRESS, held) == (Truth.FALSE, Reason.PENDING)
    held["status"] = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}
    assert _told(INGRESS, held) == (Truth.TRUE, Reason.PUBLISHED)


@pytest.mark.parametrize(
    ("accepted", "resolved", "truth"),
    [("True", "True", Truth.TRUE), ("True", "False", Truth.FALSE), ("False", "True", Truth.FALSE)],
)
def test_a_route_is_ready_when_each_gateway_accepts_it_and_resolves_its_references(
    accepted: str, resolved: str, truth: Truth
) -> None:
    conditions = [{"type": "Accepted", "status": accepted}, {"type": "ResolvedRefs", "status": resolved}]
    good = [{"type": each, "status": "True"} for each in ("Accepted", "ResolvedRefs")]
    parents = [
        {"parentRef": {"name": "one"}, "conditions": good},
        {"parentRef": {"name": "two"}, "conditions": conditions},
    ]
    assert _told(ROUTE, {**ROUTE.body(LOGIN), "status": {"parents": parents}})[0] is truth


def test_a_route_that_no_gateway_answered_waits() -> None:
    assert _told(ROUTE, ROUTE.body(LOGIN)) == (Truth.FALSE, Reason.PENDING)


def test_what_is_in_the_way_has_a_reason_of_its_own() -> None:
    assert _told(INGRESS, None) == (Truth.FALSE, Reason.PENDING)
    assert _told(INGRESS, None, "https://10.0.0.1") == (Truth.FALSE, Reason.NOT_PUBLISHABLE)
    assert _told(ROUTE, None, refusal=ApiRefused(404, "no such kind")) == (Truth.FALSE, Reason.NO_GATEWAY_API)
    assert _told(ROUTE, None, refusal=ApiRefused(403, "forbidden")) == (Truth.FALSE, Reason.FORBIDDEN)


def _told(
    exposure: Exposure, held: dict[str, Any] | None, origin: str = LOGIN, refusal: ApiRefused | None = None
) -> tuple[Truth, Reason]:
    found = condition(origin, exposure, held, refusal)
    return found.status, found.reason
