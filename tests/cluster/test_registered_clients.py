"""A client that registers itself becomes an OAuthApplication, which kubectl and the client itself edit and remove."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.cluster.access import Access, KubectlFailed
from tests.cluster.operating import conditions, eventually, is_ready, ready_application, secret_values
from tests.cluster.stack import Stack, stack
from tests.postgres import PostgreSQL

LABEL = "ostiary.dev/registered-by=clients"
CALLBACK = "https://reports.example.com/callback"
REPORTS = {
    "client_name": "Reports",
    "redirect_uris": [CALLBACK],
    "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
    "scope": "openid email stock:read",
}


@pytest.fixture(scope="module")
def running(crds: Access, postgresql_server: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Operator and server over PostgreSQL."""
    url = postgresql_server.url(asyncio.run(postgresql_server.database()))
    with stack(crds, url, tmp_path_factory.mktemp("registered")) as started:
        yield started


class Clients:
    """A template in a namespace of its own, and who registers by it."""

    def __init__(self, running: Stack, namespace: str) -> None:
        self.running, self.access, self.namespace = running, running.access, namespace
        running.may_keep_secrets_in(namespace)
        self.declare()
        ready_application(self.access, "clients", namespace)
        self.initial_access_token = secret_values(self.access, "clients-oauth", namespace)["client-secret"]

    def declare(self, **spec: Any) -> None:
        """Apply the template."""
        said = {
            "dynamicRegistration": {"maxClients": 10},
            "grantModes": ["authorization_code", "refresh_token", "client_credentials"],
            "scopes": ["openid", "email", "stock:read"],
        }
        metadata = {"name": "clients", "namespace": self.namespace}
        kind = {"apiVersion": "ostiary.dev/v1alpha1", "kind": "OAuthApplication"}
        self.access.apply({**kind, "metadata": metadata, "spec": said | spec})

    def register(self, **metadata: Any) -> dict[str, Any]:
        """POST /register."""
        answer = self._send("POST", "/register", self.initial_access_token, REPORTS | metadata)
        assert answer.status_code == 201, answer.text
        client: dict[str, Any] = answer.json()
        return client

    def manage(self, method: str, client: dict[str, Any], body: Any = None) -> httpx.Response:
        """The client's own endpoint."""
        path = f"/register/{client['client_id']}"
        return self._send(method, path, client["registration_access_token"], body)

    def token(self, client: dict[str, Any]) -> httpx.Response:
        """By client_credentials."""
        with self.running.client() as asking:
            return asking.post(
                "/token",
                data={"grant_type": "client_credentials"},
                auth=(client["client_id"], client["client_secret"]),
            )

    def listed(self) -> list[dict[str, Any]]:
        """The OAuthApplications that came of clients."""
        found = self.access.kubectl(
            "get", "oauthapplications", "--namespace", self.namespace, "-l", LABEL, "-o", "json"
        )
        items: list[dict[str, Any]] = json.loads(found)["items"]
        return items

    def object_of(self, client: dict[str, Any]) -> dict[str, Any]:
        """Once it is there and served."""

        def look() -> dict[str, Any] | None:
            own = (each for each in self.listed() if each["spec"]["clientID"] == client["client_id"])
            return next(filter(is_ready, own), None)

        found = eventually(look)
        assert found is not None
        return found

    def patch(self, body: dict[str, Any], **spec: Any) -> None:
        """As somebody with kubectl does."""
        name = body["metadata"]["name"]
        self.access.kubectl(
            *("patch", "oauthapplication", name, "--namespace", self.namespace, "--type=merge"),
            *("-p", json.dumps({"spec": spec})),
        )

    def _send(self, method: str, path: str, token: str, body: Any) -> httpx.Response:
        with self.running.client() as asking:
            return asking.request(method, path, json=body, headers={"authorization": f"Bearer {token}"})


@pytest.fixture
def clients(running: Stack, namespace: str) -> Clients:
    return Clients(running, namespace)


def test_a_client_that_registers_is_an_object_that_kubectl_sees(clients: Clients) -> None:
    client = clients.register()
    assert clients.token(client).status_code == 200, "served before there is an object"

    body = clients.object_of(client)

    spec = body["spec"]
    assert spec["registeredBy"] == "clients"
    assert (spec["clientID"], spec["displayName"]) == (client["client_id"], "Reports")
    assert spec["callbackURLs"] == [CALLBACK]
    assert spec["scopes"] == ["openid", "email", "stock:read"]
    assert body["metadata"]["ownerReferences"][0]["name"] == "clients"
    assert body["status"]["clientID"] == client["client_id"]
    assert conditions(body)["SecretReady"] == ("True", "NotNeeded")
    written = json.dumps(body)
    for secret in ("client_secret", "registration_access_token"):
        assert client[secret] not in written
    assert clients.token(client).status_code == 200, "and after"


def test_what_it_was_granted_before_it_had_an_object_stays(clients: Clients) -> None:
    client = clients.register()
    before = clients.token(client).json()["access_token"]
    clients.object_of(client)
    with clients.running.client() as asking:
        told = asking.post(
            "/introspect", data={"token": before}, auth=(client["client_id"], client["client_secret"])
        ).json()
    assert told["active"] is True


def test_its_own_update_edits_the_object_and_leaves_what_others_wrote(clients: Clients) -> None:
    client = clients.register(logo_uri="https://reports.example.com/logo.png")
    body = clients.object_of(client)
    clients.patch(body, description="Of the finance team")

    changed = {**REPORTS, "client_id": client["client_id"], "client_name": "Ledger", "scope": "openid stock:read"}
    answer = clients.manage("PUT", client, changed)
    assert answer.status_code == 200, answer.text
    assert clients.manage("GET", client).json()["client_name"] == "Ledger", "at once"

    def held() -> dict[str, Any] | None:
        now = clients.object_of(client)
        return now if now["spec"]["displayName"] == "Ledger" else None

    now = eventually(held)
    assert now is not None
    assert now["spec"]["scopes"] == ["openid", "stock:read"]
    assert now["spec"]["description"] == "Of the finance team"
    assert "logoURL" not in now["spec"], "an update is the whole metadata"
    assert clients.token(client).json()["scope"] == "stock:read"


def test_what_kubectl_says_afterwards_counts_and_the_client_is_told(clients: Clients) -> None:
    client = clients.register()
    body = clients.object_of(client)

    clients.patch(body, callbackURLs=["https://reports.example.com/new"], scopes=["openid"])

    def told() -> bool:
        now = clients.manage("GET", client).json()
        return (now["redirect_uris"], now["scope"]) == (["https://reports.example.com/new"], "openid")

    eventually(told)
    query = {"response_type": "code", "client_id": client["client_id"], "redirect_uri": CALLBACK, "scope": "openid"}
    with clients.running.client() as asking:
        assert "redirect_uri" in asking.get("/authorize", params=query).text


def test_a_disabled_object_is_refused_whatever_the_client_updates(clients: Clients) -> None:
    client = clients.register()
    token = clients.token(client).json()["access_token"]
    clients.patch(clients.object_of(client), enabled=False)
    eventually(lambda: clients.token(client).status_code == 401)

    changed = {**REPORTS, "client_id": client["client_id"], "client_name": "Back again"}
    clients.manage("PUT", client, changed)

    assert clients.token(client).status_code == 401
    other = clients.register()
    with clients.running.client() as asking:
        answer = asking.post("/introspect", data={"token": token}, auth=(other["client_id"], other["client_secret"]))
    assert answer.json() == {"active": False}


def test_what_the_template_does_not_permit_is_said_and_not_granted(clients: Clients) -> None:
    client = clients.register()
    body = clients.object_of(client)
    clients.patch(body, scopes=["openid", "stock:read", "billing"])

    def said() -> bool:
        now = clients.object_of(client)
        accepted = next(each for each in now["status"]["conditions"] if each["type"] == "Accepted")
        return accepted["message"].endswith("nobody is granted: scope billing")

    eventually(said)
    assert clients.token(client).json()["scope"] == "stock:read"

    clients.declare(scopes=["openid", "email"])
    eventually(lambda: clients.token(client).json().get("scope", "") != "stock:read")
    eventually(lambda: "scope stock:read" in json.dumps(clients.object_of(client)["status"]["conditions"]))


def test_a_client_that_withdraws_takes_its_object_along(clients: Clients) -> None:
    client = clients.register()
    clients.object_of(client)

    assert clients.manage("DELETE", client).status_code == 204

    assert clients.token(client).status_code == 401, "at once"
    eventually(lambda: clients.listed() == [])
    assert clients.manage("GET", client).status_code == 401


def test_who_deletes_the_object_ends_the_client(clients: Clients) -> None:
    client = clients.register()
    name = clients.object_of(client)["metadata"]["name"]

    clients.access.kubectl("delete", "oauthapplication", name, "--namespace", clients.namespace, "--timeout=20s")

    eventually(lambda: clients.token(client).status_code == 401)
    assert clients.manage("GET", client).status_code == 401
    assert clients.listed() == []


def test_when_the_template_goes_so_do_its_clients_and_their_objects(clients: Clients) -> None:
    client = clients.register()
    clients.object_of(client)
    clients.access.kubectl("delete", "oauthapplication", "clients", "--namespace", clients.namespace, "--timeout=20s")

    eventually(lambda: clients.token(client).status_code == 401)

    eventually(lambda: clients.listed() == [])


def test_nobody_can_write_such_an_object_for_a_client_that_is_none(clients: Clients) -> None:
    metadata = {"name": "mine", "namespace": clients.namespace}
    spec = {"clientID": "dyn_made-up", "callbackURLs": ["https://evil.example/"]}
    manifest = {"apiVersion": "ostiary.dev/v1alpha1", "kind": "OAuthApplication", "metadata": metadata}

    with pytest.raises(KubectlFailed, match="do not begin with dyn_"):
        clients.access.apply({**manifest, "spec": spec})
    clients.access.apply({**manifest, "spec": spec | {"registeredBy": "clients"}})

    def refused() -> bool:
        body = clients.access.get("oauthapplication", "mine", clients.namespace)
        return conditions(body).get("Accepted") == ("False", "NotRegistered")

    eventually(refused)


def test_the_operator_tells_of_it_and_prints_no_secret(clients: Clients) -> None:
    client = clients.register()
    clients.object_of(client)
    eventually(
        lambda: (
            client["client_id"]
            in clients.access.kubectl("get", "events", "--namespace", clients.namespace, "-o", "jsonpath={..message}")
        )
    )
    log = clients.running.operator.log.read_text()
    assert client["client_secret"] not in log
    assert client["registration_access_token"] not in log
