"""The operator as it runs in a cluster: a process under its own service account, and what it wrote where."""

from __future__ import annotations

import asyncio
import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ostiary_state.intent import StoredApplication, StoredUser
from ostiary_state.store.engine import open_database
from ostiary_state.store.intent import IntentRepository
from tests.cluster.access import Access, KubectlFailed
from tests.processes import Child, free_port

ROOT = Path(__file__).parents[2]
RBAC = ROOT / "docs" / "examples" / "rbac.yaml"
SYSTEM, ACCOUNT = "ostiary-system", "ostiary-operator"
ISSUER = "https://login.example.com"

Result = TypeVar("Result")


def eventually(look: Callable[[], Result], *, within: float = 20.0) -> Result:
    """The first truthy answer; an AssertionError or KubectlFailed counts as not yet."""
    deadline = time.monotonic() + within
    while True:
        try:
            if found := look():
                return found
            problem: object = f"it answers {found!r}"
        except (AssertionError, KubectlFailed) as error:
            problem = error
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:.0f} s: {problem}")
        pause()


def pause() -> None:
    """Between two looks."""
    time.sleep(0.05)


@dataclass
class Process:
    """One operator."""

    child: Child
    log: Path
    port: int

    def state(self) -> str:
        """As its probe tells it; empty while nothing answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2) as answer:
                return str(json.load(answer)["state"])
        except (urllib.error.URLError, OSError):
            return ""

    def metric(self, sample: str) -> float:
        """The value of a sample, labels included in its name; 0 where it is not there."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
            for line in answer.read().decode().splitlines():
                name, _, value = line.rpartition(" ")
                if name == sample:
                    return float(value)
        return 0.0


@dataclass
class Operators:
    """Starts operators for one namespace on one database."""

    access: Access
    namespace: str
    database_url: str
    directory: Path
    kubeconfig: Path
    lease: str
    started: list[Process] = field(default_factory=list)

    def start(self, **settings: str) -> Process:
        """Returns when it stands by or leads."""
        process = self.launch(**settings)
        process.child.wait_until(lambda: process.state() in ("standby", "leading"), 30)
        return process

    def launch(self, **settings: str) -> Process:
        """Returns at once."""
        port, number = free_port(), len(self.started)
        environment = {
            "KUBECONFIG": str(self.kubeconfig),
            "POD_NAMESPACE": SYSTEM,
            "OSTIARY_DATABASE_URL": self.database_url,
            "OSTIARY_DEFAULT_ISSUER": ISSUER,
            "OSTIARY_WATCH_NAMESPACES": self.namespace,
            "OSTIARY_USER_NAMESPACES": self.namespace,
            "OSTIARY_LEASE_NAME": self.lease,
            "OSTIARY_PROBE_PORT": str(port),
            **settings,
        }
        log = self.directory / f"operator-{number}.log"
        command = ["env", *(f"{name}={value}" for name, value in environment.items())]
        process = Process(Child([*command, sys.executable, "-m", "ostiary_operator"], log), log, port)
        process.child.start()
        self.started.append(process)
        return process

    def logs(self) -> str:
        """Everything that was printed."""
        return "".join(process.log.read_text() for process in self.started)

    def stop(self) -> None:
        """End all, after letting one finish what tests left, so that the namespace can go."""
        live = [process for process in self.started if process.state()]
        verbs = ["delete", "oauthapplications,oauthusers", "--all", "--namespace", self.namespace]
        if live:
            try:
                self.access.kubectl(*verbs, "--timeout=20s")
            except KubectlFailed:
                live = []
        for process in self.started:
            process.child.stop()
        if not live:
            self._strip()

    def _strip(self) -> None:
        for resource in ("oauthapplications", "oauthusers"):
            names = self.access.kubectl("get", resource, "--namespace", self.namespace, "-o", "name").split()
            for name in names:
                patch = '{"metadata": {"finalizers": null}}'
                scope = ("--namespace", self.namespace)
                self.access.kubectl("patch", name, *scope, "--type=merge", "-p", patch)


@dataclass(frozen=True)
class Stored:
    """The rows of a database, read as the operator reads them."""

    url: str

    def application(self, row_id: str) -> StoredApplication | None:
        """The live row."""
        return asyncio.run(self._read(lambda store: store.application(row_id)))

    def user(self, row_id: str) -> StoredUser | None:
        """The live row."""
        return asyncio.run(self._read(lambda store: store.user(row_id)))

    async def _read(self, ask: Callable[[IntentRepository], Any]) -> Any:
        database = open_database(self.url)
        try:
            return await ask(IntentRepository(database))
        finally:
            await database.close()


def application(name: str, namespace: str, **spec: Any) -> dict[str, Any]:
    """A manifest."""
    spec = {"callbackURLs": [f"https://{name}.example.com/callback"], **spec}
    return _manifest("OAuthApplication", name, namespace, spec)


def user(name: str, namespace: str, **spec: Any) -> dict[str, Any]:
    """A manifest."""
    return _manifest("OAuthUser", name, namespace, {"username": name, **spec})


def secret(name: str, namespace: str, *, labelled: bool = True, **data: str) -> dict[str, Any]:
    """A manifest; underscores in keys become dashes."""
    labels = {"ostiary.dev/secret": "true"} if labelled else {}
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    keys = {key.replace("_", "-"): value for key, value in data.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": keys}


def conditions(body: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Type to status and reason, of the present generation only."""
    status = body.get("status", {})
    return {
        each["type"]: (each["status"], each["reason"])
        for each in status.get("conditions", ())
        if each["observedGeneration"] == body["metadata"]["generation"]
    }


def is_ready(body: Mapping[str, Any]) -> bool:
    """This generation is served."""
    return conditions(body).get("Ready") == ("True", "Ready")


def _manifest(kind: str, name: str, namespace: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "ostiary.dev/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}
