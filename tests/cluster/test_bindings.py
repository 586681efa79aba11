"""The operator under the rights that the chart gives: bound to Secrets where an application lives, and nowhere else."""

from __future__ import annotations

import asyncio
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.access import Access, KubectlFailed
from tests.cluster.build import Programs, binaries
from tests.cluster.conftest import replica_on
from tests.cluster.operating import ROOT, Operators, application, eventually, ready_application
from tests.postgres import PostgreSQL

RELEASE = "binder"
ROLE, ACCOUNT = f"{RELEASE}-ostiary-secrets", f"{RELEASE}-ostiary-operator"
RIGHTS = ("rbac/cluster", "rbac/release", "operator/serviceaccount")


@pytest.fixture(scope="module")
def binder(
    crds: Access, postgresql_server: PostgreSQL, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Operators]:
    """An operator that follows every namespace, as the service account of a release of the chart."""
    system, directory = f"binder-{uuid.uuid4().hex[:6]}", tmp_path_factory.mktemp("binder")
    url = postgresql_server.url(asyncio.run(postgresql_server.database()))
    crds.kubectl("create", "namespace", system)
    crds.kubectl("apply", "-f", "-", stdin=_rendered(system))
    account = crds.service_account(system, ACCOUNT)
    operators = Operators(crds, None, url, directory, account, ACCOUNT)
    with replica_on(url, directory):
        operators.start(
            POD_NAMESPACE=system,
            OSTIARY_SERVICE_ACCOUNT=ACCOUNT,
            OSTIARY_SECRETS_CLUSTER_ROLE=ROLE,
            OSTIARY_BIND_SECRETS="true",
            OSTIARY_CLIENT_ID_PREFIXES="any",
        )
        yield operators
        operators.stop()
    crds.kubectl("delete", "namespace", system, "--wait=false")
    crds.kubectl("delete", "-f", "-", stdin=_rendered(system))


@pytest.mark.usefixtures("binder")
def test_a_namespace_is_bound_with_its_first_application_and_unbound_with_the_last(
    crds: Access, namespace: str
) -> None:
    assert not _is_bound(crds, namespace)
    crds.apply(application("one", namespace), application("two", namespace))
    for name in ("one", "two"):
        ready_application(crds, name, namespace)
    assert _is_bound(crds, namespace)
    assert "Forbidden" not in crds.kubectl("get", "events", "--namespace", namespace)

    crds.kubectl("delete", "oauthapplication", "one", "--namespace", namespace)
    ready_application(crds, "two", namespace)
    assert _is_bound(crds, namespace)
    crds.kubectl("delete", "oauthapplication", "two", "--namespace", namespace)
    eventually(lambda: not _is_bound(crds, namespace))


@pytest.mark.usefixtures("binder")
def test_a_public_application_needs_no_binding(crds: Access, namespace: str) -> None:
    crds.apply(application("page", namespace, type="Public"))
    ready_application(crds, "page", namespace)
    assert not _is_bound(crds, namespace)


def test_secrets_of_other_namespaces_stay_refused(crds: Access, namespace: str, binder: Operators) -> None:
    crds.apply(application("web", namespace))
    ready_application(crds, "web", namespace)
    crds.kubectl("get", "secrets", "--namespace", namespace, kubeconfig=binder.kubeconfig)
    for other in (("--namespace", "kube-system"), ("--namespace", "default"), ("--all-namespaces",)):
        with pytest.raises(KubectlFailed, match="forbidden"):
            crds.kubectl("get", "secrets", *other, kubeconfig=binder.kubeconfig)


def test_it_can_bind_no_other_role_and_touch_no_other_binding(crds: Access, namespace: str, binder: Operators) -> None:
    mine = ("--namespace", namespace, f"--serviceaccount={namespace}:default")
    for role in ("cluster-admin", "view"):
        with pytest.raises(KubectlFailed, match="forbidden"):
            crds.kubectl("create", "rolebinding", "x", f"--clusterrole={role}", *mine, kubeconfig=binder.kubeconfig)
    crds.kubectl("create", "rolebinding", "theirs", "--clusterrole=view", *mine)
    with pytest.raises(KubectlFailed, match="forbidden"):
        crds.kubectl("delete", "rolebinding", "theirs", "--namespace", namespace, kubeconfig=binder.kubeconfig)


@pytest.mark.usefixtures("binder")
def test_a_binding_that_is_somebody_elses_stays(crds: Access, namespace: str) -> None:
    account = f"--serviceaccount={namespace}:default"
    crds.kubectl("create", "rolebinding", ROLE, "--namespace", namespace, "--clusterrole=view", account)
    crds.apply(application("web", namespace))

    def told() -> str:
        found = crds.get("oauthapplication", "web", namespace).get("status", {}).get("conditions", ())
        return next((each["message"] for each in found if each["reason"] == "Forbidden"), "")

    assert f"--clusterrole={ROLE} --serviceaccount=" in eventually(told)
    crds.kubectl("delete", "oauthapplication", "web", "--namespace", namespace)
    assert crds.get("rolebinding", ROLE, namespace)["roleRef"]["name"] == "view"


def _is_bound(access: Access, namespace: str) -> bool:
    return ROLE in access.kubectl("get", "rolebindings", "--namespace", namespace, "-o", "name")


def _rendered(namespace: str) -> str:
    """The chart's rights for a release on PostgreSQL."""
    shown = [word for name in RIGHTS for word in ("--show-only", f"templates/{name}.yaml")]
    values = ["--set", "database.mode=postgres,database.postgres.urlSecret.name=any"]
    command: list[str | Path] = [binaries(Programs.HELM) / "helm", "template", RELEASE, ROOT / "charts" / "ostiary"]
    done = subprocess.run(
        [*command, "--namespace", namespace, *shown, *values], capture_output=True, text=True, check=True
    )
    return done.stdout
