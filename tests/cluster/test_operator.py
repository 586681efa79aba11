"""The operator against a real API server and PostgreSQL, under the rights that docs/examples/rbac.yaml gives it."""

from __future__ import annotations

import base64
import hashlib
import json

from tests.cluster.access import Access
from tests.cluster.operating import (
    ISSUER,
    Operators,
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
)


def test_a_manifest_becomes_a_secret_a_row_and_a_status(crds: Access, tenant: str, stored: Stored) -> None:
    crds.apply(application("web", tenant))
    body = ready_application(crds, "web", tenant)
    data = secret_values(crds, "web-oauth", tenant)
    row = stored.application(f"{tenant}/web")
    assert row is not None
    assert row.incarnation == body["metadata"]["uid"]
    assert row.secret_digests == (hashlib.sha256(data["client-secret"].encode()).digest(),)
    assert data["client-id"] == body["status"]["clientID"] == f"{tenant}.web"
    assert data["issuer"] == body["status"]["endpoints"]["issuer"] == ISSUER
    assert body["status"]["revision"] == row.revision
    assert body["metadata"]["finalizers"] == ["ostiary.dev/finalizer"]
    assert not any("ostiary" in name for name in body["metadata"].get("annotations", {}))
    shown = crds.kubectl("get", "oauthapplication", "web", "--namespace", tenant, "-o", "json", "--show-managed-fields")
    entries = json.loads(shown)["metadata"]["managedFields"]
    managers = {entry["manager"] for entry in entries if entry.get("subresource") == "status"}
    assert managers == {"ostiary-operator"}
    owner = crds.get("secret", "web-oauth", tenant)["metadata"]["ownerReferences"][0]
    assert (owner["kind"], owner["uid"]) == ("OAuthApplication", body["metadata"]["uid"])


def test_a_change_is_served_and_a_refused_one_leaves_the_last_good(crds: Access, tenant: str, stored: Stored) -> None:
    crds.apply(application("web", tenant))
    first = ready_application(crds, "web", tenant)
    crds.apply(application("web", tenant, displayName="Shop"))
    second = ready_application(crds, "web", tenant)
    assert second["status"]["revision"] > first["status"]["revision"]
    # an explicit client id that CEL cannot judge, since it sees no tenant
    crds.apply(application("other", tenant, clientID="bank.web"))

    def refused() -> bool:
        return conditions(application_of(crds, "other", tenant)).get("Ready") == ("False", "ClientIDNotAllowed")

    eventually(refused)
    row = stored.application(f"{tenant}/web")
    assert row is not None
    assert row.spec["displayName"] == "Shop"
    assert stored.application(f"{tenant}/other") is None


def test_deletion_ends_the_row_and_the_owned_secret_goes(crds: Access, tenant: str, stored: Stored) -> None:
    crds.apply(application("web", tenant))
    ready_application(crds, "web", tenant)
    crds.kubectl("delete", "oauthapplication", "web", "--namespace", tenant, "--timeout=20s")
    assert stored.application(f"{tenant}/web") is None
    # the garbage collector looks for new kinds every 30 s, and this cluster's are new
    left = lambda: crds.kubectl("get", "secrets", "--namespace", tenant, "-o", "name")  # noqa: E731
    eventually(lambda: "web-oauth" not in left(), within=60)


def test_an_orphaned_application_keeps_its_row_and_its_secret(crds: Access, tenant: str, stored: Stored) -> None:
    crds.apply(application("web", tenant, deletionPolicy="Orphan"))
    ready_application(crds, "web", tenant)
    before = secret_values(crds, "web-oauth", tenant)
    crds.kubectl("delete", "oauthapplication", "web", "--namespace", tenant, "--timeout=20s")
    row = stored.application(f"{tenant}/web")
    assert row is not None
    assert not row.owned
    assert "ownerReferences" not in crds.get("secret", "web-oauth", tenant)["metadata"]
    assert secret_values(crds, "web-oauth", tenant) == before


def test_a_deleted_secret_comes_back_with_the_same_client_id(crds: Access, tenant: str, stored: Stored) -> None:
    crds.apply(application("web", tenant))
    ready_application(crds, "web", tenant)
    before = secret_values(crds, "web-oauth", tenant)
    crds.kubectl("delete", "secret", "web-oauth", "--namespace", tenant)
    after = eventually(lambda: secret_values(crds, "web-oauth", tenant))
    assert after["client-id"] == before["client-id"]
    assert after["client-secret"] != before["client-secret"]
    digest = hashlib.sha256(after["client-secret"].encode()).digest()

    def followed() -> bool:
        row = stored.application(f"{tenant}/web")
        return row is not None and row.secret_digests == (digest,)

    eventually(followed)


def test_require_waits_for_the_secret_and_follows_it(crds: Access, tenant: str, stored: Stored) -> None:
    crds.apply(application("web", tenant, secret={"name": "mine", "mode": "Require"}))
    eventually(
        lambda: conditions(application_of(crds, "web", tenant)).get("SecretReady") == ("False", "WaitingForSecret")
    )
    assert "mine" not in crds.kubectl("get", "secrets", "--namespace", tenant, "-o", "name")
    for value in ("first-of-somebody", "second-of-somebody"):
        crds.apply(secret("mine", tenant, client_secret=value))
        digest = hashlib.sha256(value.encode()).digest()

        def followed(digest: bytes = digest) -> bool:
            row = stored.application(f"{tenant}/web")
            return row is not None and row.secret_digests == (digest,)

        eventually(followed)
    ready_application(crds, "web", tenant)


def test_the_first_holder_keeps_a_client_id_and_the_next_gets_it_when_it_is_given_up(
    crds: Access, tenant: str, stored: Stored
) -> None:
    crds.apply(application("first", tenant, clientID=f"contested-{tenant}"))
    ready_application(crds, "first", tenant)
    crds.apply(application("second", tenant, clientID=f"contested-{tenant}"))
    eventually(lambda: conditions(application_of(crds, "second", tenant)).get("Ready") == ("False", "Conflict"))
    crds.kubectl("delete", "oauthapplication", "first", "--namespace", tenant, "--timeout=20s")
    ready_application(crds, "second", tenant)
    row = stored.application(f"{tenant}/second")
    assert row is not None
    assert row.client_id == f"contested-{tenant}"


def test_a_user_signs_in_with_what_the_secret_holds_now(crds: Access, tenant: str, stored: Stored) -> None:
    crds.apply(user("ada", tenant, passwordSecretRef={"name": "ada"}))
    eventually(
        lambda: conditions(crds.get("oauthuser", "ada", tenant)).get("SecretReady") == ("False", "WaitingForSecret")
    )
    crds.apply(secret("ada", tenant, password="correct horse"))
    eventually(lambda: is_ready(crds.get("oauthuser", "ada", tenant)))
    first = stored.user(f"{tenant}/ada")
    assert first is not None
    assert first.password_hash is not None
    assert first.password_hash.startswith("$argon2id$")
    crds.apply(secret("ada", tenant, password="battery staple"))

    def changed() -> bool:
        row = stored.user(f"{tenant}/ada")
        return row is not None and row.password_hash != first.password_hash and row.not_before > 0

    eventually(changed)


def test_a_namespace_without_a_binding_is_told_the_command_that_makes_one(
    crds: Access, namespace: str, stored: Stored
) -> None:
    crds.apply(application("web", namespace))

    def message() -> str:
        status = application_of(crds, "web", namespace).get("status", {})
        found = [each for each in status.get("conditions", ()) if each["reason"] == "Forbidden"]
        return str(found[0]["message"]) if found else ""

    told = eventually(message)
    assert stored.application(f"{namespace}/web") is None
    command = told.partition("kubectl ")[2]
    crds.kubectl(*command.split())
    ready_application(crds, "web", namespace)


def test_no_secret_is_seen_outside_the_secrets(crds: Access, tenant: str, everywhere: Operators) -> None:
    crds.apply(
        application("web", tenant),
        secret("mine", tenant, client_secret="chosen-by-somebody"),
        application("ours", tenant, secret={"name": "mine", "mode": "Require"}),
        secret("ada", tenant, password="correct horse"),
        user("ada", tenant, passwordSecretRef={"name": "ada"}),
    )
    for name in ("web", "ours"):
        ready_application(crds, name, tenant)
    eventually(lambda: is_ready(crds.get("oauthuser", "ada", tenant)))
    eventually(lambda: "new client secret" in crds.kubectl("get", "events", "--namespace", tenant))
    kinds = "oauthapplications,oauthusers,events,configmaps"
    shown = crds.kubectl("get", kinds, "--namespace", tenant, "-o", "json", "--show-managed-fields")
    shown += everywhere.logs()
    for value in (secret_values(crds, "web-oauth", tenant)["client-secret"], "chosen-by-somebody", "correct horse"):
        assert value not in shown
        assert base64.b64encode(value.encode()).decode() not in shown
