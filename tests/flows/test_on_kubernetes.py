"""The quickstart's manifests, unchanged, on a real API server: operator, PostgreSQL and server as in a cluster."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from tests.cluster.access import Access
from tests.cluster.operating import application_of, conditions, eventually, ready_application, secret_values
from tests.cluster.stack import Stack, stack
from tests.pages.forms import form_of
from tests.postgres import PostgreSQL

QUICKSTART = Path(__file__).parents[2] / "docs" / "examples" / "quickstart"
NAMESPACE = "quickstart"
PASSWORD = "correct-horse-battery-staple"
SHOP, NOTES, BILLING = "http://shop.localhost", "http://notes.localhost", "http://billing.localhost"


@pytest.fixture(scope="module")
def served(crds: Access, postgresql_server: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything of the quickstart is Ready."""
    url = postgresql_server.url(asyncio.run(postgresql_server.database()))
    crds.kubectl("create", "namespace", NAMESPACE)
    with stack(crds, url, tmp_path_factory.mktemp("stack")) as running:
        running.may_keep_secrets_in(NAMESPACE)
        crds.kubectl("apply", "-f", QUICKSTART)
        for name in ("shop", "notes", "billing"):
            ready_application(crds, name, NAMESPACE)
        eventually(lambda: conditions(crds.get("oauthuser", "alice", NAMESPACE))["Ready"] == ("True", "Ready"))
        yield running
    crds.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def test_the_shop_signs_alice_in_with_what_its_secret_says(served: Stack) -> None:
    secret = secret_values(served.access, "shop-oauth", NAMESPACE)
    assert secret["issuer"] == SHOP
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    callback = "http://app.localhost:8081/callback"

    back = _sign_in(
        served,
        SHOP,
        client_id=secret["client-id"],
        redirect_uri=callback,
        response_type="code",
        scope="openid profile email",
        code_challenge=challenge,
        code_challenge_method="S256",
        state="a-state",
    )
    answer = dict(parse_qsl(back.query.decode()))
    assert answer["iss"] == SHOP
    assert answer["state"] == "a-state"
    with served.client(SHOP) as shop:
        credentials = (secret["client-id"], secret["client-secret"])
        form = {"grant_type": "authorization_code", "redirect_uri": callback, "code_verifier": verifier}
        tokens = shop.post("/token", data={**form, "code": answer["code"]}, auth=credentials).json()
        person = shop.get("/userinfo", headers={"authorization": f"Bearer {tokens['access_token']}"}).json()
        refreshed = shop.post(
            "/token", data={"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}, auth=credentials
        )

    assert person["email"] == "alice@example.com"
    assert refreshed.status_code == 200


def test_the_notes_get_their_token_in_the_fragment(served: Stack) -> None:
    back = _sign_in(
        served,
        NOTES,
        client_id="quickstart.notes",
        redirect_uri="http://spa.localhost:8081/notes",
        response_type="token",
        scope="profile",
    )
    assert not back.query
    answer = dict(parse_qsl(back.fragment))
    assert answer["token_type"] == "Bearer"
    assert answer["iss"] == NOTES
    assert "refresh_token" not in answer


def test_billing_passes_the_password_on(served: Stack) -> None:
    secret = secret_values(served.access, "billing-oauth", NAMESPACE)
    form = {"grant_type": "password", "username": "alice", "password": PASSWORD}
    with served.client(BILLING) as billing:
        answer = billing.post("/token", data=form, auth=(secret["client-id"], secret["client-secret"]))
    assert answer.status_code == 200, answer.text


def test_an_application_is_served_at_its_own_address_only(served: Stack) -> None:
    secret = secret_values(served.access, "billing-oauth", NAMESPACE)
    form = {"grant_type": "password", "username": "alice", "password": PASSWORD}
    with served.client(SHOP) as shop:
        answer = shop.post("/token", data=form, auth=(secret["client-id"], secret["client-secret"]))
    assert answer.json()["error"] == "invalid_client"


def test_disabling_in_the_manifest_refuses_the_client_and_enabling_serves_it_again(served: Stack) -> None:
    secret = secret_values(served.access, "billing-oauth", NAMESPACE)
    form = {"grant_type": "password", "username": "alice", "password": PASSWORD}

    def answer() -> httpx.Response:
        with served.client(BILLING) as billing:
            return billing.post("/token", data=form, auth=(secret["client-id"], secret["client-secret"]))

    try:
        _patch(served, "billing", '{"spec": {"enabled": false}}')
        eventually(lambda: answer().json().get("error") == "invalid_client")
    finally:
        _patch(served, "billing", '{"spec": {"enabled": true}}')
    eventually(lambda: answer().status_code == 200)


def test_status_tells_where_the_endpoints_are_and_which_grant_mode_is_discouraged(served: Stack) -> None:
    shop = application_of(served.access, "shop", NAMESPACE)
    notes = application_of(served.access, "notes", NAMESPACE)
    assert shop["status"]["endpoints"]["token"] == f"{SHOP}/token"
    assert shop["status"]["clientID"] == "quickstart.shop"
    assert "DiscouragedGrantMode" not in conditions(shop)
    assert conditions(notes)["DiscouragedGrantMode"][0] == "True"


def test_kubectl_lists_and_explains_them(served: Stack) -> None:
    listed = served.access.kubectl("get", "oauthapp", "shop", "--namespace", NAMESPACE)
    assert listed.splitlines()[0].split() == ["NAME", "CLIENT", "ID", "ENABLED", "TYPE", "READY", "REASON", "AGE"]
    wide = served.access.kubectl("get", "ostiary", "--namespace", NAMESPACE, "-o", "wide")
    assert "GRANT MODES" in wide
    explained = served.access.kubectl("explain", "oauthapplication.spec.callbackURLs")
    assert "DESCRIPTION" in explained


def _patch(served: Stack, name: str, patch: str) -> None:
    served.access.kubectl("patch", "oauthapp", name, "--namespace", NAMESPACE, "--type=merge", "-p", patch)


def _sign_in(served: Stack, origin: str, **request: str) -> httpx.URL:
    """What alice's browser does, up to the callback's address."""
    with served.client(origin) as browser:
        answer = browser.get("/authorize", params=request)
        for _ in range(8):
            if answer.is_redirect:
                target = httpx.URL(answer.headers["location"])
                if target.host and urlsplit(origin).hostname != target.host:
                    return target
                answer = browser.get(target.raw_path.decode())
            else:
                form = form_of(answer)
                fields = form.fields | (
                    {"username": "alice", "password": PASSWORD} if "password" in form.inputs else {}
                )
                if button := form.buttons[0].get("name"):
                    fields[button] = form.buttons[0].get("value") or ""
                answer = browser.post(form.action, data=fields)
    raise AssertionError(f"{answer.status_code} {answer.text[:500]}")
