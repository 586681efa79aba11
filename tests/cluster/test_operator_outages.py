"""What the operator loses when something is taken away from it: nothing, and it says so meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from pathlib import Path

from tests.cluster.access import Access
from tests.cluster.conftest import replica_on
from tests.cluster.operating import (
    Operators,
    Process,
    Stored,
    application,
    application_of,
    conditions,
    eventually,
    is_ready,
    ready_application,
    secret,
    secret_values,
    user,
    versions,
)
from tests.postgres import TEMPLATE, PostgreSQL


def _leader(*processes: Process) -> Process:
    return eventually(lambda: next((each for each in processes if each.state() == "leading"), None), within=30)


def test_a_restart_writes_nothing(crds: Access, tenant: str, operators: Operators) -> None:
    first, stored = operators.start(), Stored(operators.database_url)
    crds.apply(
        application("web", tenant),
        application("public", tenant, type="Public"),
        application("wrong", tenant, clientID="bank.web"),
        secret("ada", tenant, password="correct horse"),
        user("ada", tenant, passwordSecretRef={"name": "ada"}),
    )
    for name in ("web", "public"):
        ready_application(crds, name, tenant)
    eventually(
        lambda: conditions(application_of(crds, "wrong", tenant)).get("Ready") == ("False", "ClientIDNotAllowed")
    )
    eventually(lambda: is_ready(crds.get("oauthuser", "ada", tenant)))
    eventually(lambda: len([each for each in versions(crds, tenant) if each[0] == "Event"]) >= 4)
    rows = [stored.application(f"{tenant}/web"), stored.user(f"{tenant}/ada")]
    before = versions(crds, tenant)
    first.child.stop()
    second = operators.start()
    stored_kinds = ('kind="OAuthApplication",outcome="stored"', 'kind="OAuthUser",outcome="stored"')
    eventually(lambda: [second.metric(f"ostiary_reconciles_total{{{kind}}}") for kind in stored_kinds] == [2, 1])
    eventually(lambda: second.metric("ostiary_worklist_depth") == 0)
    assert versions(crds, tenant) == before
    assert [stored.application(f"{tenant}/web"), stored.user(f"{tenant}/ada")] == rows


def test_a_standby_takes_over_from_a_leader_that_was_killed(crds: Access, tenant: str, operators: Operators) -> None:
    processes = operators.start(), operators.start()
    leader = _leader(*processes)
    standby = next(each for each in processes if each is not leader)
    assert standby.state() == "standby"
    crds.apply(application("before", tenant))
    ready_application(crds, "before", tenant)
    leader.child.kill()
    killed = time.monotonic()
    crds.apply(application("after", tenant))
    ready_application(crds, "after", tenant, within=30)
    assert time.monotonic() - killed < 20
    assert standby.state() == "leading"


def test_a_leader_that_is_asked_to_stop_hands_over_at_once(crds: Access, tenant: str, operators: Operators) -> None:
    processes = operators.start(), operators.start()
    leader = _leader(*processes)
    standby = next(each for each in processes if each is not leader)
    leader.child.stop()
    eventually(lambda: standby.state() == "leading", within=8)
    crds.apply(application("after", tenant))
    ready_application(crds, "after", tenant)


def test_a_leader_that_lost_its_lease_ends(crds: Access, operators: Operators) -> None:
    leader = operators.start()
    _leader(leader)
    patch = {"spec": {"holderIdentity": "somebody-else", "leaseDurationSeconds": 60}}
    crds.kubectl(
        "patch", "lease", operators.lease, "--namespace=ostiary-system", "--type=merge", "-p", json.dumps(patch)
    )
    assert leader.child.wait(15) == 1
    assert "lost the Lease" in operators.logs()


def test_what_changed_while_the_api_was_away_is_not_lost(
    stoppable_kube: Access, crds: Access, tenant: str, operators: Operators
) -> None:
    assert stoppable_kube is crds, "these tests bring their own cluster"
    operators.start()
    crds.apply(application("web", tenant))
    before = ready_application(crds, "web", tenant)
    crds.stop_api()
    crds.start_api()
    crds.apply(application("web", tenant, displayName="Shop"), application("new", tenant))
    after = ready_application(crds, "web", tenant, within=40)
    assert after["status"]["revision"] > before["status"]["revision"]
    ready_application(crds, "new", tenant, within=40)
    values = secret_values(crds, "web-oauth", tenant)
    crds.kubectl("delete", "secret", "web-oauth", "--namespace", tenant)
    eventually(lambda: secret_values(crds, "web-oauth", tenant)["client-secret"] != values["client-secret"])


def test_a_database_that_is_away_is_said_and_nothing_is_lost(
    crds: Access, tenant: str, operators: Operators, own_postgresql: PostgreSQL, tmp_path: Path
) -> None:
    asyncio.run(own_postgresql.make_template())
    url = operators.database_url = own_postgresql.url(TEMPLATE)
    with replica_on(url, tmp_path):
        operators.start()
        crds.apply(application("web", tenant), application("going", tenant))
        for name in ("web", "going"):
            ready_application(crds, name, tenant)
        own_postgresql.stop()
        crds.apply(application("web", tenant, displayName="Shop"))
        crds.kubectl("delete", "oauthapplication", "going", "--namespace", tenant, "--wait=false")

        def said() -> bool:
            reasons = conditions(application_of(crds, "web", tenant))
            unavailable = ("False", "DatabaseUnavailable")
            return reasons.get("Synced") == unavailable and reasons.get("Ready") == unavailable

        eventually(said)
        assert crds.get("oauthapplication", "going", tenant)["metadata"]["finalizers"]
        own_postgresql.start()
        ready_application(crds, "web", tenant, within=45)
        eventually(
            lambda: "going" not in crds.kubectl("get", "oauthapplications", "--namespace", tenant, "-o", "name"),
            within=45,
        )
        row = Stored(url).application(f"{tenant}/web")
        assert row is not None
        assert row.spec["displayName"] == "Shop"
        operators.stop()


def test_an_operator_on_a_schema_that_does_not_fit_says_what_to_run(
    operators: Operators, empty_postgresql_url: str
) -> None:
    operators.database_url = empty_postgresql_url
    process = operators.launch()
    assert process.child.wait(30) == os.EX_CONFIG
    assert "ostiary migrate" in operators.logs()


def test_sigterm_ends_a_standby_and_a_leader_within_seconds(operators: Operators) -> None:
    processes = operators.start(), operators.start()
    _leader(*processes)
    for process in processes:
        process.child.signal(signal.SIGTERM)
    assert [process.child.wait(10) for process in processes] == [0, 0]
