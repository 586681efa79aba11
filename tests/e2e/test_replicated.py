"""PostgreSQL, three replicas of the server and two of the operator: what load notices of upgrades, crashes and outages.

Figures are printed as they are measured (`-s` shows them); docs/operations/high-availability.md quotes them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster.access import Access
from tests.cluster.operating import application, eventually, is_ready, ready_application, secret, user
from tests.e2e import peers
from tests.e2e.conftest import Cluster
from tests.e2e.figures import figure
from tests.e2e.installation import NAMESPACE, RELEASE, SERVICE, Helm, LoadPod, pods
from tests.e2e.visiting import open_orders, page_behind

pytestmark = pytest.mark.timeout(300)

DATABASE = {
    "database.mode": "postgres",
    "database.postgres.urlSecret": {"name": "database", "key": "uri"},
    "database.postgres.tls.caSecret": {"name": "database", "key": "ca.crt"},
}
REPLICAS = {"server.replicas": 3, "operator.replicas": 2}
SMALL = {"server.resources.requests": {"cpu": "20m", "memory": "128Mi"}}  # three of them share a machine with the load
ORIGIN = f"https://{peers.LOGIN}"
CALLBACK = "https://load.example.com/callback"
TENANT = "load"
NEEDS_DATABASE = ("authorize", "authorization_code", "refresh_token")
SERVER, OPERATOR = "app.kubernetes.io/component=server", "app.kubernetes.io/component=operator"


@pytest.fixture(scope="module")
def installed(cluster: Cluster, helm: Helm, edge: str) -> Helm:
    """The release on PostgreSQL, verified by TLS, and an application with its user."""
    access = cluster.access
    if "database.mode" not in helm.values and helm("list", "-q").strip():
        helm.uninstall()
    access.apply(*peers.postgres())
    access.kubectl("rollout", "status", "statefulset/postgres", "-n", peers.NAMESPACE, "--timeout=60s")
    figure("helm install on PostgreSQL, 3 + 2 replicas", helm.install(**DATABASE, **REPLICAS, **SMALL), "s")
    access.kubectl("create", "namespace", TENANT)
    access.apply(
        application(
            "load",
            TENANT,
            authenticationAddress=ORIGIN,
            callbackURLs=[CALLBACK],
            grantModes=["authorization_code", "refresh_token", "client_credentials"],
            scopes=["openid", "offline_access"],
            consent="Skip",
        ),
        secret("load-user", NAMESPACE, password="a-password-of-the-suite"),
        user("load-user", NAMESPACE, passwordSecretRef={"name": "load-user"}),
    )
    ready_application(access, "load", TENANT, within=60)
    eventually(lambda: is_ready(access.get("oauthuser", "load-user", NAMESPACE)))
    return helm


@pytest.fixture(scope="module")
def load(installed: Helm, cluster: Cluster) -> Iterator[LoadPod]:
    """Load on the Service, from a pod, which has been answered for a while."""
    access = cluster.access
    access.apply(*peers.load(TENANT, f"http://{SERVICE}", ORIGIN, CALLBACK, "load-user", "a-password-of-the-suite"))
    access.kubectl("wait", "pod/load", "-n", TENANT, "--for=condition=Ready", "--timeout=60s")
    running = LoadPod(access, TENANT)
    running.take()
    time.sleep(5)
    taken = running.take()
    assert taken.failures == 0, str(taken)
    assert min(counts["ok"] for counts in taken.kinds.values()) > 0, str(taken)
    assert set(NEEDS_DATABASE) | {"client_credentials", "introspection", "jwks"} == set(taken.kinds)
    yield running
    access.kubectl("delete", "pod", "load", "-n", TENANT, "--grace-period=1")


def test_helm_test_passes_with_replicas(installed: Helm) -> None:
    assert "signed in" in installed("test", RELEASE, "--logs", "--timeout", "90s")


def test_a_second_release_of_the_same_version_finds_nothing_to_migrate(installed: Helm, cluster: Cluster) -> None:
    before = cluster.access.get("secret", "ostiary-keys", NAMESPACE)
    pods_before = [pod["metadata"]["uid"] for pod in pods(cluster.access, NAMESPACE, SERVER)]
    figure("helm upgrade that changes nothing, migration Job included", installed.install(), "s")
    assert cluster.access.get("secret", "ostiary-keys", NAMESPACE) == before
    assert [pod["metadata"]["uid"] for pod in pods(cluster.access, NAMESPACE, SERVER)] == pods_before


def test_a_rolling_update_of_both_fails_no_request(installed: Helm, cluster: Cluster, load: LoadPod) -> None:
    before = {pod["metadata"]["uid"] for pod in pods(cluster.access, NAMESPACE, f"{RELEASE}.dev/{RELEASE}!=x")}

    def update() -> None:
        turn = {"rolled": str(time.time())}
        installed.install(**{"server.podAnnotations": turn, "operator.podAnnotations": turn})
        eventually(lambda: len(pods(cluster.access, NAMESPACE, SERVER)) == 3, within=60)

    taken = load.during(update, rest=12)  # the last pod of before drains meanwhile
    after = {pod["metadata"]["uid"] for pod in pods(cluster.access, NAMESPACE, SERVER)}
    assert not before & after
    figure("requests during a rolling update of both", taken.total("requests"))
    figure("of which failed", taken.failures)
    assert taken.failures == 0, str(taken)


def test_a_killed_server_loses_no_code_and_no_token_that_was_answered(
    installed: Helm, cluster: Cluster, load: LoadPod
) -> None:
    def kill_each() -> None:
        for pod in pods(cluster.access, NAMESPACE, SERVER):
            cluster.kill(pod)
            time.sleep(4)
        _all_ready(cluster.access, SERVER, 3)

    taken = load.during(kill_each, rest=5)
    figure("requests while three servers were killed one by one", taken.total("requests"))
    figure("of which broke off or were refused a connection", taken.total("broken"))
    assert taken.total("lost") == 0, str(taken)
    assert taken.total("refused") == 0, str(taken)
    restarts = [
        pod["status"]["containerStatuses"][0]["restartCount"] for pod in pods(cluster.access, NAMESPACE, SERVER)
    ]
    assert min(restarts) >= 1


def test_another_operator_takes_over_within_twenty_seconds(installed: Helm, cluster: Cluster, load: LoadPod) -> None:
    holder = _leader(cluster.access)
    (leading,) = [
        pod for pod in pods(cluster.access, NAMESPACE, OPERATOR) if holder.startswith(pod["metadata"]["name"])
    ]
    cluster.kill(leading)
    began = time.monotonic()
    cluster.access.apply(application("late", TENANT, authenticationAddress=ORIGIN))
    ready_application(cluster.access, "late", TENANT, within=30)
    seconds = time.monotonic() - began
    figure("from killing the leading operator to a new manifest being served", seconds, "s")
    assert _leader(cluster.access) != holder
    assert seconds < 20
    taken = load.take()
    assert taken.total("lost") == 0, str(taken)
    cluster.access.kubectl("delete", "oauthapplication", "late", "-n", TENANT)


def test_a_restart_of_postgresql_is_survived_and_the_hot_path_does_not_notice(
    installed: Helm, cluster: Cluster, load: LoadPod
) -> None:
    access = cluster.access
    back = 0.0

    def restart() -> None:
        nonlocal back
        access.kubectl("delete", "pod", "postgres-0", "-n", peers.NAMESPACE, "--grace-period=1")
        access.kubectl("wait", "pod/postgres-0", "-n", peers.NAMESPACE, "--for=condition=Ready", "--timeout=60s")
        back = time.time()

    taken = load.during(restart, rest=16)
    hot = {kind: counts for kind, counts in taken.kinds.items() if kind not in NEEDS_DATABASE}
    assert set(hot) == {"client_credentials", "introspection", "jwks"}
    for kind, counts in hot.items():
        assert counts["requests"] == counts["ok"], f"{kind}: {counts}"
    assert taken.total("lost") == 0, str(taken)
    last = max(taken.kinds[kind]["last_failure"] for kind in NEEDS_DATABASE)
    figure("from PostgreSQL's return to the last 503", max(0.0, last - back), "s")
    figure("hot requests meanwhile, none failed", sum(counts["requests"] for counts in hot.values()))
    assert last - back < 15
    assert taken.total("unavailable") > 0, "the database was away for too short a time to be noticed"


async def test_a_relying_pod_signs_its_visitor_in(
    installed: Helm, cluster: Cluster, edge: str, forwarded: int, chromium_executable: str
) -> None:
    access = cluster.access
    access.kubectl("apply", "-f", peers.EXAMPLES / "back-end" / "application.yaml")
    access.kubectl("apply", "-f", peers.EXAMPLES / "quickstart" / "alice.yaml")
    ready_application(access, "orders", "team-a")
    async with page_behind(chromium_executable, forwarded) as page:
        person, _ = await open_orders(page)
    assert person["email"] == "alice@example.com"


def _leader(access: Access) -> str:
    spec: dict[str, Any] = access.get("lease", f"{RELEASE}-operator", NAMESPACE)["spec"]
    return str(spec.get("holderIdentity") or "")


def _all_ready(access: Access, selector: str, count: int) -> None:
    def ready() -> bool:
        listed = json.loads(access.kubectl("get", "pods", "-n", NAMESPACE, "-l", selector, "-o", "json"))["items"]
        conditions = [each for pod in listed for each in pod["status"].get("conditions", ()) if each["type"] == "Ready"]
        return [each["status"] for each in conditions] == ["True"] * count

    eventually(ready, within=60)
