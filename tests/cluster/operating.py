"""The operator as it runs in a cluster: a process under its own service account, and what it wrote where."""

from __future__ import annotations

import asyncio
import base64
import contextlib
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
KINDS = "oauthapplications,oauthusers"

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
    """Starts operators on one database."""

    access: Access
    namespace: str | None  # None: all of them
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
            "OSTIARY_WATCH_NAMESPACES": self.namespace or "",
            "OSTIARY_USER_NAMESPACES": self.namespace or "*",
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
        """End all, after letting one finish what tests left, so that their namespaces can go."""
        if any(process.state() == "leading" for process in self.started):
            with contextlib.suppress(KubectlFailed):
                self.access.kubectl("delete", KINDS, "--all", *self._scope, "--timeout=20s")
        for process in self.started:
            process.child.stop()
        for each in json.loads(self.access.kubectl("get", KINDS, *self._scope, "-o", "json"))["items"]:
            name = f"{each['kind'].lower()}/{each['metadata']['name']}"
            patch = '{"metadata": {"finalizers": null}}'
            self.access.kubectl(
                "patch", name, "--namespace", each["metadata"]["namespace"], "--type=merge", "-p", patch
            )

    @property
    def _scope(self) -> tuple[str, ...]:
        return ("--namespace", self.namespace) if self.namespace else ("--all-namespaces",)


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


def application_of(access: Access, name: str, namespace: str) -> dict[str, Any]:
    """The object as it is."""
    return access.get("oauthapplication", name, namespace)


def ready_application(access: Access, name: str, namespace: str, *, within: float = 20.0) -> dict[str, Any]:
    """The object once its present generation is served."""

    def look() -> dict[str, Any] | None:
        body = application_of(access, name, namespace)
        assert is_ready(body), body.get("status")
        return body

    found = eventually(look, within=within)
    assert found is not None
    return found


def secret_values(access: Access, name: str, namespace: str) -> dict[str, str]:
    """What a Secret holds."""
    data = access.get("secret", name, namespace)["data"]
    return {key: base64.b64decode(value).decode() for key, value in data.items()}


def versions(access: Access, namespace: str) -> list[tuple[str, str, str]]:
    """Kind, name and resourceVersion of whatever the operator writes in a namespace."""
    kinds = f"{KINDS},secrets,events"
    listed = json.loads(access.kubectl("get", kinds, "--namespace", namespace, "-o", "json"))["items"]
    return sorted((each["kind"], each["metadata"]["name"], each["metadata"]["resourceVersion"]) for each in listed)


def _manifest(kind: str, name: str, namespace: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "ostiary.dev/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}
