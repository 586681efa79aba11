"""The default installation: one pod on SQLite, from `helm install` to a sign-in, an upgrade and a reinstallation."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.cluster.access import Access
from tests.cluster.build import Programs
from tests.cluster.operating import eventually, is_ready, ready_application
from tests.e2e import peers
from tests.e2e.figures import figure
from tests.e2e.installation import NAMESPACE, RELEASE, Helm, pods
from tests.e2e.visiting import open_orders, page_behind
from tests.flows.test_on_kubernetes import QUICKSTART

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def installed(world: Access) -> Iterator[Helm]:
    """One pod by Helm 3, the quickstart in it, and the application of docs/examples/back-end."""
    helm = Helm(world, Programs.HELM_3)
    figure("helm install on SQLite", helm.install(userNamespaces=["quickstart"]), "s")
    world.kubectl("apply", "-f", QUICKSTART)
    world.kubectl("apply", "-f", peers.EXAMPLES / "back-end" / "application.yaml")
    for name in ("shop", "notes", "billing"):
        ready_application(world, name, "quickstart")
    ready_application(world, "orders", "team-a")
    peers.restart_orders(world)
    eventually(lambda: is_ready(world.get("oauthuser", "alice", "quickstart")))
    yield helm
    world.kubectl("delete", "oauthapp,oauthuser", "--all", "--all-namespaces", "--timeout=60s")
    helm.uninstall()


def test_helm_test_signs_in_and_fetches_tokens(installed: Helm) -> None:
    assert "Phase:          Succeeded" in installed("test", RELEASE, "--timeout", "90s")


async def test_a_relying_pod_signs_its_visitor_in_with_the_secret_that_it_mounts(
    installed: Helm, forwarded: int, chromium_executable: str
) -> None:
    async with page_behind(chromium_executable, forwarded) as page:
        person, titles = await open_orders(page)
    assert person["email"] == "alice@example.com"
    assert len(titles) == 2  # sign-in and consent
    assert installed.access.get("secret", "orders-oauth", "team-a")["data"]


async def test_an_installation_anew_keeps_applications_and_consents(
    installed: Helm, forwarded: int, chromium_executable: str
) -> None:
    before = installed.access.get("secret", "orders-oauth", "team-a")["data"]
    installed.uninstall()
    assert not pods(installed.access, NAMESPACE, "app.kubernetes.io/name=ostiary")
    listed = json.loads(installed.access.kubectl("get", "oauthapp,oauthuser", "-A", "-o", "json"))["items"]
    assert len(listed) == 5
    installed.install()
    async with page_behind(chromium_executable, forwarded) as page:
        person, titles = await open_orders(page)
    assert person["email"] == "alice@example.com"
    assert len(titles) == 1  # sign-in alone: another browser, the consent of before
    assert installed.access.get("secret", "orders-oauth", "team-a")["data"] == before


def test_the_pod_ends_and_comes_back_with_what_it_served(installed: Helm) -> None:
    (pod,) = pods(installed.access, NAMESPACE, "ostiary.dev/server=true")
    installed.access.kubectl("delete", "pod", pod["metadata"]["name"], "-n", NAMESPACE)
    installed.install()
    installed("test", RELEASE, "--timeout", "90s")


def test_the_pod_has_no_more_rights_than_restricted_and_its_server_has_no_token(
    installed: Helm,
) -> None:
    (pod,) = pods(installed.access, NAMESPACE, "ostiary.dev/server=true")
    (server,) = [each for each in pod["spec"]["containers"] if each["name"] == "server"]
    mounts = [mount["mountPath"] for mount in server["volumeMounts"]]
    assert not [path for path in mounts if "serviceaccount" in path]
    labels = installed.access.get("namespace", NAMESPACE)["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
