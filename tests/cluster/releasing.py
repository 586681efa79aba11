"""An operator outside the cluster under exactly the rights that a release of the chart gives to its service account."""

from __future__ import annotations

import asyncio
import json
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cluster.access import Access
from tests.cluster.build import Programs, binaries
from tests.cluster.conftest import replica_on
from tests.cluster.operating import ROOT, Operators, Process
from tests.postgres import PostgreSQL

ON_POSTGRESQL = {"database.mode": "postgres", "database.postgres.urlSecret.name": "any"}


@dataclass
class Released:
    """One release; its operator is started by `start`."""

    release: str
    namespace: str
    operators: Operators
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def role(self) -> str:
        """The role that allows Secrets."""
        return f"{self.release}-ostiary-secrets"

    @property
    def kubeconfig(self) -> Path:
        """Of its service account."""
        return self.operators.kubeconfig

    def start(self, **settings: str) -> Process:
        """As the chart's Deployment would, with more settings."""
        self.settings = settings
        return self.operators.start(
            POD_NAMESPACE=self.namespace,
            OSTIARY_SERVICE_ACCOUNT=f"{self.release}-ostiary-operator",
            OSTIARY_SECRETS_CLUSTER_ROLE=self.role,
            **{"OSTIARY_BIND_SECRETS": "true", **settings},
        )

    def restart(self) -> None:
        """End the operator and start another."""
        self.operators.started[-1].child.stop()
        self.start(**self.settings)


@contextmanager
def released(
    crds: Access,
    postgresql_server: PostgreSQL,
    directory: Path,
    values: Mapping[str, Any] | None = None,
    watched: str | None = None,
) -> Iterator[Released]:
    """Its namespace and rights, on a database of its own; `watched`: the one namespace that it follows."""
    release = f"r{uuid.uuid4().hex[:6]}"
    namespace, account = f"{release}-system", f"{release}-ostiary-operator"
    url = postgresql_server.url(asyncio.run(postgresql_server.database()))
    crds.kubectl("create", "namespace", namespace)
    rights = _rights(release, namespace, {**ON_POSTGRESQL, **(values or {})})
    crds.kubectl("apply", "-f", "-", stdin=rights)
    kubeconfig = crds.service_account(namespace, account)
    operators = Operators(crds, watched, url, directory, kubeconfig, account)
    try:
        with replica_on(url, directory):
            try:
                yield Released(release, namespace, operators)
            finally:  # a test that failed must not leave an operator to those after it
                operators.stop()
    finally:
        crds.kubectl("delete", "-f", "-", "--wait=false", stdin=rights)
        crds.kubectl("delete", "namespace", namespace, "--wait=false")


def _rights(release: str, namespace: str, values: Mapping[str, Any]) -> str:
    """The chart's roles, bindings and the operator's account, rendered."""
    given = [word for name, value in values.items() for word in ("--set-json", f"{name}={json.dumps(value)}")]
    command: list[str | Path] = [binaries(Programs.HELM) / "helm", "template", release, ROOT / "charts" / "ostiary"]
    done = subprocess.run([*command, "--namespace", namespace, *given], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    parts = [part for part in done.stdout.split("\n---\n") if "helm.sh/hook" not in part]
    mine = ("templates/rbac/", "templates/operator/serviceaccount.yaml")
    return "\n---\n".join(part for part in parts if any(f"# Source: ostiary/{each}" in part for each in mine))
