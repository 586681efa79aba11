"""The cluster that the other tests stand on behaves like one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cluster.access import Access, KubectlFailed
from tests.cluster.kubeconfig import Endpoint


def test_the_api_server_says_which_kubernetes_it_is(kube: Access) -> None:
    version = json.loads(kube.kubectl("version", "-o", "json"))["serverVersion"]
    assert (int(version["major"]), int(version["minor"].rstrip("+"))) >= (1, 30)


def test_a_service_account_may_do_what_it_was_granted_and_nothing_else(kube: Access, namespace: str) -> None:
    kube.kubectl("create", "serviceaccount", "reader", "-n", namespace)
    kube.kubectl("create", "role", "reader", "--verb=list", "--resource=configmaps", "-n", namespace)
    kube.kubectl(
        "create", "rolebinding", "reader", "--role=reader", f"--serviceaccount={namespace}:reader", "-n", namespace
    )
    reader = kube.service_account(namespace, "reader")

    kube.kubectl("get", "configmaps", "-n", namespace, kubeconfig=reader)
    with pytest.raises(KubectlFailed, match="Forbidden"):
        kube.kubectl("get", "secrets", "-n", namespace, kubeconfig=reader)


def test_a_token_that_nobody_issued_is_refused(kube: Access, tmp_path: Path) -> None:
    mine = json.loads(kube.kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json"))
    stranger = Endpoint.of(mine).as_bearer_of("made-up", tmp_path / "stranger.kubeconfig")
    with pytest.raises(KubectlFailed, match=r"logged in|Unauthorized"):
        kube.kubectl("get", "namespaces", kubeconfig=stranger)


def test_what_an_object_owns_goes_with_it(kube: Access, namespace: str) -> None:
    def config_map(name: str, **metadata: object) -> dict[str, object]:
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace, **metadata}}

    kube.apply(config_map("owner"))
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner"}
    owner["uid"] = kube.get("configmap", "owner", namespace)["metadata"]["uid"]
    kube.apply(config_map("owned", ownerReferences=[owner]))

    kube.kubectl("delete", "configmap", "owner", "-n", namespace)
    kube.kubectl("wait", "--for=delete", "configmap/owned", "-n", namespace, "--timeout=60s")


def test_what_was_stored_is_there_after_an_outage(stoppable_kube: Access) -> None:
    stoppable_kube.kubectl("create", "namespace", "before-the-outage")
    stoppable_kube.stop_api()
    try:
        with pytest.raises(KubectlFailed, match=r"refused|EOF"):
            stoppable_kube.kubectl("get", "namespace", "before-the-outage")
    finally:
        stoppable_kube.start_api()
    assert stoppable_kube.get("namespace", "before-the-outage")["status"]["phase"] == "Active"
    stoppable_kube.kubectl("delete", "namespace", "before-the-outage", "--wait=false")
