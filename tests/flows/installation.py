"""`ostiary up` as its user starts it: a process of its own over a directory of manifests."""

from __future__ import annotations

import http.client
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.processes import Child, free_port

READY_S = 60.0


@dataclass(frozen=True, slots=True)
class Installation:
    """What serves at names under *.localhost."""

    manifests: Path
    data: Path
    port: int

    def issuer(self, name: str) -> str:
        """The issuer of the application whose address is http://<name>.localhost."""
        return f"http://{name}.localhost:{self.port}"

    def client_secret(self, namespace: str, name: str) -> str:
        """The one that was generated into this Secret."""
        secret = yaml.safe_load((self.data / "secrets" / f"{namespace}.{name}.yaml").read_text())
        value: str = secret["stringData"]["client-secret"]
        return value

    def serves(self, name: str) -> bool:
        """Whether discovery at http://<name>.localhost answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request(
                "GET", "/.well-known/openid-configuration", headers={"Host": f"{name}.localhost:{self.port}"}
            )
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


@contextmanager
def installation(directory: Path, manifests: str, *, until_served: tuple[str, ...]) -> Iterator[Installation]:
    """Serve this text of manifests from `directory`; raises RuntimeError with its log's end if it does not."""
    (source := directory / "manifests").mkdir()
    (source / "manifests.yaml").write_text(manifests)
    served = Installation(source, directory / "data", free_port())
    command = [sys.executable, "-m", "ostiary_cli", "up", source, "--port", str(served.port), "--data-dir", served.data]
    process = Child(command, directory / "up.log")
    process.start()
    try:
        process.wait_until(lambda: all(map(served.serves, until_served)), READY_S)
        yield served
    finally:
        process.stop()
