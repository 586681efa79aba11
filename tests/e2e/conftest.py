"""Fixtures: `cluster` (one a run, with the images in it), `world` (what is outside the release), `forwarded`."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cluster.access import Access
from tests.cluster.certificates import Authority
from tests.cluster.kind import Kind
from tests.cluster.node import Node
from tests.e2e import images, peers
from tests.e2e.installation import NAMESPACE, SERVICE

IMAGES = (*map(images.product, images.PRODUCT), images.PEERS)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where pods run."""

    access: Access
    node: Node | Kind

    def kill(self, pod: dict[str, object]) -> None:
        """SIGKILL for every process of a pod's containers, as the kernel does when memory runs out."""
        self.node.kill(str(pod["metadata"]["uid"]))  # type: ignore[index]


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Empty but for the images; kind where Docker is."""
    directory = tmp_path_factory.mktemp("e2e")
    # a node's overlay mounts and sockets want a short path on a real disk
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ostiary" / "node"
    builder = images.builder()
    builder.build()
    node = Kind(directory) if Kind.is_possible() else Node(home)
    try:
        node.start()
        for image in IMAGES:
            with tempfile.TemporaryDirectory(dir=directory) as scratch:
                archive = Path(scratch) / f"{image.rpartition('/')[2].partition(':')[0]}.tar"
                builder.archive(image, archive)
                node.load(archive)
        yield Cluster(Access(node.kubectl, node.kubeconfig, directory, None), node)
    finally:
        node.stop()


@pytest.fixture(scope="session")
def system(cluster: Cluster) -> Access:
    """The namespace of the release, which admits restricted pods only."""
    cluster.access.kubectl("create", "namespace", NAMESPACE)
    level = "pod-security.kubernetes.io/enforce=restricted"
    cluster.access.kubectl("label", "namespace", NAMESPACE, level)
    return cluster.access


@pytest.fixture(scope="session")
def world(system: Access, tmp_path_factory: pytest.TempPathFactory) -> Access:
    """What is outside: a proxy that ends TLS, a relying application that waits for its Secret, the database's TLS."""
    authority = Authority(tmp_path_factory.mktemp("authority"))
    leaf = authority.issue("edge", hosts=(peers.LOGIN, peers.ORDERS))
    access = system
    for namespace in (peers.NAMESPACE, "team-a", "quickstart"):
        access.kubectl("create", "namespace", namespace)
    certificate = authority.path.read_bytes()
    access.apply(
        peers.tls_secret("edge-tls", peers.NAMESPACE, leaf, authority.path),
        peers.secret("edge-ca", "team-a", ca_crt=certificate),
        peers.service("edge", peers.NAMESPACE, 443),
    )
    address = str(access.get("service", "edge", peers.NAMESPACE)["spec"]["clusterIP"])
    access.apply(*peers.edge(SERVICE), *peers.orders(address))
    database = authority.issue("postgres", hosts=(peers.DATABASE_HOST, f"{peers.DATABASE_HOST}.cluster.local"))
    access.apply(peers.tls_secret("postgres-tls", peers.NAMESPACE, database, authority.path))
    access.apply(peers.secret("database", NAMESPACE, uri=_database_url(), ca_crt=certificate))
    return access


@pytest.fixture
async def forwarded(world: Access) -> AsyncIterator[int]:
    """A port of this machine that leads to the proxy's."""
    rollout = ("rollout", "status", "deployment/edge", "-n", peers.NAMESPACE, "--timeout=60s")
    await asyncio.to_thread(world.kubectl, *rollout)
    process = await asyncio.create_subprocess_exec(
        world.executable,
        "--kubeconfig",
        world.kubeconfig,
        *("port-forward", "-n", peers.NAMESPACE, "deployment/edge", ":443"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    first = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()  # Forwarding from 127.0.0.1:PORT -> 443
    try:
        yield int(first.partition("127.0.0.1:")[2].partition(" ")[0])
    finally:
        process.terminate()
        await process.wait()


def _database_url() -> str:
    return f"postgresql://ostiary:{peers.DATABASE_PASSWORD}@{peers.DATABASE_HOST}:5432/postgres"
