"""`ostiary up` and `ostiary example-app` as processes of their own, and a client that reaches `*.localhost`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import yaml

from tests.processes import Child, free_port

READY_S = 60.0  # for the first start, which makes keys on a machine with other work
SAVED_S = 15.0  # from a save to what comes of it, on a machine with other work
COMMAND = (sys.executable, "-m", "ostiary_cli")


class Loopback(httpx.BaseTransport):
    """Connects to loopback with the Host header as it was."""

    def __init__(self) -> None:
        self._network = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url.copy_with(host="127.0.0.1")
        there = httpx.Request(
            request.method, url, headers=request.headers, stream=request.stream, extensions=request.extensions
        )
        return self._network.handle_request(there)

    def close(self) -> None:
        self._network.close()


@dataclass
class Up:
    """One directory of manifests, one data directory, and a process that can be started again."""

    root: Path
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self.manifests, self.data, self.log = self.root / "manifests", self.root / "data", self.root / "up.log"
        self.manifests.mkdir()
        self.process = self.child()

    def child(self) -> Child:
        """Another process over the same directories."""
        return Child([*COMMAND, "up", self.manifests, "--port", str(self.port), "--data-dir", self.data], self.log)

    def declare(self, file: str, text: str) -> Path:
        """Write a manifest as editors do: all at once."""
        path = self.manifests / file
        path.with_suffix(".tmp").write_text(text)
        return path.with_suffix(".tmp").replace(path)

    def until(self, condition: Callable[[], bool], within_s: float = SAVED_S) -> None:
        """Raises RuntimeError with the log's end."""
        self.process.wait_until(condition, within_s)

    def said(self, text: str) -> Callable[[], bool]:
        """Whether the terminal shows a text, from now on."""
        before = len(self.output)
        return lambda: text in self.output[before:]

    @property
    def output(self) -> str:
        """Everything that it printed."""
        return self.log.read_text() if self.log.exists() else ""

    def issuer(self, name: str) -> str:
        """Of http://<name>.localhost in a manifest."""
        return f"http://{name}.localhost:{self.port}"

    def secret(self, namespace: str, name: str) -> dict[str, str]:
        """A generated Secret."""
        text = (self.data / "secrets" / f"{namespace}.{name}.yaml").read_text()
        return dict(yaml.safe_load(text)["stringData"])

    def status(self, client: httpx.Client, name: str) -> int:
        """Of discovery at http://<name>.localhost."""
        return client.get(f"{self.issuer(name)}/.well-known/openid-configuration").status_code


@contextmanager
def serving(up: Up, *names: str) -> Iterator[httpx.Client]:
    """Start it, wait until it serves these names, stop it at the end."""
    with httpx.Client(transport=Loopback()) as client:
        up.process.start()
        try:
            up.until(lambda: "Ctrl-C stops." in up.output, READY_S)
            for name in names:
                assert up.status(client, name) == 200
            yield client
        finally:
            up.process.stop()
