"""The operator against a real API server and PostgreSQL, under the rights that docs/examples/rbac.yaml gives it."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from tests.cluster.access import Access
from tests.cluster.operating import (
    ISSUER,
    Operators,
    Stored,
    application,
    conditions,
    eventually,
    is_ready,
    secret,
    user,
)


def _app(kube: Access, name: str, namespace: str) -> dict[str, Any]:
    return kube.get("oauthapplication", name, namespace)


def _secret_of(kube: Access, name: str, namespace: str) -> dict[str, str]:
    data = kube.get("secret", name, namespace)["data"]
    return {key: base64.b64decode(value).decode() for key, value in data.items()}


def _ready(kube: Access, name: str, namespace: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        body = _app(kube, name, namespace)
        return body if is_ready(body) else None

    found = eventually(look)
    assert found is not None
    return found


def test_a_manifest_becomes_a_secret_a_row_and_a_status(
    crds: Access, namespace: str, operators: Operators, stored: Stored
) -> None:
    operators.start()
    crds.apply(application("web", namespace))
    body = _ready(crds, "web", namespace)
    data = _secret_of(crds, "web-oauth", namespace)
    row = stored.application(f"{namespace}/web")
    assert row is not None
    assert row.incarnation == body["metadata"]["uid"]
    assert row.secret_digests == (hashlib.sha256(data["client-secret"].encode()).digest(),)
    assert data["client-id"] == body["status"]["clientID"] == f"{namespace}.web"
    assert data["issuer"] == body["status"]["endpoints"]["issuer"] == ISSUER
    assert body["status"]["revision"] == row.revision
    assert body["metadata"]["finalizers"] == ["ostiary.dev/finalizer"]
    assert not any("ostiary" in name for name in body["metadata"].get("annotations", {}))
    shown = crds.kubectl(
        "get", "oauthapplication", "web", "--namespace", namespace, "-o", "json", "--show-managed-fields"
    )
    entries = json.loads(shown)["metadata"]["managedFields"]
    managers = {entry["manager"] for entry in entries if entry.get("subresource") == "status"}
    assert managers == {"ostiary-reconcile", "ostiary-serving"}
    owner = crds.get("secret", "web-oauth", namespace)["metadata"]["ownerReferences"][0]
    assert (owner["kind"], owner["uid"]) == ("OAuthApplication", body["metadata"]["uid"])


def test_a_change_is_served_and_a_refused_one_leaves_the_last_good(
    crds: Access, namespace: str, operators: Operators, stored: Stored
) -> None:
    operators.start()
    crds.apply(application("web", namespace))
    first = _ready(crds, "web", namespace)
    crds.apply(application("web", namespace, displayName="Shop"))
    second = _ready(crds, "web", namespace)
    assert second["status"]["revision"] > first["status"]["revision"]
    # an explicit client id that CEL cannot judge, since it sees no namespace
    crds.apply(application("other", namespace, clientID="bank.web"))

    def refused() -> bool:
        return conditions(_app(crds, "other", namespace)).get("Ready") == ("False", "ClientIDNotAllowed")

    eventually(refused)
    row = stored.application(f"{namespace}/web")
    assert row is not None
    assert row.spec["displayName"] == "Shop"
    assert stored.application(f"{namespace}/other") is None


def test_deletion_ends_the_row_and_the_owned_secret_goes(
    crds: Access, namespace: str, operators: Operators, stored: Stored
) -> None:
    operators.start()
    crds.apply(application("web", namespace))
    _ready(crds, "web", namespace)
    crds.kubectl("delete", "oauthapplication", "web", "--namespace", namespace, "--timeout=20s")
    assert stored.application(f"{namespace}/web") is None
    eventually(lambda: "web-oauth" not in crds.kubectl("get", "secrets", "--namespace", namespace, "-o", "name"))


def test_an_orphaned_application_keeps_its_row_and_its_secret(
    crds: Access, namespace: str, operators: Operators, stored: Stored
) -> None:
    operators.start()
    crds.apply(application("web", namespace, deletionPolicy="Orphan"))
    _ready(crds, "web", namespace)
    before = _secret_of(crds, "web-oauth", namespace)
    crds.kubectl("delete", "oauthapplication", "web", "--namespace", namespace, "--timeout=20s")
    row = stored.application(f"{namespace}/web")
    assert row is not None
    assert not row.owned
    assert "ownerReferences" not in crds.get("secret", "web-oauth", namespace)["metadata"]
    assert _secret_of(crds, "web-oauth", namespace) == before


def test_a_deleted_secret_comes_back_with_the_same_client_id(
    crds: Access, namespace: str, operators: Operators, stored: Stored
) -> None:
    operators.start()
    crds.apply(application("web", namespace))
    _ready(crds, "web", namespace)
    before = _secret_of(crds, "web-oauth", namespace)
    crds.kubectl("delete", "secret", "web-oauth", "--namespace", namespace)
    after = eventually(lambda: _secret_of(crds, "web-oauth", namespace))
    assert after["client-id"] == before["client-id"]
    assert after["client-secret"] != before["client-secret"]
    digest = hashlib.sha256(after["client-secret"].encode()).digest()

    def followed() -> bool:
        row = stored.application(f"{namespace}/web")
        return row is not None and row.secret_digests == (digest,)

    eventually(followed)


def test_require_waits_for_the_secret_and_follows_it(
    crds: Access, namespace: str, operators: Operators, stored: Stored
) -> None:
    operators.start()
    crds.apply(application("web", namespace, secret={"name": "mine", "mode": "Require"}))
    eventually(lambda: conditions(_app(crds, "web", namespace)).get("SecretReady") == ("False", "WaitingForSecret"))
    assert "mine" not in crds.kubectl("get", "secrets", "--namespace", namespace, "-o", "name")
    for value in ("first-of-somebody", "second-of-somebody"):
        crds.apply(secret("mine", namespace, client_secret=value))
        digest = hashlib.sha256(value.encode()).digest()

        def followed(digest: bytes = digest) -> bool:
            row = stored.application(f"{namespace}/web")
            return row is not None and row.secret_digests == (digest,)

        eventually(followed)
    _ready(crds, "web", namespace)


def test_the_first_holder_keeps_a_client_id_and_the_next_gets_it_when_it_is_given_up(
    crds: Access, namespace: str, operators: Operators
) -> None:
    operators.start()
    crds.apply(application("first", namespace, clientID="contested"))
    _ready(crds, "first", namespace)
    crds.apply(application("second", namespace, clientID="contested"))
    eventually(lambda: conditions(_app(crds, "second", namespace)).get("Ready") == ("False", "Conflict"))
    crds.kubectl("delete", "oauthapplication", "first", "--namespace", namespace, "--timeout=20s")
    _ready(crds, "second", namespace)


def test_a_user_signs_in_with_what_the_secret_holds_now(
    crds: Access, namespace: str, operators: Operators, stored: Stored
) -> None:
    operators.start()
    crds.apply(user("ada", namespace, passwordSecretRef={"name": "ada"}))
    eventually(
        lambda: conditions(crds.get("oauthuser", "ada", namespace)).get("SecretReady") == ("False", "WaitingForSecret")
    )
    crds.apply(secret("ada", namespace, password="correct horse"))
    eventually(lambda: is_ready(crds.get("oauthuser", "ada", namespace)))
    first = stored.user(f"{namespace}/ada")
    assert first is not None
    assert first.password_hash is not None
    assert first.password_hash.startswith("$argon2id$")
    crds.apply(secret("ada", namespace, password="battery staple"))

    def changed() -> bool:
        row = stored.user(f"{namespace}/ada")
        return row is not None and row.password_hash != first.password_hash and row.not_before > 0

    eventually(changed)


def test_a_namespace_without_a_binding_is_told_the_command_that_makes_one(
    crds: Access, unbound_namespace: str, operators_of: Any, stored: Stored
) -> None:
    operators = operators_of(unbound_namespace)
    operators.start()
    crds.apply(application("web", unbound_namespace))

    def message() -> str:
        status = _app(crds, "web", unbound_namespace).get("status", {})
        found = [each for each in status.get("conditions", ()) if each["reason"] == "Forbidden"]
        return str(found[0]["message"]) if found else ""

    told = eventually(message)
    assert stored.application(f"{unbound_namespace}/web") is None
    command = told.partition("kubectl ")[2]
    crds.kubectl(*command.split())
    _ready(crds, "web", unbound_namespace)


def test_a_restart_writes_nothing(crds: Access, namespace: str, operators: Operators, stored: Stored) -> None:
    first = operators.start()
    crds.apply(
        application("web", namespace),
        application("public", namespace, type="Public"),
        application("wrong", namespace, clientID="bank.web"),
        secret("ada", namespace, password="correct horse"),
        user("ada", namespace, passwordSecretRef={"name": "ada"}),
    )
    for name in ("web", "public"):
        _ready(crds, name, namespace)
    eventually(lambda: conditions(_app(crds, "wrong", namespace)).get("Ready") == ("False", "ClientIDNotAllowed"))
    eventually(lambda: is_ready(crds.get("oauthuser", "ada", namespace)))

    def versions() -> list[Any]:
        listed = crds.kubectl(
            "get", "oauthapplications,oauthusers,secrets,events", "--namespace", namespace, "-o", "json"
        )
        return sorted(
            (item["kind"], item["metadata"]["name"], item["metadata"]["resourceVersion"])
            for item in json.loads(listed)["items"]
        )

    eventually(lambda: len([each for each in versions() if each[0] == "Event"]) >= 5)
    rows = [stored.application(f"{namespace}/web"), stored.user(f"{namespace}/ada")]
    before = versions()
    first.child.stop()
    second = operators.start()
    reconciled = [
        'ostiary_reconciles_total{kind="OAuthApplication",outcome="stored"}',
        'ostiary_reconciles_total{kind="OAuthUser",outcome="stored"}',
    ]
    eventually(lambda: [second.metric(sample) for sample in reconciled] == [2, 1])
    eventually(lambda: second.metric("ostiary_worklist_depth") == 0)
    assert versions() == before
    assert [stored.application(f"{namespace}/web"), stored.user(f"{namespace}/ada")] == rows


def test_no_secret_is_seen_outside_the_secrets(crds: Access, namespace: str, operators: Operators) -> None:
    operators.start(OSTIARY_LOG_LEVEL="debug")
    crds.apply(
        application("web", namespace),
        secret("mine", namespace, client_secret="chosen-by-somebody"),
        application("ours", namespace, secret={"name": "mine", "mode": "Require"}),
        secret("ada", namespace, password="correct horse"),
        user("ada", namespace, passwordSecretRef={"name": "ada"}),
    )
    for name in ("web", "ours"):
        _ready(crds, name, namespace)
    eventually(lambda: is_ready(crds.get("oauthuser", "ada", namespace)))
    eventually(lambda: "SecretCreated" in crds.kubectl("get", "events", "--namespace", namespace))
    kinds = "oauthapplications,oauthusers,events,configmaps"
    shown = crds.kubectl("get", kinds, "--namespace", namespace, "-o", "json", "--show-managed-fields")
    shown += operators.logs()
    for value in (_secret_of(crds, "web-oauth", namespace)["client-secret"], "chosen-by-somebody", "correct horse"):
        assert value not in shown
        assert base64.b64encode(value.encode()).decode() not in shown
