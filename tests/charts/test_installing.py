"""Helm installs, upgrades and uninstalls on a real API server; hooks are left out, since nothing runs pods here."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass

import pytest

from tests.charts.installations import EVERYTHING, POSTGRES
from tests.charts.overlays import Values, merged
from tests.charts.rendering import CHART, program
from tests.cluster.access import Access
from tests.cluster.build import Programs

NAMESPACED = (
    "deployments.apps,services,serviceaccounts,poddisruptionbudgets.policy,networkpolicies.networking.k8s.io,"
    "ingresses.networking.k8s.io,horizontalpodautoscalers.autoscaling,roles.rbac.authorization.k8s.io,"
    "rolebindings.rbac.authorization.k8s.io,persistentvolumeclaims"
)
CLUSTER = "clusterroles.rbac.authorization.k8s.io,clusterrolebindings.rbac.authorization.k8s.io"

each_helm = pytest.mark.parametrize("programs", [Programs.HELM, Programs.HELM_3], ids=["helm 4", "helm 3"])


@dataclass(frozen=True, slots=True)
class Release:
    """One on a cluster, of a name that no other has."""

    kube: Access
    programs: Programs
    name: str
    namespace: str

    def helm(self, *command: str, values: Values | None = None) -> str:
        """What it prints; the tests end where it fails."""
        done = subprocess.run(
            [program(self.programs), *command, "--namespace", self.namespace],
            input=json.dumps(values or {}),
            env={**os.environ, "KUBECONFIG": str(self.kube.kubeconfig)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def change(self, values: Values) -> str:
        """Install or upgrade; the definitions may be there already, from elsewhere."""
        options = ("--install", "--no-hooks", "--take-ownership", "--values", "-")
        return self.helm("upgrade", self.name, str(CHART), *options, values=values)

    def objects(self) -> set[str]:
        """Kind and name of all that has its label, but definitions."""
        label = ("-l", f"app.kubernetes.io/instance={self.name}", "-o", "name")
        namespaced = self.kube.kubectl("get", NAMESPACED, "-n", self.namespace, *label)
        return {*namespaced.split(), *self.kube.kubectl("get", CLUSTER, *label).split()}


@each_helm
def test_a_release_is_installed_changed_and_uninstalled_but_for_what_is_kept(
    crds: Access, namespace: str, programs: Programs
) -> None:
    release = Release(crds, programs, f"r{namespace.removeprefix('test-')}", namespace)
    prefix = f"{release.name}-ostiary"
    claim = f"persistentvolumeclaim/{prefix}-data"

    told = release.change({})
    assert "one pod on SQLite" in told
    assert f"the Secret {prefix}-keys" in told
    assert {f"deployment.apps/{prefix}", claim} <= release.objects()

    assert "on PostgreSQL" in release.change(POSTGRES)
    objects = release.objects()
    assert f"deployment.apps/{prefix}" not in objects
    assert {f"deployment.apps/{prefix}-server", f"deployment.apps/{prefix}-operator", claim} <= objects

    release.change(merged(EVERYTHING, {"exposure": {"kind": "Ingress"}}))
    assert f"ingress.networking.k8s.io/{prefix}-issuer" in release.objects()

    release.helm("uninstall", release.name, "--no-hooks")
    assert release.objects() == {claim}
    assert "oauthapplications.ostiary.dev" in crds.kubectl("get", "customresourcedefinitions", "-o", "name")


def test_an_upgrade_to_the_same_values_changes_nothing(crds: Access, namespace: str) -> None:
    release = Release(crds, Programs.HELM, f"r{namespace.removeprefix('test-')}", namespace)

    def generations() -> str:
        return crds.kubectl(
            "get", "deployments.apps", "-n", namespace, "-o", "jsonpath={.items[*].metadata.generation}"
        )

    release.change(POSTGRES)
    before = generations()
    release.change(POSTGRES)
    assert generations() == before == "1 1"
    release.helm("uninstall", release.name, "--no-hooks")
