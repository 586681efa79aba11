"""`ostiary up` as a process: what it serves, keeps, refuses and prints."""

import base64
import hashlib
import json
import re
import shutil
import stat
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.cli.manifests import QUICKSTART, application, password, user
from tests.cli.serving import COMMAND, Up, serving
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


@pytest.fixture
def up(tmp_path: Path) -> Up:
    """A shop, a legacy application and alice."""
    up = Up(tmp_path)
    up.declare("shop.yaml", application("shop", spec=SHOP))
    up.declare("billing.yaml", application("billing", spec=BILLING))
    up.declare("alice.yaml", user() + "---\n" + password())
    return up


def tokens(up: Up, client: httpx.Client, password: str = "correct-horse") -> httpx.Response:
    """The password grant of alice at billing."""
    credentials = ("team.billing", up.secret("team", "billing-oauth")["client-secret"])
    form = {"grant_type": "password", "username": "alice", "password": password, "scope": "openid profile"}
    return client.post(f"{up.issuer('billing')}/token", data=form, auth=credentials)


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


def test_secrets_and_keys_are_their_owners_alone(up: Up) -> None:
    with serving(up, "shop"):
        private = [up.data / "secrets" / "team.shop-oauth.yaml", up.data / "cookie.key", up.data / "ostiary.db"]
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (up.data, up.data / "secrets", *private)]
        secret = up.secret("team", "shop-oauth")

    assert modes == [0o700, 0o700, 0o600, 0o600, 0o600]
    assert secret["client-id"] == "team.shop"
    assert secret["issuer"] == up.issuer("shop")
    assert len(base64.urlsafe_b64decode(secret["client-secret"] + "=")) == 32
    assert secret["client-secret"] not in up.output


def test_a_person_signs_in_consents_and_the_application_gets_tokens(up: Up) -> None:
    with serving(up, "shop") as client:
        code = _code(up, client)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": "http://app.localhost:8081/callback",
            "code_verifier": "v" * 43,
        }
        credentials = ("team.shop", up.secret("team", "shop-oauth")["client-secret"])
        answer = client.post(f"{up.issuer('shop')}/token", data=form, auth=credentials)

    assert answer.status_code == 200, answer.text
    assert claims(answer.json()["id_token"])["iss"] == up.issuer("shop")
    assert "refresh_token" in answer.json()


def test_the_password_grant_signs_alice_in(up: Up) -> None:
    with serving(up, "billing") as client:
        good, bad = tokens(up, client), tokens(up, client, "wrong")

    assert good.status_code == 200, good.text
    assert bad.json()["error"] == "invalid_grant"


def test_what_is_saved_is_served(up: Up) -> None:
    with serving(up, "shop") as client:
        up.declare("more.yaml", application("more", spec="authenticationAddress: http://more.localhost\n" + CLIENT))
        up.until(lambda: up.status(client, "more") == 200)

        up.declare("billing.yaml", application("billing", spec=BILLING + "enabled: false\n"))
        up.until(lambda: tokens(up, client).status_code == 401)

        up.declare("alice.yaml", user() + "---\n" + password(value="battery-staple"))
        up.declare("billing.yaml", application("billing", spec=BILLING))
        up.until(lambda: tokens(up, client, "battery-staple").status_code == 200)
        assert tokens(up, client).json()["error"] == "invalid_grant"


def test_a_save_is_served_within_two_seconds(up: Up) -> None:
    def took(line: str, status: int) -> float:
        saved = time.monotonic()
        up.declare("billing.yaml", application("billing", spec=BILLING + line))
        up.until(lambda: tokens(up, client).status_code == status)
        return time.monotonic() - saved

    with serving(up, "billing") as client:
        edits = [took("enabled: false\n", 401), took("enabled: true\n", 200), took("enabled: false\n", 401)]

    assert min(edits) < 2  # the others may have met another process's work


def test_a_broken_file_is_told_at_its_line_and_the_last_good_state_stays(up: Up) -> None:
    with serving(up, "shop", "billing") as client:
        told = up.said("shop.yaml:10: spec.enable: there is no such field")
        up.declare("shop.yaml", application("shop", spec=SHOP + "enable: false\n"))
        up.until(told)
        assert up.status(client, "shop") == 200

        told = up.said("shop.yaml:1: ")
        up.declare("shop.yaml", "{")
        up.until(told)
        assert up.status(client, "shop") == 200

        up.process.stop()
        up.process.start()
        up.until(up.said("team/shop is served as it was last"), 30)
        assert up.status(client, "shop") == 200

        told = up.said("Ready")
        up.declare("shop.yaml", application("shop", spec=SHOP))
        up.until(told)


def test_an_emptied_file_is_not_a_deleted_one(up: Up) -> None:
    with serving(up, "shop") as client:
        told = up.said("shop.yaml: holds no manifest any more")
        up.declare("shop.yaml", "# later\n")
        up.until(told)
        assert up.status(client, "shop") == 200


def test_a_deleted_manifest_is_served_no_more_and_its_secret_goes(up: Up) -> None:
    with serving(up, "shop") as client:
        assert _sign_in_page(up, client) == 200
        (up.manifests / "shop.yaml").unlink()

        up.until(lambda: _sign_in_page(up, client) != 200)
        up.until(lambda: not (up.data / "secrets" / "team.shop-oauth.yaml").exists())


def test_an_application_that_comes_back_has_a_new_secret(up: Up) -> None:
    with serving(up, "shop") as client:
        before = up.secret("team", "shop-oauth")
        (up.manifests / "shop.yaml").unlink()
        up.until(lambda: _sign_in_page(up, client) != 200)
        up.declare("shop.yaml", application("shop", spec=SHOP))
        up.until(lambda: _sign_in_page(up, client) == 200)
        after = up.secret("team", "shop-oauth")

    assert before["client-id"] == after["client-id"]
    assert before["client-secret"] != after["client-secret"]


def test_a_restart_keeps_client_ids_secrets_and_subjects(up: Up) -> None:
    with serving(up, "billing") as client:
        secret = up.secret("team", "billing-oauth")
        subject = claims(tokens(up, client).json()["access_token"])["sub"]
        kept = client.get(f"{up.issuer('billing')}/jwks").json()
        assert up.process.interrupt() == 0

        up.process.start()
        up.until(up.said("Ready"), 30)
        assert up.secret("team", "billing-oauth") == secret
        assert claims(tokens(up, client).json()["access_token"])["sub"] == subject
        assert client.get(f"{up.issuer('billing')}/jwks").json() == kept


def test_a_deleted_secret_file_comes_back_for_the_same_client(up: Up) -> None:
    with serving(up, "billing") as client:
        before = up.secret("team", "billing-oauth")
        (up.data / "secrets" / "team.billing-oauth.yaml").unlink()
        up.until((up.data / "secrets" / "team.billing-oauth.yaml").exists)
        up.until(lambda: tokens(up, client).status_code == 200)
        after = up.secret("team", "billing-oauth")

    assert before["client-id"] == after["client-id"]
    assert before["client-secret"] != after["client-secret"]


def test_a_required_secret_is_waited_for_and_never_invented(up: Up) -> None:
    required = BILLING + "secret: {name: billing, mode: Require}\n"
    up.declare("billing.yaml", application("billing", spec=required))
    with serving(up, "shop") as client:
        assert up.status(client, "billing") == 421
        assert not list((up.data / "secrets").glob("team.billing*"))

        own = "example-client-secret-that-is-long-enough-0123"
        up.declare("secret.yaml", password("billing", value=own).replace("password:", "client-secret:"))
        up.until(lambda: up.status(client, "billing") == 200)
        form = {"grant_type": "password", "username": "alice", "password": "correct-horse", "scope": "openid"}
        answer = client.post(f"{up.issuer('billing')}/token", data=form, auth=("team.billing", own))

    assert answer.status_code == 200, answer.text


def test_an_object_that_claims_what_another_holds_is_refused_at_its_line(up: Up) -> None:
    with serving(up, "shop"):
        told = up.said("team/thief: Conflict: ")
        spec = "clientID: team.shop\n" + CLIENT
        path = up.declare("thief.yaml", application("thief", spec=spec))
        up.until(told)

    assert f"{path}:1: OAuthApplication team/thief: Conflict: client id 'team.shop' belongs to" in up.output


def test_an_immutable_field_stays_and_the_change_is_told_at_its_line(up: Up) -> None:
    with serving(up, "billing") as client:
        told = up.said("billing.yaml:7: spec.clientID: clientID cannot be changed")
        up.declare("billing.yaml", application("billing", spec="clientID: other\n" + BILLING))
        up.until(told)

        assert tokens(up, client).status_code == 200


def test_ctrl_c_ends_it_with_0(up: Up) -> None:
    with serving(up, "shop"):
        assert up.process.interrupt() == 0

    assert "Traceback" not in up.output


def test_a_second_one_over_the_same_data_is_refused(up: Up, tmp_path: Path) -> None:
    with serving(up, "shop"):
        second = Child([*COMMAND, "up", up.manifests, "--data-dir", up.data], tmp_path / "second.log")
        second.start()
        with pytest.raises(RuntimeError, match="ended with 1"):
            second.wait_until(lambda: False, 30)

    assert f"{up.data} is in use by another ostiary up (process " in (tmp_path / "second.log").read_text()


def test_a_port_that_is_taken_is_told(up: Up, tmp_path: Path) -> None:
    with serving(up, "shop"):
        arguments = ["up", up.manifests, "--data-dir", tmp_path / "other", "--port", str(up.port)]
        second = Child([*COMMAND, *arguments], tmp_path / "second.log")
        second.start()
        with pytest.raises(RuntimeError, match="ended with 1"):
            second.wait_until(lambda: False, 30)

    assert f"port {up.port} is in use on 127.0.0.1: stop what listens there" in (tmp_path / "second.log").read_text()


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
