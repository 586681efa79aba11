"""What a test sees of a cluster: kubectl with an administrator's rights, and kubeconfigs for less."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tests.cluster.kubeconfig import Endpoint


class Cluster(Protocol):
    """What runs it."""

    kubectl: str
    kubeconfig: Path

    def start_api(self) -> None: ...
    def stop_api(self) -> None: ...


class KubectlFailed(Exception):
    """The message is what kubectl printed as an error."""


@dataclass(frozen=True, slots=True)
class Access:
    """A cluster's API as its administrator has it; `kubeconfig` is for clients in the test's own process."""

    executable: str
    kubeconfig: Path
    directory: Path
    cluster: Cluster | None  # None: someone's own, which tests do not stop

    def kubectl(self, *arguments: str | Path, stdin: str | None = None, kubeconfig: Path | None = None) -> str:
        """What it prints; raises KubectlFailed. It blocks: in an asyncio test call it through `asyncio.to_thread`."""
        done = subprocess.run(
            [self.executable, "--kubeconfig", kubeconfig or self.kubeconfig, *arguments],
            input=stdin or "",
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise KubectlFailed(done.stderr.strip())
        return done.stdout

    def apply(self, *objects: dict[str, Any]) -> None:
        """Create or change these; raises KubectlFailed with the API server's reason."""
        self.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))

    def get(self, resource: str, name: str, namespace: str | None = None) -> dict[str, Any]:
        """The object as stored; raises KubectlFailed where it does not exist."""
        scope = ["--namespace", namespace] if namespace else []
        found: dict[str, Any] = json.loads(self.kubectl("get", resource, name, *scope, "-o", "json"))
        return found

    def service_account(self, namespace: str, name: str) -> Path:
        """The path of a kubeconfig for this existing service account, by a token of an hour."""
        token = self.kubectl("create", "token", name, "--namespace", namespace, "--duration", "1h").strip()
        mine = json.loads(self.kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json"))
        return Endpoint.of(mine).as_bearer_of(token, self.directory / f"{namespace}.{name}.kubeconfig")

    def stop_api(self) -> None:
        """Take the API server away; `start_api` brings it back with what it stored."""
        self._own.stop_api()

    def start_api(self) -> None:
        """Bring the API server back; returns when it is ready."""
        self._own.start_api()

    @property
    def _own(self) -> Cluster:
        assert self.cluster is not None, "use the fixture stoppable_kube"
        return self.cluster
