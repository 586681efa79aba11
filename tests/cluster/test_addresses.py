"""Ingresses for authentication addresses, on a real API server under the rights that the chart gives.

What a controller would write into its status the test writes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster.access import Access, KubectlFailed
from tests.cluster.operating import application, conditions, eventually, ready_application
from tests.cluster.releasing import Released, released
from tests.postgres import PostgreSQL

LABEL = "ostiary.dev/address=true"
ANNOTATIONS = json.dumps({"cert-manager.io/cluster-issuer": "letsencrypt"})


@pytest.fixture(scope="module")
def ingresses(
    crds: Access, postgresql_server: PostgreSQL, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Released]:
    """An operator that keeps Ingresses."""
    settings = {"OSTIARY_ADDRESS_SERVICE": "ostiary-server:80", "OSTIARY_ADDRESS_ANNOTATIONS": ANNOTATIONS}
    with released(crds, postgresql_server, tmp_path_factory.mktemp("ingress"), {"exposure.kind": "Ingress"}) as made:
        made.start(OSTIARY_ADDRESS_KIND="Ingress", **settings)
        yield made


def test_an_address_gets_one_ingress_and_loses_it_with_its_last_application(
    crds: Access, namespace: str, ingresses: Released
) -> None:
    address = f"https://one-{namespace}.example.com"
    crds.apply(*(application(name, namespace, authenticationAddress=address) for name in ("one", "two")))
    for name in ("one", "two"):
        ready_application(crds, name, namespace)
    (made,) = eventually(lambda: objects(crds, ingresses, "ingress", address))
    assert made["spec"]["tls"][0]["secretName"] == f"{made['metadata']['name']}-tls"
    assert made["metadata"]["annotations"]["cert-manager.io/cluster-issuer"] == "letsencrypt"
    crds.kubectl("delete", "oauthapplication", "one", "--namespace", namespace)
    ready_application(crds, "two", namespace)
    assert objects(crds, ingresses, "ingress", address)
    crds.kubectl("delete", "oauthapplication", "two", "--namespace", namespace)
    eventually(lambda: not objects(crds, ingresses, "ingress", address))


def test_status_says_whether_the_address_is_taken(crds: Access, namespace: str, ingresses: Released) -> None:
    address = f"https://told-{namespace}.example.com"
    crds.apply(application("web", namespace, authenticationAddress=address), application("plain", namespace))
    body = ready_application(crds, "web", namespace)
    eventually(lambda: address_ready(crds, "web", namespace) == ("False", "Pending"))
    assert conditions(body)["Ready"] == ("True", "Ready")
    (made,) = objects(crds, ingresses, "ingress", address)
    patch = json.dumps({"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}})
    name = made["metadata"]["name"]
    crds.kubectl(
        "patch", "ingress", name, "-n", ingresses.namespace, "--subresource=status", "--type=merge", "-p", patch
    )
    eventually(lambda: address_ready(crds, "web", namespace) == ("True", "Published"))
    assert "AddressReady" not in conditions(ready_application(crds, "plain", namespace))


def test_a_move_makes_the_new_ingress_and_removes_the_old(crds: Access, namespace: str, ingresses: Released) -> None:
    old, new = (f"https://{which}-{namespace}.example.com" for which in ("old", "new"))
    crds.apply(application("web", namespace, authenticationAddress=old))
    eventually(lambda: objects(crds, ingresses, "ingress", old))
    crds.apply(application("web", namespace, authenticationAddress=new))
    eventually(lambda: objects(crds, ingresses, "ingress", new))
    eventually(lambda: not objects(crds, ingresses, "ingress", old))


def test_what_somebody_deletes_or_edits_is_put_right(crds: Access, namespace: str, ingresses: Released) -> None:
    address = f"https://kept-{namespace}.example.com"
    crds.apply(application("web", namespace, authenticationAddress=address))
    (made,) = eventually(lambda: objects(crds, ingresses, "ingress", address))
    name, where = made["metadata"]["name"], ("-n", ingresses.namespace)
    crds.kubectl("delete", "ingress", name, *where)
    eventually(lambda: objects(crds, ingresses, "ingress", address))
    patch = json.dumps([{"op": "replace", "path": "/spec/rules/0/host", "value": "elsewhere.example.com"}])
    crds.kubectl("patch", "ingress", name, *where, "--type=json", "-p", patch)
    eventually(
        lambda: crds.get("ingress", name, ingresses.namespace)["spec"]["rules"][0]["host"] != "elsewhere.example.com"
    )


def test_neither_a_laptops_address_nor_an_ip_address_gets_one(
    crds: Access, namespace: str, ingresses: Released
) -> None:
    crds.apply(
        application("laptop", namespace, authenticationAddress=f"http://{namespace}.localhost"),
        application("number", namespace, authenticationAddress=f"https://10.0.0.1:{20000 + hash(namespace) % 9999}"),
    )
    assert "AddressReady" not in conditions(ready_application(crds, "laptop", namespace))
    ready_application(crds, "number", namespace)
    eventually(lambda: address_ready(crds, "number", namespace) == ("False", "NotPublishable"))
    for address in ("localhost", "10.0.0.1"):
        assert not objects(crds, ingresses, "ingress", address)


def test_a_restart_writes_nothing(crds: Access, namespace: str, ingresses: Released) -> None:
    address = f"https://still-{namespace}.example.com"
    crds.apply(application("web", namespace, authenticationAddress=address))
    ready_application(crds, "web", namespace)
    eventually(lambda: address_ready(crds, "web", namespace) == ("False", "Pending"))
    (before,) = objects(crds, ingresses, "ingress", address)
    status = crds.get("oauthapplication", "web", namespace)["metadata"]["resourceVersion"]
    ingresses.restart()
    crds.apply(application("next", namespace, authenticationAddress=f"https://next-{namespace}.example.com"))
    ready_application(crds, "next", namespace)
    eventually(lambda: address_ready(crds, "next", namespace) == ("False", "Pending"))
    assert objects(crds, ingresses, "ingress", address) == [before]
    assert crds.get("oauthapplication", "web", namespace)["metadata"]["resourceVersion"] == status


def objects(access: Access, made: Released, kind: str, address: str) -> list[dict[str, Any]]:
    """Those that are kept for an address."""
    try:
        listed = json.loads(access.kubectl("get", kind, "-n", made.namespace, "-l", LABEL, "-o", "json"))["items"]
    except KubectlFailed:
        return []
    return [each for each in listed if address in each["metadata"]["annotations"]["ostiary.dev/address"]]


def address_ready(access: Access, name: str, namespace: str) -> tuple[str, str] | None:
    """The condition's status and reason, if it is there."""
    return conditions(access.get("oauthapplication", name, namespace)).get("AddressReady")
