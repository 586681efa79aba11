"""Every pod of every installation keeps to Pod Security "restricted", field by field, and to what we ask beyond it."""

from __future__ import annotations

import pytest

from tests.charts.installations import INSTALLATIONS, POSTGRES, SQLITE
from tests.charts.overlays import Values, merged
from tests.charts.rendering import Helm

PROBES = {"startupProbe", "readinessProbe", "livenessProbe"}
TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"
# Container names of those that call the API; no other one has a token.
CALLERS = {"operator", "keys", "smoke"}
CONFINED = {"configMap", "downwardAPI", "emptyDir", "persistentVolumeClaim", "projected", "secret"}

each_installation = pytest.mark.parametrize("values", INSTALLATIONS.values(), ids=INSTALLATIONS)


@each_installation
def test_a_pod_runs_as_nobody_in_particular(values: Values) -> None:
    for pod in Helm().render(values).pods:
        security = pod.spec["securityContext"]
        assert security["runAsNonRoot"] is True
        assert security["runAsUser"] == security["runAsGroup"] == security["fsGroup"] == 65532
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace"} & pod.spec.keys()
        assert "sysctls" not in security
        for container in pod.containers:
            own = container["securityContext"]
            assert own["allowPrivilegeEscalation"] is False
            assert own["readOnlyRootFilesystem"] is True
            assert own["capabilities"] == {"drop": ["ALL"]}
            assert own.keys() <= {"allowPrivilegeEscalation", "readOnlyRootFilesystem", "capabilities"}
            assert all("hostPort" not in port for port in container.get("ports", ()))


@each_installation
def test_volumes_are_of_kinds_that_cannot_reach_the_node(values: Values) -> None:
    for pod in Helm().render(values).pods:
        names = set()
        for volume in pod.spec.get("volumes", ()):
            names.add(volume["name"])
            (kind,) = volume.keys() - {"name"}
            assert kind in CONFINED
            if kind == "emptyDir":
                assert "sizeLimit" in volume["emptyDir"], "it could fill the node"
            if kind in ("secret", "projected"):
                assert volume[kind]["defaultMode"] == 0o440
        mounted = {mount["name"] for container in pod.containers for mount in container.get("volumeMounts", ())}
        assert mounted == names, "mounted but not there, or there for nobody"


@each_installation
def test_secrets_are_mounted_for_reading_only(values: Values) -> None:
    for pod in Helm().render(values).pods:
        secrets = {volume["name"] for volume in pod.spec.get("volumes", ()) if volume.keys() & {"secret", "projected"}}
        for container in pod.containers:
            for mount in container.get("volumeMounts", ()):
                if mount["name"] in secrets:
                    assert mount["readOnly"] is True


@each_installation
def test_a_token_is_where_it_is_needed_and_nowhere_else(values: Values) -> None:
    for pod in Helm().render(values).pods:
        assert pod.spec["automountServiceAccountToken"] is False
        assert pod.spec["enableServiceLinks"] is False
        holders = {
            container["name"]
            for container in pod.containers
            if any(mount["mountPath"] == TOKEN for mount in container.get("volumeMounts", ()))
        }
        assert holders == {container["name"] for container in pod.containers} & CALLERS


@each_installation
def test_every_container_says_what_it_needs(values: Values) -> None:
    for pod in Helm().render(values).pods:
        for container in pod.containers:
            assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
            assert "memory" in container["resources"]["limits"]
            assert "cpu" not in container["resources"]["limits"]


@each_installation
def test_what_stays_has_probes_on_a_port_that_it_opens(values: Values) -> None:
    for pod in Helm().render(values).pods:
        if not pod.owner.startswith("Deployment/"):
            continue
        for container in pod.spec["containers"]:
            assert container.keys() >= PROBES
            ports = {port["name"] for port in container["ports"]}
            assert {container[probe]["httpGet"]["port"] for probe in PROBES} <= ports
            assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
            assert container["livenessProbe"]["httpGet"]["path"] == "/healthz", "a lost database must not restart it"


@each_installation
def test_a_server_has_time_to_drain(values: Values) -> None:
    for pod in Helm().render(values).pods:
        for container in pod.spec["containers"]:
            if container["name"] == "server":
                given = {each["name"]: each.get("value") for each in container["env"]}
                needed = float(given["OSTIARY_DRAIN_DELAY"]) + float(given["OSTIARY_DRAIN_TIMEOUT"])
                assert pod.spec["terminationGracePeriodSeconds"] > needed


def test_only_one_pod_ever_writes_an_sqlite_file() -> None:
    for name, values in INSTALLATIONS.items():
        if "sqlite" in name:
            (workload,) = Helm().render(values).of("Deployment")
            assert (workload["spec"]["replicas"], workload["spec"]["strategy"]) == (1, {"type": "Recreate"})
            assert Helm().render(values).of("HorizontalPodAutoscaler", "PodDisruptionBudget", "Job") == []


def test_the_server_reads_the_clusters_keys_by_its_own_token_and_never_by_the_operators() -> None:
    """On SQLite both are in one pod, under the operator's service account."""
    trusting: Values = {"server": {"clusterIssuer": {"enabled": True}}}
    for values, sources in ((POSTGRES, {"serviceAccountToken", "configMap"}), (SQLITE, {"configMap"})):
        assert _sources_of_the_clusters_issuer(values) == set()
        assert _sources_of_the_clusters_issuer(merged(values, trusting)) == sources


def _sources_of_the_clusters_issuer(values: Values) -> set[str]:
    (pod,) = [pod for pod in Helm().render(values).pods if pod.labels.get("ostiary.dev/server") == "true"]
    mounts = {mount["name"]: mount["mountPath"] for mount in pod.container("server")["volumeMounts"]}
    assert "/var/run/secrets/kubernetes.io/serviceaccount" not in mounts.values()
    found = [each for each in pod.spec["volumes"] if each["name"] == "cluster-issuer"]
    assert ("cluster-issuer" in mounts) is bool(found)
    variables = {each["name"] for each in pod.container("server")["env"]}
    sources = {kind for each in found for source in each["projected"]["sources"] for kind in source}
    assert ("OSTIARY_CLUSTER_TOKEN_FILE" in variables) is ("serviceAccountToken" in sources)
    return sources
