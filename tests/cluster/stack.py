"""The whole product on a cluster: PostgreSQL, one operator under its documented rights, one server replica."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.cluster.access import Access
from tests.cluster.operating import ACCOUNT, ISSUER, RBAC, SYSTEM, Operators, Process
from tests.processes import Child, free_port
from tests.server_process import answers, server_command


@dataclass(frozen=True, slots=True)
class Stack:
    """What a test or a benchmark drives."""

    access: Access
    operator: Process
    server: Child
    port: int  # of the server, on loopback
    database_url: str

    def client(self, origin: str = ISSUER) -> httpx.Client:
        """Requests to an issuer, as a proxy that ends TLS would pass them on."""
        headers = {"host": origin.partition("://")[2]}
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}", headers=headers)

    def may_keep_secrets_in(self, namespace: str) -> None:
        """The namespace's owner lets the operator work with its labelled Secrets."""
        bound = ("--clusterrole=ostiary-secrets", f"--serviceaccount={SYSTEM}:{ACCOUNT}")
        self.access.kubectl("create", "rolebinding", "ostiary-secrets", "--namespace", namespace, *bound)


@contextmanager
def stack(
    access: Access, database_url: str, directory: Path, *, of_server: Mapping[str, str] | None = None, **settings: str
) -> Iterator[Stack]:
    """Start operator and server over a migrated database; the CRDs are served already. `settings`: the operator's."""
    access.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}})
    access.kubectl("apply", "-f", RBAC)
    account = access.service_account(SYSTEM, ACCOUNT)
    port = free_port()
    server = Child(server_command(database_url, port, **(of_server or {})), directory / "server.log")
    server.start()
    operators = Operators(access, None, database_url, directory, account, "operator-stack")
    try:
        server.wait_until(lambda: answers(f"http://127.0.0.1:{port}/readyz"), within_s=30)
        operator = operators.start(**{"OSTIARY_SERVER_URL": f"http://127.0.0.1:{port}", **settings})
        yield Stack(access, operator, server, port, database_url)
        operators.stop()
    finally:
        server.stop()
