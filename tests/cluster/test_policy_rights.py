"""An operator of a part of the cluster, which may not list what belongs to all of it."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.cluster.access import Access
from tests.cluster.operating import RBAC, Operators, application, application_of, conditions, eventually
from tests.cluster.test_policies import policy


def test_an_operator_of_some_namespaces_ignores_policies_unless_it_is_told_to_wait_for_them(
    crds: Access, tenant: str, postgresql_url: str, tmp_path: Path
) -> None:
    limited = Operators(crds, tenant, postgresql_url, tmp_path, account_of(crds, tenant), "limited")
    try:
        crds.apply(policy("nobody", {}, grantModes=[]))
        process = limited.launch(OSTIARY_POLICIES="true")
        eventually(lambda: "oauthapplicationpolicies" in process.log.read_text())
        assert process.state() == "starting"
        process.child.stop()
        limited.start(OSTIARY_LEASE_NAME="")
        crds.apply(application("free", tenant, type="Public"))
        eventually(lambda: conditions(application_of(crds, "free", tenant)).get("Synced") == ("True", "Stored"))
    finally:
        limited.stop()
        crds.kubectl("delete", "oauthapplicationpolicies", "--all")


def account_of(access: Access, tenant: str) -> Path:
    """An account that may do all that an operator does in one namespace, and nothing in the cluster."""
    access.kubectl("create", "serviceaccount", "limited", "--namespace", tenant)
    rules = [
        rule
        for each in yaml.safe_load_all(RBAC.read_text())
        if (each["kind"], each["metadata"]["name"]) == ("ClusterRole", "ostiary-operator")
        for rule in each["rules"]
        if not {"namespaces", "oauthapplicationpolicies"} & set(rule["resources"])
    ]
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "rules": rules}
    access.apply({**role, "metadata": {"name": "limited", "namespace": tenant}})
    account = f"--serviceaccount={tenant}:limited"
    access.kubectl("create", "rolebinding", "limited", "--role=limited", account, "--namespace", tenant)
    return access.service_account(tenant, "limited")
