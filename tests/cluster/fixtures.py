"""Fixtures: `kube` (one cluster a run), `stoppable_kube`, `crds`, `namespace` (a fresh one a test)."""

from __future__ import annotations

import os
import shutil
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cluster import build
from tests.cluster.access import Access
from tests.cluster.control_plane import ControlPlane
from tests.cluster.kind import Kind

CRDS = Path(__file__).parents[2] / "crds"


@pytest.fixture(scope="session")
def kube(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Access]:
    """KUBECONFIG if set, else kind if Docker answers, else a control plane that is built and started here."""
    directory = tmp_path_factory.mktemp("kube")
    if given := os.environ.get("KUBECONFIG"):
        kubectl = shutil.which("kubectl") or str(_binaries(request.config) / "kubectl")
        yield Access(kubectl, Path(given), directory, None)
        return
    with _cluster(request.config, directory) as access:
        yield access


@pytest.fixture(scope="session")
def stoppable_kube(
    request: pytest.FixtureRequest, kube: Access, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Access]:
    """A cluster whose API server a test may take away: `kube`, unless that is someone's own."""
    if kube.cluster is not None:
        yield kube
        return
    with _cluster(request.config, tmp_path_factory.mktemp("stoppable-kube")) as access:
        _install_crds(access)
        yield access


@pytest.fixture(scope="session")
def crds(kube: Access) -> Access:
    """`kube`, with this project's kinds served."""
    _install_crds(kube)
    return kube


@pytest.fixture
def namespace(kube: Access) -> Iterator[str]:
    """The name of an empty namespace, whose deletion begins with the test's end."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    kube.kubectl("create", "namespace", name)
    yield name
    kube.kubectl("delete", "namespace", name, "--wait=false")


@contextmanager
def _cluster(config: pytest.Config, directory: Path) -> Iterator[Access]:
    cluster = Kind(directory) if Kind.is_possible() else ControlPlane(_binaries(config), directory)
    try:
        cluster.start()
        yield Access(cluster.kubectl, cluster.kubeconfig, directory, cluster)
    finally:
        cluster.stop()


def _install_crds(access: Access) -> None:
    access.kubectl("apply", "--server-side", "--force-conflicts", "-f", CRDS)
    access.kubectl("wait", "--for=condition=Established", "--timeout=30s", "-f", CRDS)


def _binaries(config: pytest.Config) -> Path:
    if not build.is_built():
        capture = config.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled():
            sys.stderr.write("\nbuilding a Kubernetes control plane: some six minutes, this once\n")
    return build.binaries()
