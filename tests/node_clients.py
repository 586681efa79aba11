"""Clients in Node that this project did not write, as processes that a test talks to line by line."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests import system_packages

SCRIPTS = Path(__file__).parent / "node"
ANSWER_S = 30.0


class NodeClient:
    """A script of tests/node at work."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def say(self, **value: object) -> dict[str, Any]:
        """Its answer; raises AssertionError with what it printed as an error if it ends without one."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._process.stdin.write(json.dumps(value).encode() + b"\n")
        await self._process.stdin.drain()
        line = await asyncio.wait_for(self._process.stdout.readline(), ANSWER_S)
        assert line, (await self._process.stderr.read()).decode()
        answer: dict[str, Any] = json.loads(line)
        return answer


class NodeClients:
    """Starts them, from a directory with their packages."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @asynccontextmanager
    async def running(self, script: str) -> AsyncIterator[NodeClient]:
        """The script, which is gone when the block ends."""
        process = await asyncio.create_subprocess_exec(
            "node",
            "--require=./loopback.cjs",
            script,
            cwd=self.directory,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            yield NodeClient(process)
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()


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
