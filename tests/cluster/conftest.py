"""Fixtures of the tests that run an operator: its rights, its database, and a replica that reports."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.access import Access
from tests.cluster.operating import ACCOUNT, RBAC, SYSTEM, Operators, Stored
from tests.postgres import PostgreSQL
from tests.processes import Child


@pytest.fixture(scope="session")
def account(crds: Access) -> Path:
    """A kubeconfig of the operator's service account, with the rights of the documented example."""
    crds.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}})
    crds.kubectl("apply", "-f", RBAC)
    return crds.service_account(SYSTEM, ACCOUNT)


@pytest.fixture(scope="module")
def everywhere(
    crds: Access, account: Path, postgresql_server: PostgreSQL, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Operators]:
    """One operator that follows every namespace, for the tests that neither stop nor configure it."""
    directory = tmp_path_factory.mktemp("everywhere")
    with following_all(crds, account, postgresql_server, directory, OSTIARY_LOG_LEVEL="debug") as operators:
        yield operators


@pytest.fixture
def tenant(crds: Access, namespace: str) -> str:
    """A namespace whose Secrets the operator may use."""
    bound = ("--clusterrole=ostiary-secrets", f"--serviceaccount={SYSTEM}:{ACCOUNT}")
    crds.kubectl("create", "rolebinding", "ostiary-secrets", "--namespace", namespace, *bound)
    return namespace


@pytest.fixture
def stored(everywhere: Operators) -> Stored:
    """What the operator everywhere has written."""
    return Stored(everywhere.database_url)


@pytest.fixture
def operators(crds: Access, account: Path, tenant: str, postgresql_url: str, tmp_path: Path) -> Iterator[Operators]:
    """Operators of a test's own, which follow its namespace only."""
    made = Operators(crds, tenant, postgresql_url, tmp_path, account, f"operator-{tenant}")
    with replica_on(postgresql_url, tmp_path):
        yield made
        made.stop()


@contextlib.contextmanager
def following_all(
    crds: Access, account: Path, postgresql_server: PostgreSQL, directory: Path, **settings: str
) -> Iterator[Operators]:
    """One operator that follows every namespace, on a database of its own, with these settings."""
    url = postgresql_server.url(asyncio.run(postgresql_server.database()))
    operators = Operators(crds, None, url, directory, account, f"operator-{directory.name}")
    with replica_on(url, directory):
        operators.start(**settings)
        yield operators
        operators.stop()


@contextlib.contextmanager
def replica_on(url: str, directory: Path) -> Iterator[None]:
    """A live replica that has applied everything."""
    child = Child([sys.executable, "-m", "tests.cluster.replica", url], directory / "replica.log")
    child.start()
    try:
        yield
    finally:
        child.stop()
