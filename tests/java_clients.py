"""The client in Java that this project did not write: compiled once and kept in the user's cache."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from tests import system_packages
from tests.client_processes import ClientProcess, running

PROJECT = Path(__file__).parent / "java"
MAIN = "dev.ostiary.tests.Client"


class JavaClient:
    """Starts it, from a directory with its classes and libraries."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def running(self, hosts: Path) -> AbstractAsyncContextManager[ClientProcess]:
        """`hosts`: a file in the form of /etc/hosts, the only names that this process can resolve."""
        path = os.pathsep.join((str(self._directory / "classes"), str(self._directory / "lib" / "*")))
        return running("java", f"-Djdk.net.hosts.file={hosts}", "-cp", path, MAIN)


@pytest.fixture(scope="session")
def java_client() -> JavaClient:
    """The client of tests/java; raises CalledProcessError when it cannot be built."""
    system_packages.require("default-jdk-headless", "maven")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ostiary"
    cache.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    for source in sorted(path for path in PROJECT.rglob("*") if path.suffix in {".java", ".xml"}):
        digest.update(source.read_bytes())
    ready = cache / f"java-{digest.hexdigest()[:16]}"
    with (cache / "java.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.is_dir():
            with tempfile.TemporaryDirectory(dir=cache) as fresh:
                _build(Path(fresh) / "project")
                (Path(fresh) / "project" / "target" / "ready").rename(ready)
    return JavaClient(ready)


def _build(project: Path) -> None:
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("target"))
    libraries = project / "target" / "ready" / "lib"
    # The libraries alone by Maven: what it would load to run the compiler is more than the compiler.
    _run(project, "mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={libraries}")
    sources = [str(source) for source in project.rglob("*.java")]
    _run(project, "javac", "-cp", f"{libraries}/*", "-d", "target/ready/classes", *sources)


def _run(project: Path, *command: str) -> None:
    subprocess.run(command, cwd=project, stdin=subprocess.DEVNULL, check=True)
