"""Policies against a real API server: what they refuse, what ends after a grace, and what comes back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.access import Access
from tests.cluster.conftest import following_all
from tests.cluster.operating import (
    ROOT,
    Operators,
    Stored,
    application,
    application_of,
    conditions,
    eventually,
    ready_application,
    user,
    versions,
)
from tests.postgres import PostgreSQL

GRACE_S = 4


@pytest.fixture(scope="module")
def policed(
    crds: Access, account: Path, postgresql_server: PostgreSQL, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Operators]:
    """An operator that follows every namespace, with a short grace."""
    directory = tmp_path_factory.mktemp("policed")
    grace = {"OSTIARY_POLICY_GRACE_SECONDS": str(GRACE_S)}
    with following_all(crds, account, postgresql_server, directory, **grace) as operators:
        yield operators


@pytest.fixture
def stored(policed: Operators) -> Stored:
    """What it has written."""
    return Stored(policed.database_url)


@pytest.fixture(autouse=True)
def without_policies(crds: Access) -> Iterator[None]:
    """Each test leaves none behind: they bound the whole cluster."""
    yield
    crds.kubectl("delete", "oauthapplicationpolicies", "--all")


def policy(name: str, selector: dict[str, Any], **spec: Any) -> dict[str, Any]:
    """A manifest."""
    spec = {"namespaceSelector": selector, **spec}
    return {
        "apiVersion": "ostiary.dev/v1alpha1",
        "kind": "OAuthApplicationPolicy",
        "metadata": {"name": name},
        "spec": spec,
    }


def only(namespace: str) -> dict[str, Any]:
    """Selects one namespace."""
    return {"matchLabels": {"kubernetes.io/metadata.name": namespace}}


def allowed(access: Access, name: str, namespace: str, kind: str = "oauthapplication") -> tuple[str, str]:
    """Status and reason of PolicyAllowed."""
    return conditions(access.get(kind, name, namespace)).get("PolicyAllowed", ("", ""))


def test_a_new_application_that_a_policy_refuses_is_not_stored(crds: Access, tenant: str, stored: Stored) -> None:
    crds.apply(policy("base", only(tenant), callbackHosts=["*.example.com"], grantModes=["authorization_code"]))
    crds.apply(application("good", tenant), application("bad", tenant, callbackURLs=["https://evil.example.org/cb"]))
    ready_application(crds, "good", tenant)
    assert allowed(crds, "good", tenant) == ("True", "Allowed")
    eventually(lambda: allowed(crds, "bad", tenant) == ("False", "CallbackHostNotAllowed"))
    eventually(
        lambda: conditions(application_of(crds, "bad", tenant)).get("Ready") == ("False", "CallbackHostNotAllowed")
    )
    assert stored.application(f"{tenant}/bad") is None
    (condition,) = [
        each for each in application_of(crds, "bad", tenant)["status"]["conditions"] if each["type"] == "PolicyAllowed"
    ]
    assert condition["message"] == (
        "policy base: spec.callbackURLs: evil.example.org: "
        "not among the callbackHosts of callback and post-logout addresses"
    )
    eventually(lambda: crds.get("oauthapplicationpolicy", "base").get("status", {}).get("selectedNamespaces") == 1)
    assert "PolicyRefused" in eventually(lambda: crds.kubectl("get", "events", "--namespace", tenant))
    crds.kubectl("delete", "oauthapplicationpolicy", "base")
    ready_application(crds, "bad", tenant)
    eventually(lambda: allowed(crds, "bad", tenant) == ("", ""))


def test_a_namespace_that_no_policy_selects_loses_what_it_has_and_gets_it_back_with_a_label(
    crds: Access, tenant: str, stored: Stored
) -> None:
    crds.apply(application("web", tenant))
    before = ready_application(crds, "web", tenant)
    row = stored.application(f"{tenant}/web")
    assert row is not None
    crds.apply(policy("labelled", {"matchLabels": {"tier": "gold"}}))
    eventually(lambda: allowed(crds, "web", tenant) == ("False", "NotSelected"), within=GRACE_S)
    body = application_of(crds, "web", tenant)
    assert body["status"]["revision"] == before["status"]["revision"]
    assert f"is served until {body['status']['servedUntil']}" in str(body["status"]["conditions"])
    held = stored.application(f"{tenant}/web")
    assert held is not None
    assert held.spec.get("enabled", True)

    def ended() -> bool:
        now = stored.application(f"{tenant}/web")
        return now is not None and now.spec.get("enabled") is False and now.not_before > 0

    eventually(ended, within=GRACE_S + 10)
    eventually(lambda: "nothing is served since" in json.dumps(application_of(crds, "web", tenant)))
    assert "revision" not in application_of(crds, "web", tenant)["status"]

    crds.kubectl("label", "namespace", tenant, "tier=gold")
    body = ready_application(crds, "web", tenant)
    assert allowed(crds, "web", tenant) == ("True", "Allowed")
    assert "servedUntil" not in body["status"]
    again = stored.application(f"{tenant}/web")
    assert again is not None
    assert again.spec == row.spec
    assert again.client_id == row.client_id


def test_a_restart_keeps_the_deadline_and_writes_nothing(crds: Access, tenant: str, policed: Operators) -> None:
    crds.apply(application("web", tenant))
    ready_application(crds, "web", tenant)
    crds.apply(policy("elsewhere", {"matchLabels": {"tier": "gold"}}))
    until = eventually(lambda: application_of(crds, "web", tenant)["status"].get("servedUntil"))
    eventually(lambda: "nothing is served since" in json.dumps(application_of(crds, "web", tenant)), within=20)
    policed.started[-1].child.stop()
    before = versions(crds, tenant)
    policed.start(OSTIARY_POLICY_GRACE_SECONDS="3600")
    other = f"{tenant}-canary"
    crds.apply(application(other, tenant))
    eventually(lambda: allowed(crds, other, tenant) == ("False", "NotSelected"))
    assert application_of(crds, "web", tenant)["status"]["servedUntil"] == until
    assert [each for each in versions(crds, tenant) if each in before] == before


@pytest.mark.usefixtures("policed")
def test_the_examples_of_the_guide_are_accepted(crds: Access) -> None:
    crds.kubectl("apply", "--server-side", "-f", ROOT / "docs" / "examples" / "policies")
    for name in ("everybody", "storefront", "people"):
        eventually(lambda name=name: accepted(crds, name))


def accepted(access: Access, name: str) -> bool:
    """Whether a policy is said to be in force."""
    status = access.get("oauthapplicationpolicy", name).get("status", {})
    return [(each["type"], each["status"]) for each in status.get("conditions", ())] == [("Accepted", "True")]


def test_users_are_bounded_by_policies_that_speak_of_users(crds: Access, tenant: str, stored: Stored) -> None:
    crds.apply(policy("of-applications", {}, grantModes=["authorization_code"]))
    crds.apply(user("ada", tenant, username=f"ada-{tenant}", groups=["staff"]))
    eventually(lambda: stored.user(f"{tenant}/ada"))
    assert allowed(crds, "ada", tenant, "oauthuser") == ("", "")
    crds.apply(policy("of-users", only(tenant), users={"groups": ["staff"]}))
    eventually(lambda: allowed(crds, "ada", tenant, "oauthuser") == ("True", "Allowed"))
    crds.apply(user("eve", tenant, username=f"eve-{tenant}", groups=["admins"]))
    eventually(lambda: allowed(crds, "eve", tenant, "oauthuser") == ("False", "GroupNotAllowed"))
    crds.kubectl("patch", "oauthapplicationpolicy", "of-users", "--type=merge", "-p", '{"spec": {"users": null}}')
    eventually(lambda: allowed(crds, "eve", tenant, "oauthuser") == ("", ""))


@pytest.mark.usefixtures("policed")
def test_the_oldest_applications_keep_their_place(crds: Access, tenant: str) -> None:
    crds.apply(policy("few", only(tenant), maxApplications=1))
    crds.apply(application("a-first", tenant))
    ready_application(crds, "a-first", tenant)
    crds.apply(application("b-second", tenant))
    eventually(lambda: allowed(crds, "b-second", tenant) == ("False", "TooManyApplications"))
    crds.kubectl("delete", "oauthapplication", "a-first", "--namespace", tenant, "--timeout=20s")
    ready_application(crds, "b-second", tenant)
