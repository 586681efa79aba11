"""Fixtures of the tests that run an operator: its rights, its database, and a replica that reports."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cluster.access import Access
from tests.cluster.operating import ACCOUNT, RBAC, SYSTEM, Operators, Stored
from tests.processes import Child


@pytest.fixture(scope="session")
def account(crds: Access) -> Path:
    """A kubeconfig of the operator's service account, with the rights of the documented example."""
    crds.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}})
    crds.kubectl("apply", "-f", RBAC)
    return crds.service_account(SYSTEM, ACCOUNT)


@pytest.fixture
def replica(postgresql_url: str, tmp_path: Path) -> Iterator[Child]:
    """A live replica that has applied everything."""
    child = Child([sys.executable, "-m", "tests.cluster.replica", postgresql_url], tmp_path / "replica.log")
    child.start()
    yield child
    child.stop()


@pytest.fixture
def stored(postgresql_url: str) -> Stored:
    """What the operators of this test have written."""
    return Stored(postgresql_url)


@pytest.fixture
def operators_of(
    crds: Access,
    account: Path,
    postgresql_url: str,
    replica: Child,  # noqa: ARG001 - without one nothing is ever served
    tmp_path: Path,
) -> Iterator[Callable[[str], Operators]]:
    """Operators that follow one namespace."""
    made: list[Operators] = []

    def make(namespace: str) -> Operators:
        made.append(Operators(crds, namespace, postgresql_url, tmp_path, account, f"operator-{namespace}"))
        return made[-1]

    yield make
    for operators in made:
        operators.stop()


@pytest.fixture
def unbound_namespace(namespace: str) -> str:
    """One whose Secrets the operator may not read."""
    return namespace


@pytest.fixture
def operators(crds: Access, namespace: str, operators_of: Callable[[str], Operators]) -> Operators:
    """Operators that follow this test's namespace and may use its Secrets."""
    bound = ("--clusterrole=ostiary-secrets", f"--serviceaccount={SYSTEM}:{ACCOUNT}")
    crds.kubectl("create", "rolebinding", "ostiary-secrets", "--namespace", namespace, *bound)
    return operators_of(namespace)
