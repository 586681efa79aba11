"""HTTPRoutes for authentication addresses, by the Gateway API's own definition, which a cluster may get later."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.charts.gateway_api import http_route_definition
from tests.cluster.access import Access
from tests.cluster.operating import application, eventually, ready_application
from tests.cluster.releasing import Released, released
from tests.cluster.test_addresses import address_ready, objects
from tests.postgres import PostgreSQL

PARENTS = [{"name": "public", "namespace": "gateways"}]


@pytest.fixture(scope="module")
def routes(crds: Access, postgresql_server: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Released]:
    """An operator that keeps HTTPRoutes, begun before the cluster knows any."""
    values = {"exposure.kind": "HTTPRoute", "exposure.httpRoute.parentRefs": PARENTS}
    settings = {"OSTIARY_ADDRESS_SERVICE": "ostiary-server:80", "OSTIARY_ADDRESS_PARENT_REFS": json.dumps(PARENTS)}
    with released(crds, postgresql_server, tmp_path_factory.mktemp("routes"), values) as made:
        made.start(OSTIARY_ADDRESS_KIND="HTTPRoute", **settings)
        yield made


def test_routes_are_kept_once_the_cluster_knows_them(crds: Access, namespace: str, routes: Released) -> None:
    address = f"https://route-{namespace}.example.com"
    crds.apply(application("web", namespace, authenticationAddress=address))
    ready_application(crds, "web", namespace)
    eventually(lambda: address_ready(crds, "web", namespace) == ("False", "NoGatewayAPI"))
    definition = http_route_definition()
    crds.kubectl("apply", "--server-side", "-f", definition)
    try:
        (made,) = eventually(lambda: objects(crds, routes, "httproute", address), within=60)
        eventually(lambda: address_ready(crds, "web", namespace) == ("False", "Pending"))
        good = [
            {
                "type": each, "status": "True", "reason": "Fine", "message": "", "observedGeneration": 1,
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            }
            for each in ("Accepted", "ResolvedRefs")
        ]  # fmt: skip
        parent = {"parentRef": {"name": "public"}, "controllerName": "example.com/gateway", "conditions": good}
        patch = json.dumps({"status": {"parents": [parent]}})
        where = ("-n", routes.namespace, "--subresource=status", "--type=merge", "-p", patch)
        crds.kubectl("patch", "httproute", made["metadata"]["name"], *where)
        eventually(lambda: address_ready(crds, "web", namespace) == ("True", "Published"))
    finally:
        crds.kubectl("delete", "-f", definition, "--wait=false")
