"""`ostiary up` as a process: what it serves, keeps, refuses and prints."""

import base64
import hashlib
import json
import re
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.cli.manifests import QUICKSTART, application, password, policy, user
from tests.cli.serving import COMMAND, READY_S, Up, serving
from tests.processes import Child

SHOP = """\
authenticationAddress: http://shop.localhost
callbackURLs: [http://app.localhost:8081/callback]
grantModes: [authorization_code, refresh_token]
"""
CLIENT = "grantModes: [client_credentials]\n"
BILLING = """\
authenticationAddress: http://billing.localhost
grantModes: [password]
scopes: [openid, profile]
"""


def declared(root: Path) -> Up:
    """A shop, a legacy application and alice."""
    up = Up(root)
    up.declare("shop.yaml", application("shop", spec=SHOP))
    up.declare("billing.yaml", application("billing", spec=BILLING))
    up.declare("alice.yaml", user() + "---\n" + password())
    return up


@pytest.fixture
def up(tmp_path: Path) -> Up:
    """For a test that stops it, or breaks something."""
    return declared(tmp_path)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Up, httpx.Client]]:
    """One that runs: each test declares applications of its own beside the shop, billing and alice."""
    up = declared(tmp_path_factory.mktemp("running"))
    with serving(up, "shop", "billing") as client:
        yield up, client


def tokens(
    up: Up, client: httpx.Client, name: str = "billing", *, password: str = "correct-horse", secret: str | None = None
) -> httpx.Response:
    """The password grant of alice at an application."""
    credentials = (f"team.{name}", secret or up.secret("team", f"{name}-oauth")["client-secret"])
    form = {"grant_type": "password", "username": "alice", "password": password, "scope": "openid profile"}
    return client.post(f"{up.issuer(name)}/token", data=form, auth=credentials)


def legacy(name: str, more: str = "") -> str:
    """An application like billing."""
    return application(name, spec=BILLING.replace("billing", name) + more)


def claims(token: str) -> dict[str, object]:
    """What a JWT says."""
    body = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))


def test_the_quickstart_is_served_each_at_its_own_address(tmp_path: Path) -> None:
    up = Up(tmp_path)
    for file in QUICKSTART.iterdir():
        shutil.copy(file, up.manifests)

    with serving(up, "shop", "notes", "billing") as client:
        metadata = client.get(f"{up.issuer('shop')}/.well-known/openid-configuration").json()
        assert metadata["issuer"] == up.issuer("shop")
        assert client.get(f"{up.issuer('unknown')}/").status_code == 421

    lines = [line.split() for line in up.output.splitlines()]
    shop = next(line for line in lines if line[:1] == ["quickstart/shop"])
    assert shop[1:] == ["quickstart.shop", "authorization_code,", "refresh_token", up.issuer("shop"), "Ready"]
    assert f"client secret: {up.data}/secrets/quickstart.shop-oauth.yaml" in up.output
    assert ["quickstart/alice", "alice", "Ready"] in lines
    assert "\033" not in up.output


def test_secrets_and_keys_are_their_owners_alone(running: tuple[Up, httpx.Client]) -> None:
    up, _ = running
    private = [up.data / "secrets" / "team.shop-oauth.yaml", up.data / "cookie.key", up.data / "ostiary.db"]
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (up.data, up.data / "secrets", *private)]
    secret = up.secret("team", "shop-oauth")

    assert modes == [0o700, 0o700, 0o600, 0o600, 0o600]
    assert secret["client-id"] == "team.shop"
    assert secret["issuer"] == up.issuer("shop")
    assert len(base64.urlsafe_b64decode(secret["client-secret"] + "=")) == 32
    assert secret["client-secret"] not in up.output


def test_a_person_signs_in_consents_and_the_application_gets_tokens(running: tuple[Up, httpx.Client]) -> None:
    up, client = running
    form = {
        "grant_type": "authorization_code",
        "code": _code(up, client),
        "redirect_uri": "http://app.localhost:8081/callback",
        "code_verifier": "v" * 43,
    }
    credentials = ("team.shop", up.secret("team", "shop-oauth")["client-secret"])
    answer = client.post(f"{up.issuer('shop')}/token", data=form, auth=credentials)

    assert answer.status_code == 200, answer.text
    assert claims(answer.json()["id_token"])["iss"] == up.issuer("shop")
    assert "refresh_token" in answer.json()


def test_the_password_grant_signs_alice_in(running: tuple[Up, httpx.Client]) -> None:
    good, bad = tokens(*running), tokens(*running, password="wrong")

    assert good.status_code == 200, good.text
    assert bad.json()["error"] == "invalid_grant"


def test_a_save_is_served_within_two_seconds(running: tuple[Up, httpx.Client]) -> None:
    up, client = running
    up.declare("ledger.yaml", legacy("ledger"))
    up.until((up.data / "secrets" / "team.ledger-oauth.yaml").exists)
    up.until(lambda: tokens(up, client, "ledger").status_code == 200)

    def took(line: str, status: int) -> float:
        saved = time.monotonic()
        up.declare("ledger.yaml", legacy("ledger", line))
        up.until(lambda: tokens(up, client, "ledger").status_code == status)
        return time.monotonic() - saved

    edits = [took("enabled: false\n", 401), took("enabled: true\n", 200), took("enabled: false\n", 401)]

    assert min(edits) < 2  # the others may have met another process's work


def test_a_changed_password_counts_and_the_old_one_does_not(running: tuple[Up, httpx.Client]) -> None:
    up, client = running
    up.declare("alice.yaml", user() + "---\n" + password(value="battery-staple"))
    up.until(lambda: tokens(up, client, password="battery-staple").status_code == 200)
    assert tokens(up, client).json()["error"] == "invalid_grant"

    up.declare("alice.yaml", user() + "---\n" + password())
    up.until(lambda: tokens(up, client).status_code == 200)


def test_an_emptied_file_is_not_a_deleted_one(running: tuple[Up, httpx.Client]) -> None:
    up, client = running
    told = up.said("billing.yaml: holds no manifest any more")
    up.declare("billing.yaml", "# later\n")
    up.until(told)
    assert tokens(up, client).status_code == 200

    told = up.said("team/billing")
    up.declare("billing.yaml", legacy("billing"))
    up.until(told)


def test_a_deleted_manifest_is_served_no_more_and_coming_back_it_inherits_nothing(
    running: tuple[Up, httpx.Client],
) -> None:
    up, client = running
    before, shop = up.secret("team", "shop-oauth"), up.manifests / "shop.yaml"
    assert _sign_in_page(up, client) == 200
    shop.unlink()
    up.until(lambda: _sign_in_page(up, client) != 200)
    up.until(lambda: not (up.data / "secrets" / "team.shop-oauth.yaml").exists())

    up.declare("shop.yaml", application("shop", spec=SHOP))
    up.until(lambda: _sign_in_page(up, client) == 200)
    after = up.secret("team", "shop-oauth")
    assert before["client-id"] == after["client-id"]
    assert before["client-secret"] != after["client-secret"]


def test_a_deleted_secret_file_comes_back_for_the_same_client(running: tuple[Up, httpx.Client]) -> None:
    up, client = running
    before, file = up.secret("team", "billing-oauth"), up.data / "secrets" / "team.billing-oauth.yaml"
    file.unlink()
    up.until(file.exists)
    up.until(lambda: tokens(up, client).status_code == 200)
    after = up.secret("team", "billing-oauth")

    assert before["client-id"] == after["client-id"]
    assert before["client-secret"] != after["client-secret"]


def test_a_required_secret_is_waited_for_and_never_invented(running: tuple[Up, httpx.Client]) -> None:
    up, client = running
    own = "example-client-secret-that-is-long-enough-0123"
    told = up.said("waiting for Secret archive")
    up.declare("archive.yaml", legacy("archive", "secret: {name: archive, mode: Require}\n"))
    up.until(told)
    assert up.status(client, "archive") == 421
    assert not list((up.data / "secrets").glob("team.archive*"))

    up.declare("secret.yaml", password("archive", value=own).replace("password:", "client-secret:"))
    up.until(lambda: up.status(client, "archive") == 200)
    assert tokens(up, client, "archive", secret=own).status_code == 200


def test_an_object_that_claims_what_another_holds_is_refused_at_its_line(running: tuple[Up, httpx.Client]) -> None:
    up, _ = running
    told = up.said("team/thief: Conflict: ")
    path = up.declare("thief.yaml", application("thief", spec="clientID: team.shop\n" + CLIENT))
    up.until(told)

    assert f"{path}:1: OAuthApplication team/thief: Conflict: client id 'team.shop' belongs to" in up.output


def test_an_immutable_field_stays_and_the_change_is_told_at_its_line(running: tuple[Up, httpx.Client]) -> None:
    up, client = running
    told = up.said("billing.yaml:7: spec.clientID: clientID cannot be changed")
    up.declare("billing.yaml", application("billing", spec="clientID: other\n" + BILLING))
    up.until(told)
    assert tokens(up, client).status_code == 200

    told = up.said("team/billing")
    up.declare("billing.yaml", legacy("billing"))
    up.until(told)


def test_a_second_one_over_the_same_data_is_refused(running: tuple[Up, httpx.Client], tmp_path: Path) -> None:
    up, _ = running
    text = _refused(tmp_path / "second.log", "up", up.manifests, "--data-dir", up.data)

    assert f"{up.data} is in use by another ostiary up (process " in text


def test_a_port_that_is_taken_is_told(running: tuple[Up, httpx.Client], tmp_path: Path) -> None:
    up, _ = running
    arguments = ("up", up.manifests, "--data-dir", tmp_path / "other", "--port", str(up.port))

    assert f"port {up.port} is in use on 127.0.0.1: stop what listens there" in _refused(tmp_path / "log", *arguments)


def test_a_broken_file_is_told_at_its_line_and_the_last_good_state_stays(up: Up) -> None:
    with serving(up, "shop", "billing") as client:
        told = up.said("shop.yaml:10: spec.enable: there is no such field")
        up.declare("shop.yaml", application("shop", spec=SHOP + "enable: false\n"))
        up.until(told)
        assert _sign_in_page(up, client) == 200

        told = up.said("shop.yaml:1: ")
        up.declare("shop.yaml", "{")
        up.until(told)
        assert _sign_in_page(up, client) == 200

        up.process.stop()
        told = up.said("team/shop is served as it was last")
        up.process.start()
        up.until(told, READY_S)
        assert _sign_in_page(up, client) == 200

        told = up.said("Ready")
        up.declare("shop.yaml", application("shop", spec=SHOP))
        up.until(told)


def test_ctrl_c_ends_it_with_0_and_a_restart_keeps_client_ids_secrets_keys_and_subjects(up: Up) -> None:
    with serving(up, "billing") as client:
        secret = up.secret("team", "billing-oauth")
        subject = claims(tokens(up, client).json()["access_token"])["sub"]
        kept = client.get(f"{up.issuer('billing')}/jwks").json()
        assert up.process.interrupt() == 0
        assert "Traceback" not in up.output

        told = up.said("Ready")
        up.process.start()
        up.until(told, READY_S)
        assert up.secret("team", "billing-oauth") == secret
        assert claims(tokens(up, client).json()["access_token"])["sub"] == subject
        assert client.get(f"{up.issuer('billing')}/jwks").json() == kept


def _refused(log: Path, *arguments: object) -> str:
    """What it says before it exits with 1."""
    child = Child([*COMMAND, *map(str, arguments)], log)
    child.start()
    with pytest.raises(RuntimeError, match="ended with 1"):
        child.wait_until(lambda: False, READY_S)
    return log.read_text()


QUESTION = {
    "response_type": "code",
    "client_id": "team.shop",
    "redirect_uri": "http://app.localhost:8081/callback",
    "scope": "openid profile",
    "state": "s1",
    "code_challenge": base64.urlsafe_b64encode(hashlib.sha256(b"v" * 43).digest()).decode().rstrip("="),
    "code_challenge_method": "S256",
}


def _sign_in_page(up: Up, client: httpx.Client) -> int:
    """The status with which the shop's users are met."""
    return client.get(f"{up.issuer('shop')}/authorize", params=QUESTION, follow_redirects=True).status_code


def _code(up: Up, client: httpx.Client) -> str:
    """Through sign-in and consent, as a browser without JavaScript goes."""
    page = client.get(f"{up.issuer('shop')}/authorize", params=QUESTION, follow_redirects=True)
    answer = _submit(client, page, username="alice", password="correct-horse")
    page = client.get(str(answer.url.join(answer.headers["location"])), follow_redirects=True)
    answer = _submit(client, page, decision="allow")
    arrived = parse_qs(urlsplit(answer.headers["location"]).query)
    assert arrived["state"] == ["s1"]
    assert arrived["iss"] == [up.issuer("shop")]
    return arrived["code"][0]


def _submit(client: httpx.Client, page: httpx.Response, **fields: str) -> httpx.Response:
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))
    action = re.search(r'<form method="post" action="([^"]+)"', page.text)
    assert action is not None, page.text
    return client.post(str(page.url.join(action[1])), data=hidden | fields)


def test_a_policy_is_said_to_bound_nothing_here(running: tuple[Up, httpx.Client]) -> None:
    up, client = running
    said = up.said("OAuthApplicationPolicy base: not looked at, as policies are for a cluster")
    file = up.declare("policy.yaml", policy(spec="namespaceSelector: {}, grantModes: []"))
    up.until(said)
    assert up.status(client, "shop") == 200
    file.unlink()
