"""System packages that tests run on: found, installed by root on Debian, or asked for in one command.

Python's own packages come with `uv run`; a database server, a browser and Node do not.
"""

from __future__ import annotations

import fcntl
import glob
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Debian's package -> what it must have brought: a command on PATH or a file by pattern, any one of them.
PROOF = {
    "chromium": ("chromium",),
    "default-jdk-headless": ("javac",),
    "libatomic1": ("/usr/lib/*/libatomic.so.1", "/usr/lib64/libatomic.so.1"),  # Playwright's own Node is linked to it
    "maven": ("mvn",),
    "nodejs": ("node",),
    "npm": ("npm",),
    "pgbouncer": ("pgbouncer", "/usr/sbin/pgbouncer"),
    "postgresql": ("postgres", "/usr/lib/postgresql/*/bin/postgres"),
    "wrk": ("wrk",),
}
# Of the end-to-end suite, where there is no Docker: what builds images, and what a kubelet calls.
NODE_PROOF = {
    "buildah": ("buildah",),
    "conntrack": ("conntrack", "/usr/sbin/conntrack"),
    "containernetworking-plugins": ("/usr/lib/cni/ptp",),
    "iproute2": ("ip", "/usr/sbin/ip", "/sbin/ip"),
    "iptables": ("iptables", "/usr/sbin/iptables"),
    "mmdebstrap": ("mmdebstrap",),
    "nftables": ("nft", "/usr/sbin/nft"),
    "openssl": ("openssl",),
    "runc": ("runc", "/usr/sbin/runc"),
}


class SystemPackageMissing(Exception):
    """The message is the one command that installs what is missing."""


def require(*packages: str) -> None:
    """Return once every package is there; raises SystemPackageMissing where only the user can install it."""
    with _one_at_a_time():
        missing = [package for package in packages if not found(package)]
        if not missing:
            return
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            asked = PROOF if PROOF.keys() & set(packages) else NODE_PROOF
            everything = [package for package in asked if not found(package)]  # or the next fixture asks for more
            raise SystemPackageMissing(f"the tests need {', '.join(everything)}; install with: {command(everything)}")
        _install(missing)
        if still := [package for package in missing if not found(package)]:
            raise SystemPackageMissing(f"apt-get installed {', '.join(still)}, and yet: no {_proof(still[0])[0]}")


def found(package: str) -> bool:
    """Whether what the package brings is there, whoever installed it."""
    return any(bool(glob.glob(proof)) if proof.startswith("/") else shutil.which(proof) for proof in _proof(package))


def _proof(package: str) -> tuple[str, ...]:
    return {**PROOF, **NODE_PROOF}[package]


def command(packages: list[str]) -> str:
    """What a user without root's rights is told to type."""
    return f"sudo apt-get update && sudo apt-get install -y --no-install-recommends {' '.join(packages)}"


def _install(packages: list[str]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    sys.stderr.write(f"installing {' '.join(packages)} by apt-get\n")
    for arguments in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *packages]):
        done = subprocess.run(
            ["apt-get", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise SystemPackageMissing(f"apt-get {' '.join(arguments)} failed:\n{done.stdout[-2000:]}")


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    with (Path(tempfile.gettempdir()) / f"ostiary-apt-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    require(*(sys.argv[1:] or PROOF))
