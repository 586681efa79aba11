"""Somebody with SQL changes what the operator wrote, on a real API server and PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from ostiary_state.intent import StoredApplication
from ostiary_state.store.engine import open_database
from tests.cluster.access import Access
from tests.cluster.conftest import following_all
from tests.cluster.operating import (
    Operators,
    Stored,
    application,
    application_of,
    conditions,
    eventually,
    ready_application,
)
from tests.postgres import PostgreSQL


@dataclass(frozen=True)
class Intruder:
    """Has the database's password."""

    url: str

    def run(self, statement: str, **values: Any) -> None:
        async def execute() -> None:
            database = open_database(self.url)
            try:
                async with database.write() as transaction:
                    await transaction.execute(text(statement), values)
            finally:
                await database.close()

        asyncio.run(execute())


@pytest.fixture(scope="module")
def operators(
    crds: Access, account: Path, postgresql_server: PostgreSQL, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Operators]:
    directory = tmp_path_factory.mktemp("drift")
    with following_all(crds, account, postgresql_server, directory, OSTIARY_RESYNC_SECONDS="3600") as made:
        yield made


@pytest.fixture
def intruder(operators: Operators) -> Intruder:
    return Intruder(operators.database_url)


def row_of(operators: Operators, namespace: str) -> StoredApplication:
    row = Stored(operators.database_url).application(f"{namespace}/web")
    assert row is not None
    return row


def test_a_changed_row_is_as_declared_again_within_seconds_and_told_once(
    crds: Access, tenant: str, operators: Operators, intruder: Intruder
) -> None:
    crds.apply(application("web", tenant, displayName="Shop"))
    ready_application(crds, "web", tenant)
    intruder.run(
        "UPDATE applications SET spec = jsonb_set(spec, '{displayName}', '\"Evil\"') WHERE id = :id", id=f"{tenant}/web"
    )
    eventually(lambda: row_of(operators, tenant).spec["displayName"] == "Shop", within=6)
    body = eventually(lambda: _told(crds, tenant, ("False", "Corrected")))
    (message,) = [each["message"] for each in body["status"]["conditions"] if each["type"] == "Drifted"]
    assert message == "put right: spec.displayName is 'Shop', was 'Evil' (by database user ostiary)"
    assert conditions(body)["Ready"] == ("True", "Ready")

    revision = row_of(operators, tenant).revision
    crds.kubectl("annotate", "oauthapplication", "web", "ostiary.dev/revoke-up-to=0", "--namespace", tenant)
    eventually(lambda: "DriftCorrected" in crds.kubectl("get", "events", "--namespace", tenant))
    assert row_of(operators, tenant).revision == revision
    crds.apply(application("web", tenant, displayName="Boutique"))
    eventually(lambda: "Drifted" not in conditions(ready_application(crds, "web", tenant)))


def test_a_removed_row_comes_back_with_its_secret(
    crds: Access, tenant: str, operators: Operators, intruder: Intruder
) -> None:
    crds.apply(application("web", tenant))
    ready_application(crds, "web", tenant)
    digests = row_of(operators, tenant).secret_digests
    intruder.run("DELETE FROM applications WHERE id = :id", id=f"{tenant}/web")
    eventually(lambda: _told(crds, tenant, ("False", "Corrected")))
    assert row_of(operators, tenant).secret_digests == digests


def test_it_is_only_told_where_the_manifest_says_so(
    crds: Access, tenant: str, operators: Operators, intruder: Intruder
) -> None:
    crds.apply(application("web", tenant, displayName="Shop", driftPolicy="Report"))
    ready_application(crds, "web", tenant)
    intruder.run(
        "UPDATE applications SET spec = jsonb_set(spec, '{displayName}', '\"Evil\"') WHERE id = :id", id=f"{tenant}/web"
    )
    eventually(lambda: _told(crds, tenant, ("True", "Reported")))
    assert row_of(operators, tenant).spec["displayName"] == "Evil"
    crds.apply(application("web", tenant, displayName="Shop"))
    eventually(lambda: row_of(operators, tenant).spec["displayName"] == "Shop")


def _told(crds: Access, namespace: str, drifted: tuple[str, str]) -> dict[str, Any] | None:
    body = application_of(crds, "web", namespace)
    return body if conditions(body).get("Drifted") == drifted else None
