"""An operator may die at any moment. Five times here; `python -m tests.benchmarks kills` does it fifty times."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator

import pytest

from tests.cluster.access import Access
from tests.cluster.stack import Stack, stack
from tests.cluster.trial import Trial
from tests.postgres import PostgreSQL


@pytest.fixture
def running(crds: Access, postgresql_server: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Without a Lease, so that the next operator need not wait for the one that was killed."""
    url = postgresql_server.url(asyncio.run(postgresql_server.database()))
    with stack(crds, url, tmp_path_factory.mktemp("kills"), OSTIARY_LEASE_NAME="") as made:
        yield made


@pytest.mark.timeout(300)
def test_no_orphan_no_lost_secret_and_no_client_with_a_wrong_one(running: Stack, namespace: str) -> None:
    trial = Trial(running, namespace, random.Random(7))
    trial.prepare()
    for _ in range(5):
        trial.round()
    trial.settled()
