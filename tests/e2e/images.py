"""The images under test, and those beside them, built by Docker or by buildah.

With buildah, where no registry is to be had, the Debian that they are built from is made by mmdebstrap.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests import system_packages

ROOT = Path(__file__).parents[2]
REGISTRY, TAG = "localhost", "e2e"
PRODUCT = ("server", "operator")
PEERS = f"{REGISTRY}/ostiary-peers:{TAG}"
RELEASE = "bookworm"
MOST_BYTES = 200 * 1024**2  # of one image, unpacked

AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")  # this machine's, where a proxy opens its TLS


def product(process: str, tag: str = TAG) -> str:
    """The name of the server's or the operator's image."""
    return f"{REGISTRY}/ostiary-{process}:{tag}"


class Builder(Protocol):
    """What builds images and hands them over."""

    def build(self) -> None:
        """All of them; what is unchanged comes from the cache."""

    def archive(self, image: str, path: Path) -> None:
        """As a docker-archive."""


class Docker:
    """Where an engine answers: bases come from registries."""

    def build(self) -> None:
        """See Builder."""
        for process in PRODUCT:
            _run("docker", "build", "-q", "--target", process, "-t", product(process), ROOT)
        _run("docker", "build", "-q", "--target", "peers", "-t", PEERS, "-f", ROOT / "tests/e2e/Containerfile", ROOT)

    def archive(self, image: str, path: Path) -> None:
        """See Builder."""
        _run("docker", "save", "-o", path, image)


@dataclass(frozen=True, slots=True)
class Buildah:
    """As root, without a daemon."""

    def build(self) -> None:
        """See Builder."""
        system_packages.require("buildah", "mmdebstrap")
        debian = self._debian()
        for process in PRODUCT:
            self._build(product(process), process, ROOT / "Containerfile", BASE=debian)
        self._build(PEERS, "peers", ROOT / "tests/e2e/Containerfile", BASE=debian, SERVER=product("server"))

    def archive(self, image: str, path: Path) -> None:
        """See Builder."""
        _run("buildah", "push", "-q", image, f"docker-archive:{path}:{image}")

    def _build(self, image: str, target: str, file: Path, **arguments: str) -> None:
        trust: tuple[str, ...] = ()
        if AUTHORITIES.exists():
            arguments["SSL_CERT_FILE"] = mounted = "/authorities.crt"
            trust = ("--volume", f"{AUTHORITIES}:{mounted}:ro")
        given = [word for name, value in arguments.items() for word in ("--build-arg", f"{name}={value}")]
        common = ("--quiet", "--isolation", "chroot", "--layers", "--target", target, "-t", image, "-f", file)
        _run("buildah", "build", *common, *given, *trust, ROOT)

    def _debian(self) -> str:
        """The name of a Debian with apt and nothing else; made once."""
        image = f"{REGISTRY}/ostiary-debian:{RELEASE}"
        if image in _run("buildah", "images", "--format", "{{.Name}}:{{.Tag}}").split():
            return image
        with tempfile.TemporaryDirectory() as directory:
            root = Path(directory) / "root.tar"
            _run("mmdebstrap", "--variant=essential", "--include=apt,ca-certificates", RELEASE, root)
            container = _run("buildah", "from", "scratch")
            _run("buildah", "add", "-q", container, root, "/")
            path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
            _run("buildah", "config", "--env", f"PATH={path}", container)
            _run("buildah", "commit", "-q", "--rm", container, image)
        return image


def builder() -> Builder:
    """Docker's engine where it answers, else buildah."""
    engine = shutil.which("docker") and subprocess.run(["docker", "info"], capture_output=True, check=False)
    return Docker() if engine and engine.returncode == 0 else Buildah()


def _run(*command: str | Path) -> str:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout.strip()
