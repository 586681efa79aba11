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
LOOPBACK = "127.0.0.1"  # an address for applications that ask the system, which may know no name under .localhost


@dataclass(frozen=True, slots=True)
class Installation:
    """What serves at names under *.localhost, or at LOOPBACK."""

    manifests: Path
    data: Path
    port: int

    def issuer(self, name: str) -> str:
        """The issuer of the application whose address is http://<name>.localhost, or http://LOOPBACK."""
        return f"http://{self._host(name)}"

    def client_secret(self, namespace: str, name: str) -> str:
        """The one that was generated into this Secret."""
        return self.secret(namespace, name)["client-secret"]

    def secret(self, namespace: str, name: str) -> dict[str, str]:
        """All keys of a generated Secret; raises FileNotFoundError where there is none yet."""
        secret = yaml.safe_load((self.data / "secrets" / f"{namespace}.{name}.yaml").read_text())
        values: dict[str, str] = secret["stringData"]
        return values

    def mount(self, namespace: str, name: str, folder: Path) -> None:
        """The Secret as a pod sees it: a folder with a file a key."""
        folder.mkdir(exist_ok=True)
        for key, value in self.secret(namespace, name).items():
            (folder / key).write_text(value)

    def serves(self, name: str) -> bool:
        """Whether discovery at the issuer of this name answers."""
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=5)
        try:
            connection.request("GET", "/.well-known/openid-configuration", headers={"Host": self._host(name)})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _host(self, name: str) -> str:
        return f"{name if name == LOOPBACK else f'{name}.localhost'}:{self.port}"


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
