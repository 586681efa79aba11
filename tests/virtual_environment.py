"""Programs in Python that this project did not write, each in an environment of its own beside this one."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path


def interpreter(requirements: Path) -> Path:
    """The Python that has these packages, kept in the user's cache by the hash of what they are and who runs them."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ostiary"
    cache.mkdir(parents=True, exist_ok=True)
    made_of = requirements.read_bytes() + f"{sys.version} {sys.base_prefix}".encode()
    directory = cache / f"python-{hashlib.sha256(made_of).hexdigest()[:16]}"
    python = directory / "bin" / "python"
    with (cache / "python.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (ready := directory / "ready").exists():
            shutil.rmtree(directory, ignore_errors=True)  # what an installation left that did not end
            for command in _commands(directory, python, requirements):
                subprocess.run(command, stdin=subprocess.DEVNULL, check=True)
            ready.touch()
    return python


def _commands(directory: Path, python: Path, requirements: Path) -> list[list[str | Path]]:
    """With uv, which `uv run` names, in seconds; without it in a minute."""
    if uv := os.environ.get("UV") or shutil.which("uv"):
        install = [uv, "pip", "install", "--quiet", "--python", python, "--requirements", requirements]
        return [[uv, "venv", "--quiet", "--no-project", "--python", sys.executable, directory], install]
    install = [python, "-m", "pip", "install", "--quiet", "--requirement", requirements]
    return [[sys.executable, "-m", "venv", directory], install]
