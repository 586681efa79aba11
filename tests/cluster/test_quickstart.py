"""The manifests of the quickstart, and the Secrets that `ostiary up` writes, are what an API server takes unchanged."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from ostiary_cli.up.secret_files import SecretFiles
from ostiary_operator.reconcile.secret_port import WantedSecret
from tests.cli.manifests import QUICKSTART
from tests.cluster.access import Access


@pytest.fixture(scope="module")
def quickstart(crds: Access) -> Iterator[Access]:
    """The namespace that the manifests name."""
    crds.kubectl("create", "namespace", "quickstart")
    yield crds
    crds.kubectl("delete", "namespace", "quickstart", "--wait=false")


def test_the_quickstart_is_admitted_as_it_is(quickstart: Access) -> None:
    applied = quickstart.kubectl("apply", "--dry-run=server", "--validate=strict", "-f", str(QUICKSTART))

    assert len(applied.splitlines()) == 5


def test_a_generated_secret_is_a_manifest(quickstart: Access, tmp_path: Path) -> None:
    wanted = WantedSecret("quickstart", "shop-oauth", "shop", "some-uid", {"client-secret": b"s" * 43})
    asyncio.run(SecretFiles(tmp_path).create(wanted))

    applied = quickstart.kubectl("apply", "--dry-run=server", "--validate=strict", "-f", str(tmp_path))
    assert applied.startswith("secret/shop-oauth created")
