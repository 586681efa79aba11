"""The operator under the rights that the chart gives: bound to Secrets where an application lives, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cluster.access import Access, KubectlFailed
from tests.cluster.operating import application, eventually, ready_application
from tests.cluster.releasing import Released, released
from tests.postgres import PostgreSQL


@pytest.fixture(scope="module")
def binder(crds: Access, postgresql_server: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Released]:
    """An operator that follows every namespace."""
    with released(crds, postgresql_server, tmp_path_factory.mktemp("binder")) as made:
        made.start()
        yield made


def test_a_namespace_is_bound_with_its_first_application_and_unbound_with_the_last(
    crds: Access, namespace: str, binder: Released
) -> None:
    assert not is_bound(crds, namespace, binder)
    crds.apply(application("one", namespace), application("two", namespace))
    for name in ("one", "two"):
        ready_application(crds, name, namespace)
    assert is_bound(crds, namespace, binder)
    assert "Forbidden" not in crds.kubectl("get", "events", "--namespace", namespace)

    crds.kubectl("delete", "oauthapplication", "one", "--namespace", namespace)
    ready_application(crds, "two", namespace)
    assert is_bound(crds, namespace, binder)
    crds.kubectl("delete", "oauthapplication", "two", "--namespace", namespace)
    eventually(lambda: not is_bound(crds, namespace, binder))


def test_a_public_application_needs_no_binding(crds: Access, namespace: str, binder: Released) -> None:
    crds.apply(application("page", namespace, type="Public"))
    ready_application(crds, "page", namespace)
    assert not is_bound(crds, namespace, binder)


def test_secrets_of_other_namespaces_stay_refused(crds: Access, namespace: str, binder: Released) -> None:
    crds.apply(application("web", namespace))
    ready_application(crds, "web", namespace)
    crds.kubectl("get", "secrets", "--namespace", namespace, kubeconfig=binder.kubeconfig)
    for other in (("--namespace", "kube-system"), ("--namespace", "default"), ("--all-namespaces",)):
        with pytest.raises(KubectlFailed, match="forbidden"):
            crds.kubectl("get", "secrets", *other, kubeconfig=binder.kubeconfig)


def test_it_can_bind_no_other_role_and_touch_no_other_binding(crds: Access, namespace: str, binder: Released) -> None:
    mine = ("--namespace", namespace, f"--serviceaccount={namespace}:default")
    for role in ("cluster-admin", "view"):
        with pytest.raises(KubectlFailed, match="forbidden"):
            crds.kubectl("create", "rolebinding", "x", f"--clusterrole={role}", *mine, kubeconfig=binder.kubeconfig)
    crds.kubectl("create", "rolebinding", "theirs", "--clusterrole=view", *mine)
    with pytest.raises(KubectlFailed, match="forbidden"):
        crds.kubectl("delete", "rolebinding", "theirs", "--namespace", namespace, kubeconfig=binder.kubeconfig)


def test_it_can_give_secrets_to_nobody_else_and_not_take_those_of_the_cluster(
    crds: Access, namespace: str, binder: Released
) -> None:
    role, account = binder.role, f"{binder.namespace}:{binder.release}-ostiary-operator"
    create = ("create", "rolebinding", role, f"--clusterrole={role}")
    attempts = (
        (namespace, "--user=mallory", "to itself"),
        (namespace, f"--serviceaccount={namespace}:default", "to itself"),
        ("kube-system", f"--serviceaccount={account}", "kube-system"),
    )
    for where, subject, message in attempts:
        with pytest.raises(KubectlFailed, match=message):
            crds.kubectl(*create, "--namespace", where, subject, kubeconfig=binder.kubeconfig)
    crds.kubectl(*create, "--namespace", namespace, f"--serviceaccount={account}", kubeconfig=binder.kubeconfig)


def test_a_binding_that_is_somebody_elses_stays(crds: Access, namespace: str, binder: Released) -> None:
    account = f"--serviceaccount={namespace}:default"
    crds.kubectl("create", "rolebinding", binder.role, "--namespace", namespace, "--clusterrole=view", account)
    crds.apply(application("web", namespace))

    def told() -> str:
        found = crds.get("oauthapplication", "web", namespace).get("status", {}).get("conditions", ())
        return next((each["message"] for each in found if each["reason"] == "Forbidden"), "")

    assert f"--clusterrole={binder.role} --serviceaccount=" in eventually(told)
    crds.kubectl("delete", "oauthapplication", "web", "--namespace", namespace)
    assert crds.get("rolebinding", binder.role, namespace)["roleRef"]["name"] == "view"


def is_bound(access: Access, namespace: str, made: Released) -> bool:
    """Whether there is a binding of the release's name."""
    return made.role in access.kubectl("get", "rolebindings", "--namespace", namespace, "-o", "name")


def test_a_binding_that_somebody_takes_away_is_back_with_the_next_application(
    crds: Access, namespace: str, binder: Released
) -> None:
    crds.apply(application("one", namespace))
    ready_application(crds, "one", namespace)
    crds.kubectl("delete", "rolebinding", binder.role, "--namespace", namespace)
    crds.apply(application("two", namespace))
    ready_application(crds, "two", namespace)
    assert is_bound(crds, namespace, binder)
