"""PostgreSQL, three replicas of the server and two of the operator: what load notices of upgrades, crashes and outages.

Figures are printed as they are measured (`-s` shows them); docs/operations/high-availability.md quotes them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.cluster.access import Access
from tests.cluster.operating import application, conditions, eventually, is_ready, ready_application, secret, user
from tests.e2e import peers
from tests.e2e.conftest import Cluster
from tests.e2e.figures import figure
from tests.e2e.installation import CHART, NAMESPACE, RELEASE, SERVICE, Helm, LoadPod, Taken, pods, previous_chart
from tests.e2e.visiting import open_orders, page_behind

pytestmark = pytest.mark.timeout(300)

DATABASE = {
    "database.mode": "postgres",
    "database.postgres.urlSecret": {"name": "database", "key": "uri"},
    "database.postgres.tls.caSecret": {"name": "database", "key": "ca.crt"},
}
REPLICAS = {"server.replicas": 3, "operator.replicas": 2, "userNamespaces": ["quickstart"]}
EXPOSED = {"exposure.kind": "Ingress", "issuer.address": "https://id.example.com"}
SMALL = {"server.resources.requests": {"cpu": "20m", "memory": "128Mi"}}  # three of them share a machine with the load
ORIGIN = "https://accounts.example.com"
CALLBACK = "https://load.example.com/callback"
TENANT = "load"
NEEDS_DATABASE = ("authorize", "authorization_code", "refresh_token")
PASSWORD = "a-password-of-the-suite"
RETIRED = "policyURL"  # a field that the chart before did not have
BOTH = "app.kubernetes.io/component in (server, operator)"
SERVER, OPERATOR = "app.kubernetes.io/component=server", "app.kubernetes.io/component=operator"


@pytest.fixture(scope="module")
def installed(world: Access, tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """The release of before on PostgreSQL, verified by TLS, and an application with its user."""
    world.apply(*peers.postgres())
    world.kubectl("rollout", "status", "statefulset/postgres", "-n", peers.NAMESPACE, "--timeout=60s")
    helm = Helm(world)
    before = previous_chart(tmp_path_factory.mktemp("previous"))
    seconds = helm.deploy(before, **DATABASE, **REPLICAS, **EXPOSED, **SMALL)
    figure("helm install on PostgreSQL, 3 + 2 replicas", seconds, "s")
    world.kubectl("create", "namespace", TENANT)
    world.apply(
        application(
            "load",
            TENANT,
            authenticationAddress=ORIGIN,
            callbackURLs=[CALLBACK],
            grantModes=["authorization_code", "refresh_token", "client_credentials"],
            scopes=["openid", "offline_access"],
            consent="Skip",
        ),
        secret("load-user", NAMESPACE, password=PASSWORD),
        user("load-user", NAMESPACE, passwordSecretRef={"name": "load-user"}),
    )
    ready_application(world, "load", TENANT, within=60)
    eventually(lambda: is_ready(world.get("oauthuser", "load-user", NAMESPACE)))
    return helm


@pytest.fixture(scope="module")
def load(installed: Helm) -> Iterator[LoadPod]:
    """Load on the Service, from a pod, which has been answered for a while."""
    access = installed.access
    access.apply(*peers.load(TENANT, f"http://{SERVICE}", ORIGIN, CALLBACK, "load-user", PASSWORD))
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


def test_an_upgrade_from_the_chart_before_fails_no_request(installed: Helm, load: LoadPod) -> None:
    access = installed.access
    before = {pod["metadata"]["uid"] for pod in pods(access, NAMESPACE, BOTH)}
    assert RETIRED not in _fields(access)
    taken = load.during(installed.install, rest=12)  # the last pod of before drains meanwhile
    after = {pod["metadata"]["uid"] for pod in pods(access, NAMESPACE, BOTH)}
    assert not before & after
    assert len(after) == 5
    assert RETIRED in _fields(access)
    figure("requests during a rolling update of both", taken.total("requests"))
    figure("of which failed", taken.failures)
    assert taken.failures == 0, str(taken)


def test_helm_test_passes_with_replicas(installed: Helm) -> None:
    told = installed("test", RELEASE, "--logs", "--timeout", "90s")
    assert "signed in: a code for tokens" in told
    assert "deleted: the application and the user" in told


def test_each_address_has_its_ingress_and_its_application_says_that_nobody_took_it(installed: Helm) -> None:
    access = installed.access
    listed = json.loads(access.kubectl("get", "ingress", "-n", NAMESPACE, "-o", "json"))["items"]
    hosts = {each["spec"]["rules"][0]["host"] for each in listed}
    assert hosts == {"id.example.com", ORIGIN.removeprefix("https://")}
    told = conditions(access.get("oauthapplication", "load", TENANT))
    assert told["AddressReady"] == ("False", "Pending")  # no ingress controller here
    assert told["Ready"] == ("True", "Ready")


def test_a_second_release_of_the_same_version_changes_nothing(installed: Helm) -> None:
    access = installed.access
    before = access.get("secret", "ostiary-keys", NAMESPACE)
    pods_before = [pod["metadata"]["uid"] for pod in pods(access, NAMESPACE, BOTH)]
    figure("helm upgrade that changes nothing, migration Job included", installed.install(), "s")
    assert access.get("secret", "ostiary-keys", NAMESPACE) == before
    assert [pod["metadata"]["uid"] for pod in pods(access, NAMESPACE, BOTH)] == pods_before


def test_a_server_that_does_not_know_the_schema_says_so_and_the_others_serve_on(installed: Helm, load: LoadPod) -> None:
    access = installed.access

    def refused() -> bool:
        logs = access.kubectl("logs", "-n", NAMESPACE, "-l", SERVER, "--tail=3", "--prefix")
        return "the schema is for binaries of version 99 or later" in logs

    def roll_over_another_schema() -> None:
        _sql(access, "update schema_version set oldest_reader = oldest_reader + 98, version = version + 98")
        try:
            access.kubectl("rollout", "restart", f"deployment/{RELEASE}-server", "-n", NAMESPACE)
            eventually(refused, within=60)
        finally:
            _sql(access, "update schema_version set oldest_reader = oldest_reader - 98, version = version - 98")
        access.kubectl("rollout", "status", f"deployment/{RELEASE}-server", "-n", NAMESPACE, "--timeout=120s")

    taken = load.during(roll_over_another_schema, rest=8)
    assert taken.failures == 0, str(taken)


def test_a_killed_server_loses_no_code_and_no_token_that_was_answered(cluster: Cluster, load: LoadPod) -> None:
    def kill_each() -> None:
        for pod in pods(cluster.access, NAMESPACE, SERVER):
            cluster.kill(pod)
            time.sleep(4)
        _all_ready(cluster.access, SERVER, 3)

    taken = load.during(kill_each, rest=5)
    figure("requests while three servers were killed one by one", taken.total("requests"))
    figure("of which broke off or were refused a connection", taken.total("broken"))
    figure("codes whose exchange was cut off and cannot be repeated", taken.total("cut"))
    assert taken.total("lost") == 0, str(taken)
    assert taken.total("refused") == 0, str(taken)
    restarts = [
        pod["status"]["containerStatuses"][0]["restartCount"] for pod in pods(cluster.access, NAMESPACE, SERVER)
    ]
    assert min(restarts) >= 1


def test_new_signing_keys_at_once_fail_no_request(installed: Helm, load: LoadPod) -> None:
    rotate = ("python3", "-m", "ostiary_cli", "rotate-keys", "--issuer", ORIGIN, "--at-once")
    said: list[str] = []
    at = ("exec", "-n", NAMESPACE, f"deployment/{RELEASE}-server", "-c", "server", "--")
    taken = load.during(lambda: said.append(installed.access.kubectl(*at, *rotate)), rest=5)
    assert "signs now" in said[0]
    assert "replicas that have these keys: all 3" in said[0]
    assert taken.failures == 0, str(taken)


def test_another_operator_takes_over_within_twenty_seconds(cluster: Cluster, load: LoadPod) -> None:
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


def test_a_restart_of_postgresql_is_survived_and_the_hot_path_does_not_notice(load: LoadPod) -> None:
    access = load.access
    back = 0.0

    def restart() -> None:
        nonlocal back
        access.kubectl("delete", "pod", "postgres-0", "-n", peers.NAMESPACE, "--grace-period=1")
        access.kubectl("wait", "pod/postgres-0", "-n", peers.NAMESPACE, "--for=condition=Ready", "--timeout=60s")
        back = time.time()

    taken = load.during(restart, rest=16)
    hot = {kind: counts for kind, counts in taken.kinds.items() if kind not in NEEDS_DATABASE}
    assert set(hot) == {"client_credentials", "introspection", "jwks"}
    assert Taken(hot).failures == 0, str(taken)
    assert taken.total("lost") == 0, str(taken)
    last = max(taken.kinds[kind]["last_failure"] for kind in NEEDS_DATABASE)
    figure("from PostgreSQL's return to the last 503", max(0.0, last - back), "s")
    figure("hot requests meanwhile, none failed", sum(counts["requests"] for counts in hot.values()))
    assert last - back < 15
    assert taken.total("unavailable") > 0, "the database was away for too short a time to be noticed"


def test_processes_stay_within_the_memory_that_the_chart_requests(load: LoadPod) -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    for process, selector, port in (("server", SERVER, 9090), ("operator", OPERATOR, 8081)):
        taken = [
            _resident(load.access, pod["metadata"]["name"], port) for pod in pods(load.access, NAMESPACE, selector)
        ]
        figure(f"memory of the largest {process}", max(taken) / 2**20, "MiB")
        requested = values[process]["resources"]["requests"]["memory"]
        assert max(taken) < int(requested.removesuffix("Mi")) * 2**20


async def test_a_relying_pod_signs_its_visitor_in(installed: Helm, forwarded: int, chromium_executable: str) -> None:
    access = installed.access
    access.kubectl("apply", "-f", peers.EXAMPLES / "back-end" / "application.yaml")
    access.kubectl("apply", "-f", peers.EXAMPLES / "quickstart" / "alice.yaml")
    eventually(lambda: is_ready(access.get("oauthuser", "alice", "quickstart")))
    ready_application(access, "orders", "team-a")
    peers.restart_orders(access)
    async with page_behind(chromium_executable, forwarded) as page:
        person, _ = await open_orders(page)
    assert person["email"] == "alice@example.com"


def _fields(access: Access) -> set[str]:
    """Of an application's manifest, as the cluster's definition has them."""
    definition = access.get("customresourcedefinition", "oauthapplications.ostiary.dev")
    (version,) = definition["spec"]["versions"]
    return set(version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"])


def _resident(access: Access, pod: str, port: int) -> float:
    """Bytes, as the process's own metrics tell."""
    path = f"/api/v1/namespaces/{NAMESPACE}/pods/{pod}:{port}/proxy/metrics"
    lines = access.kubectl("get", "--raw", path).splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("process_resident_memory_bytes ")))


def _sql(access: Access, statement: str) -> None:
    psql = ("psql", "-h", "/tmp", "-U", "ostiary", "-d", "postgres", "-c", statement)
    access.kubectl("exec", "postgres-0", "-n", peers.NAMESPACE, "--", *psql)


def _leader(access: Access) -> str:
    spec: dict[str, Any] = access.get("lease", f"{RELEASE}-operator", NAMESPACE)["spec"]
    return str(spec.get("holderIdentity") or "")


def _all_ready(access: Access, selector: str, count: int) -> None:
    def ready() -> bool:
        listed = json.loads(access.kubectl("get", "pods", "-n", NAMESPACE, "-l", selector, "-o", "json"))["items"]
        conditions = [each for pod in listed for each in pod["status"].get("conditions", ()) if each["type"] == "Ready"]
        return [each["status"] for each in conditions] == ["True"] * count

    eventually(ready, within=60)
