"""The default installation: one pod on SQLite, from `helm install` to a sign-in, an upgrade and a reinstallation."""

from __future__ import annotations

import json

import pytest

from tests.cluster.operating import eventually, is_ready, ready_application
from tests.e2e import peers
from tests.e2e.conftest import Cluster
from tests.e2e.installation import NAMESPACE, RELEASE, SERVICE, Helm, pods
from tests.e2e.visiting import open_orders, page_behind
from tests.flows.test_on_kubernetes import QUICKSTART

pytestmark = pytest.mark.timeout(300)
TABLE = "kind=name"


@pytest.fixture(scope="module")
def installed(cluster: Cluster, helm: Helm, edge: str) -> Helm:
    """One pod, the quickstart in it, and the relying application of docs/examples/back-end before it."""
    helm.install(userNamespaces=["quickstart"])
    access = cluster.access
    access.kubectl("apply", "-f", QUICKSTART)
    access.kubectl("apply", "-f", peers.EXAMPLES / "back-end" / "application.yaml")
    for name in ("shop", "notes", "billing"):
        ready_application(access, name, "quickstart")
    ready_application(access, "orders", "team-a")
    eventually(lambda: is_ready(access.get("oauthuser", "alice", "quickstart")))
    access.apply(*peers.edge(SERVICE), *peers.orders(edge))
    for name, namespace in (("edge", peers.NAMESPACE), ("orders", "team-a")):
        access.kubectl("rollout", "status", f"deployment/{name}", "-n", namespace, "--timeout=60s")
    return helm


def test_helm_test_signs_in_and_fetches_tokens(installed: Helm) -> None:
    told = installed("test", RELEASE, "--logs", "--timeout", "90s")
    assert "signed in: a code for tokens" in told
    assert "deleted: the application and the user" in told


async def test_a_relying_pod_signs_its_visitor_in_with_the_secret_that_it_mounts(
    installed: Helm, forwarded: int, chromium_executable: str
) -> None:
    async with page_behind(chromium_executable, forwarded) as page:
        person, titles = await open_orders(page)
    assert person["email"] == "alice@example.com"
    assert len(titles) == 2  # sign-in and consent
    assert installed.access.get("secret", "orders-oauth", "team-a")["data"]


async def test_an_installation_anew_keeps_applications_and_consents(
    installed: Helm, cluster: Cluster, forwarded: int, chromium_executable: str
) -> None:
    before = cluster.access.get("secret", "orders-oauth", "team-a")["data"]
    installed.uninstall()
    assert not pods(cluster.access, NAMESPACE, "app.kubernetes.io/name=ostiary")
    listed = json.loads(cluster.access.kubectl("get", "oauthapp,oauthuser", "-A", "-o", "json"))["items"]
    assert len(listed) == 5
    installed.install()
    async with page_behind(chromium_executable, forwarded) as page:
        person, titles = await open_orders(page)
    assert person["email"] == "alice@example.com"
    assert len(titles) == 1  # sign-in alone: another browser, the consent of before
    assert cluster.access.get("secret", "orders-oauth", "team-a")["data"] == before


def test_the_pod_ends_and_comes_back_with_what_it_served(installed: Helm, cluster: Cluster) -> None:
    (pod,) = pods(cluster.access, NAMESPACE, "ostiary.dev/server=true")
    cluster.access.kubectl("delete", "pod", pod["metadata"]["name"], "-n", NAMESPACE)
    installed.install()
    told = installed("test", RELEASE, "--logs", "--timeout", "90s")
    assert "signed in" in told


def test_the_pod_has_no_more_rights_than_restricted_and_its_server_has_no_token(
    installed: Helm, cluster: Cluster
) -> None:
    (pod,) = pods(cluster.access, NAMESPACE, "ostiary.dev/server=true")
    (server,) = [each for each in pod["spec"]["containers"] if each["name"] == "server"]
    mounts = [mount["mountPath"] for mount in server["volumeMounts"]]
    assert not [path for path in mounts if "serviceaccount" in path]
    assert cluster.access.get("namespace", NAMESPACE)["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
    assert installed.values == {"userNamespaces": ["quickstart"]}
