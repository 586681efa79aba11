"""What the chart's service accounts may do, and what not, asked of a real API server with their own tokens."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.charts.account_rights import (
    BOUND,
    HOME,
    KINDS,
    LEASE,
    MIGRATION,
    NOBODY_MAY,
    OPERATOR,
    POLICED,
    POLICIES,
    READ,
    SECRETS,
    SINGLE,
    SMOKE,
    STATUSES,
    STRANGER,
    SYSTEM,
    TENANT,
    UNPOLICED,
    WATCHER,
    WRITE,
)
from tests.charts.installations import POSTGRES
from tests.charts.overlays import merged
from tests.charts.rendering import Helm
from tests.charts.rights import EVERYWHERE, Right, may, may_not, wrong
from tests.cluster.access import Access, KubectlFailed

NOBODY_POLICES = may_not(WRITE, POLICIES, EVERYWHERE)  # a tenant who may do all in a namespace bounds nobody
RBAC = ("ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")


@dataclass(frozen=True, slots=True)
class Installed:
    """The chart's rights, without its pods."""

    kube: Access
    namespaces: dict[str, str]

    def as_account(self, name: str) -> Path:
        """A kubeconfig with an account's own token."""
        return self.kube.service_account(self.namespaces[HOME], name)

    def wrong(self, account: str, rights: list[Right]) -> list[str]:
        """Rows that are not so."""
        return wrong(self.kube, self.as_account(account), rights, self.namespaces)

    def rules(self, account: str) -> list[str]:
        """All that the authorizer knows of an account's rights at home."""
        spec = {"namespace": self.namespaces[HOME]}
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": spec}
        told = self.kube.kubectl(
            *("create", "--validate=false", "-o", "json", "-f", "-"),
            stdin=json.dumps(review),
            kubeconfig=self.as_account(account),
        )
        return sorted(json.dumps(rule) for rule in json.loads(told)["status"]["resourceRules"])

    def bind(self, kubeconfig: Path, place: str, name: str, role: str, kind: str = "clusterrole") -> str:
        """Have the bearer bind the operator to a role."""
        account = f"--serviceaccount={self.namespaces[HOME]}:rights-ostiary-operator"
        return self.kube.kubectl(
            *("create", "rolebinding", name, f"--{kind}={role}", account, "-n", self.namespaces[place]),
            kubeconfig=kubeconfig,
        )


@pytest.fixture(scope="module")
def namespaces(crds: Access) -> Iterator[dict[str, str]]:
    """Each part's own."""
    made = {part: f"{part}-{uuid.uuid4().hex[:8]}" for part in (HOME, TENANT, STRANGER)}
    for name in made.values():
        crds.kubectl("create", "namespace", name)
    yield {**made, SYSTEM: SYSTEM}
    crds.kubectl("delete", "namespace", "--wait=false", *made.values())


@pytest.fixture(scope="module")
def installed(crds: Access, namespaces: dict[str, str]) -> Iterator[Installed]:
    """Releases beside each other: one that follows every namespace, one that follows the tenant's, one on SQLite."""
    everywhere = Helm(release="rights", namespace=namespaces[HOME])
    watching = Helm(release="watching", namespace=namespaces[HOME])
    single = Helm(release="single", namespace=namespaces[HOME])
    exposed = {"exposure": {"kind": "Ingress"}}
    objects = json.dumps(
        {
            "apiVersion": "v1",
            "kind": "List",
            "items": [
                *everywhere.render(merged(POSTGRES, exposed)).of(*RBAC),
                *watching.render(merged(POSTGRES, {"watchNamespaces": [namespaces[TENANT]]})).of(*RBAC),
                *single.render({}).of(*RBAC),
            ],
        }
    )
    crds.kubectl("apply", "-f", "-", stdin=objects)
    yield Installed(crds, namespaces)
    crds.kubectl("delete", "--wait=false", "--ignore-not-found", "-f", "-", stdin=objects)


@pytest.mark.parametrize(
    ("account", "rights"),
    [
        ("rights-ostiary-operator", [*OPERATOR, *POLICED]),
        ("rights-ostiary-migrate", [*MIGRATION, *UNPOLICED]),
        ("rights-ostiary-test", [*SMOKE, *UNPOLICED]),
        ("watching-ostiary-operator", [*WATCHER, *UNPOLICED]),
        ("single-ostiary-operator", [*SINGLE, *POLICED]),
    ],
)
def test_an_account_may_do_what_it_needs_and_nothing_else(
    installed: Installed, account: str, rights: list[Right]
) -> None:
    assert installed.wrong(account, rights) == []
    assert installed.wrong(account, NOBODY_MAY) == []


def test_a_row_that_is_not_so_is_noticed(installed: Installed) -> None:
    rows = [
        *may_not("list", "oauthusers.ostiary.dev", TENANT),
        *may_not("get, update", "leases.coordination.k8s.io", HOME, LEASE),
    ]
    assert installed.wrong("rights-ostiary-operator", rows) == [f"not so: {row}" for row in rows]


def test_the_servers_account_may_do_no_more_than_one_without_any_rights(installed: Installed) -> None:
    assert installed.rules("rights-ostiary-server") == installed.rules("default")
    assert installed.rules("rights-ostiary-migrate") != installed.rules("default")


def test_the_operator_opens_a_namespaces_secrets_to_itself_and_closes_them_again(installed: Installed) -> None:
    operator = installed.as_account("rights-ostiary-operator")
    closed = may_not("get, list", "secrets", TENANT)
    assert installed.wrong("rights-ostiary-operator", closed) == []

    installed.bind(operator, TENANT, SECRETS, SECRETS)
    assert installed.wrong("rights-ostiary-operator", BOUND) == []
    assert installed.wrong("rights-ostiary-operator", may_not("get, list", "secrets", STRANGER)) == []

    installed.kube.kubectl("delete", "rolebinding", SECRETS, "-n", installed.namespaces[TENANT], kubeconfig=operator)


@pytest.mark.parametrize("role", ["cluster-admin", "admin", "edit", "view", "system:kube-controller-manager"])
def test_the_operator_can_bind_no_other_role(installed: Installed, role: str) -> None:
    operator = installed.as_account("rights-ostiary-operator")
    with pytest.raises(KubectlFailed, match="attempting to grant RBAC permissions not currently held"):
        installed.bind(operator, TENANT, f"binding-{uuid.uuid4().hex[:6]}", role)


def test_the_operator_cannot_bind_a_role_of_a_namespace(installed: Installed) -> None:
    tenant = installed.namespaces[TENANT]
    installed.kube.kubectl("create", "role", "pods", "--verb=delete", "--resource=pods", "-n", tenant)
    with pytest.raises(KubectlFailed, match="not currently held"):
        installed.bind(installed.as_account("rights-ostiary-operator"), TENANT, "pods", "pods", kind="role")


def test_the_operator_cannot_touch_bindings_of_others(installed: Installed) -> None:
    tenant, operator = installed.namespaces[TENANT], installed.as_account("rights-ostiary-operator")
    installed.kube.kubectl("create", "rolebinding", "people", "--clusterrole=view", "--user=ada", "-n", tenant)
    for command in (
        ("delete", "rolebinding", "people"),
        ("delete", "rolebindings", "--all"),
        ("patch", "rolebinding", "people", "-p", '{"subjects": []}'),
    ):
        with pytest.raises(KubectlFailed, match="Forbidden"):
            installed.kube.kubectl(*command, "-n", tenant, kubeconfig=operator)


def test_a_release_that_follows_a_list_has_no_right_in_the_whole_cluster(installed: Installed) -> None:
    rendered = Helm(release="watching", namespace=installed.namespaces[HOME]).render(
        merged(POSTGRES, {"watchNamespaces": [installed.namespaces[TENANT]]})
    )
    assert rendered.of("ClusterRole", "ClusterRoleBinding") == []
    assert {each["metadata"]["namespace"] for each in rendered.of("Role", "RoleBinding")} == {
        installed.namespaces[HOME],
        installed.namespaces[TENANT],
    }


def test_a_release_that_follows_a_list_may_be_given_policies_and_nothing_else_of_the_cluster(
    installed: Installed,
) -> None:
    values = {"watchNamespaces": [installed.namespaces[TENANT]], "policies": {"enabled": True}}
    rendered = Helm(release="policed", namespace=installed.namespaces[HOME]).render(merged(POSTGRES, values))
    (role,) = rendered.of("ClusterRole")
    assert {resource for rule in role["rules"] for resource in rule["resources"]} == {
        "oauthapplicationpolicies",
        "oauthapplicationpolicies/status",
        "namespaces",
    }
    assert rendered.of("ValidatingAdmissionPolicy") == []


@pytest.mark.parametrize(
    ("role", "rights"),
    [
        ("view", [*may(READ, KINDS, TENANT), *may_not(f"{WRITE}, deletecollection", KINDS, TENANT)]),
        ("edit", [*may(f"{READ}, {WRITE}", KINDS, TENANT), *may_not("update, patch", STATUSES, TENANT)]),
        ("admin", [*may(f"{READ}, {WRITE}", KINDS, TENANT), *may_not("get", KINDS, STRANGER), *NOBODY_POLICES]),
    ],
)
def test_whoever_may_edit_a_namespace_may_edit_its_applications(
    installed: Installed, role: str, rights: list[Right]
) -> None:
    home, tenant = installed.namespaces[HOME], installed.namespaces[TENANT]
    installed.kube.kubectl("create", "serviceaccount", f"person-{role}", "-n", home)
    installed.kube.kubectl(
        *("create", "rolebinding", f"person-{role}", f"--clusterrole={role}", "-n", tenant),
        f"--serviceaccount={home}:person-{role}",
    )
    assert installed.wrong(f"person-{role}", rights) == []
