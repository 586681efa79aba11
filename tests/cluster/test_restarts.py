"""Workloads are rolled for a new secret, one after the other, by an operator with the rights that the chart gives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster.access import Access, KubectlFailed
from tests.cluster.operating import application, application_of, conditions, eventually, ready_application
from tests.cluster.releasing import Released, released
from tests.postgres import PostgreSQL


@pytest.fixture(scope="module")
def binder(crds: Access, postgresql_server: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Released]:
    """It may bind itself to workloads."""
    values = {"rbac.restartWorkloads": True}
    with released(crds, postgresql_server, tmp_path_factory.mktemp("restarts"), values) as made:
        made.start(OSTIARY_RESTARTS_CLUSTER_ROLE=restarts_role(made))
        yield made


def restarts_role(made: Released) -> str:
    return f"{made.release}-ostiary-restarts"


def workload(kind: str, name: str, namespace: str, replicas: int) -> dict[str, Any]:
    """Nothing runs it here: with no replica it is up at once, with one it never is."""
    labels = {"app": name}
    spec: dict[str, Any] = {
        "replicas": replicas,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": "example/web"}]}},
    }
    if kind == "StatefulSet":
        spec["serviceName"] = name
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": spec}


def marks(crds: Access, kind: str, name: str, namespace: str) -> list[str]:
    """Which secrets it was rolled for."""
    template = crds.get(kind, name, namespace)["spec"]["template"]["metadata"]
    found = [value for key, value in template.get("annotations", {}).items() if key.startswith("ostiary.dev/secret-")]
    return [value.partition(" of ")[0] for value in found]


def restarted(crds: Access, namespace: str) -> tuple[str, str] | None:
    return conditions(application_of(crds, "web", namespace)).get("WorkloadsRestarted")


def test_each_workload_is_rolled_when_the_one_before_it_is_up(crds: Access, namespace: str, binder: Released) -> None:
    crds.apply(workload("Deployment", "front", namespace, 1), workload("StatefulSet", "back", namespace, 0))
    eventually(lambda: crds.get("deployment", "front", namespace).get("status", {}).get("observedGeneration"))
    restart = [{"name": "front"}, {"kind": "StatefulSet", "name": "back"}]
    crds.apply(application("web", namespace, rotation={"restart": restart}))
    ready_application(crds, "web", namespace)
    assert restarted(crds, namespace) is None

    crds.kubectl("annotate", "oauthapplication", "web", "ostiary.dev/rotate=now", "--namespace", namespace)
    eventually(lambda: marks(crds, "deployment", "front", namespace) == ["web/2"])
    eventually(lambda: restarted(crds, namespace) == ("False", "Restarting"))
    assert is_bound(crds, namespace, binder)
    assert marks(crds, "statefulset", "back", namespace) == []

    crds.kubectl("scale", "deployment", "front", "--replicas=0", "--namespace", namespace)
    eventually(lambda: marks(crds, "statefulset", "back", namespace) == ["web/2"])
    eventually(lambda: restarted(crds, namespace) == ("True", "Restarted"))
    before = crds.get("statefulset", "back", namespace)["metadata"]["generation"]

    crds.kubectl("annotate", "oauthapplication", "web", "ostiary.dev/revoke-up-to=1", "--namespace", namespace)
    eventually(lambda: not is_bound(crds, namespace, binder))
    assert crds.get("statefulset", "back", namespace)["metadata"]["generation"] == before


def test_a_workload_that_is_not_there_is_named(crds: Access, namespace: str, binder: Released) -> None:  # noqa: ARG001
    crds.apply(application("web", namespace, rotation={"restart": [{"name": "front"}]}))
    ready_application(crds, "web", namespace)
    crds.kubectl("annotate", "oauthapplication", "web", "ostiary.dev/rotate=now", "--namespace", namespace)
    eventually(lambda: restarted(crds, namespace) == ("False", "WorkloadNotFound"))
    assert conditions(application_of(crds, "web", namespace))["Ready"] == ("True", "Ready")


def test_nothing_but_what_is_listed_can_be_changed(crds: Access, namespace: str, binder: Released) -> None:
    crds.apply(workload("Deployment", "other", namespace, 0))
    with pytest.raises(KubectlFailed, match="forbidden"):
        crds.kubectl("scale", "deployment", "other", "--replicas=1", "-n", namespace, kubeconfig=binder.kubeconfig)
    role, account = restarts_role(binder), f"{binder.namespace}:{binder.release}-ostiary-operator"
    for where, subject, message in (
        (namespace, "--user=mallory", "to itself"),
        ("kube-system", f"--serviceaccount={account}", "kube-system"),
    ):
        command = ("create", "rolebinding", role, f"--clusterrole={role}", subject, "--namespace", where)
        with pytest.raises(KubectlFailed, match=message):
            crds.kubectl(*command, kubeconfig=binder.kubeconfig)


def is_bound(access: Access, namespace: str, made: Released) -> bool:
    return restarts_role(made) in access.kubectl("get", "rolebindings", "--namespace", namespace, "-o", "name")
