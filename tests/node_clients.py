"""Clients in Node that this project did not write."""

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

SCRIPTS = Path(__file__).parent / "node"


class NodeClients:
    """Starts them, from a directory with their packages."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def running(self, script: str) -> AbstractAsyncContextManager[ClientProcess]:
        """The script, which is gone when the block ends."""
        return running("node", "--require=./loopback.cjs", script, directory=self.directory)


@pytest.fixture(scope="session")
def node_clients(tmp_path_factory: pytest.TempPathFactory) -> NodeClients:
    """The scripts of tests/node beside the packages that their lock file names."""
    system_packages.require("nodejs", "npm")
    directory = tmp_path_factory.mktemp("node")
    shutil.copytree(SCRIPTS, directory, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
    (directory / "node_modules").symlink_to(_packages())
    return NodeClients(directory)


def _packages() -> Path:
    """The installed packages, kept in the user's cache by the hash of the lock file."""
    lock_file = SCRIPTS / "package-lock.json"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ostiary"
    cache.mkdir(parents=True, exist_ok=True)
    ready = cache / f"node-{hashlib.sha256(lock_file.read_bytes()).hexdigest()[:16]}"
    with (cache / "node.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (ready / "node_modules").is_dir():
            ready.mkdir(exist_ok=True)
            with tempfile.TemporaryDirectory(dir=cache) as fresh:
                for name in ("package.json", "package-lock.json"):
                    shutil.copy(SCRIPTS / name, fresh)
                subprocess.run(
                    ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                    cwd=fresh,
                    stdin=subprocess.DEVNULL,
                    check=True,
                )
                Path(fresh).joinpath("node_modules").rename(ready / "node_modules")
    return ready / "node_modules"  # a folder of this name is where packages find each other
