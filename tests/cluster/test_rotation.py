"""Client secrets follow each other on a real API server and PostgreSQL, while their application asks for tokens."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from sqlalchemy import select

from ostiary_state.intent import StoredApplication
from ostiary_state.store.engine import open_database
from ostiary_state.store.intent import IntentRepository
from ostiary_state.store.tables import revision
from tests.cluster.access import Access
from tests.cluster.operating import (
    application,
    application_of,
    conditions,
    eventually,
    ready_application,
    secret_values,
)
from tests.cluster.stack import Stack, stack
from tests.postgres import PostgreSQL

MACHINE: dict[str, Any] = {"grantModes": ["client_credentials"], "callbackURLs": []}
DAY = 86400.0


@pytest.fixture(scope="module")
def running(
    crds: Access, postgresql_server: PostgreSQL, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Stack, str]]:
    """Operator and server on one database, whose URL comes with it."""
    url = postgresql_server.url(asyncio.run(postgresql_server.database()))
    with stack(crds, url, tmp_path_factory.mktemp("rotation"), OSTIARY_ROTATION_SPACING_SECONDS="0") as made:
        yield made, url


@dataclass
class Client:
    """Asks for tokens without a pause, with the secret that it read last."""

    stack: Stack
    namespace: str
    client_id: str
    secret: str
    answers: list[int] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def token(self) -> int:
        with self.stack.client() as http:
            answer = http.post("/token", data={"grant_type": "client_credentials"}, auth=(self.client_id, self.secret))
        return answer.status_code

    def __enter__(self) -> Client:
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        assert self._thread is not None
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            self.answers.append(self.token())
            time.sleep(0.005)


class Reader(Client):
    """Reads the Secret as fast as it can, and uses what is in it at once."""

    def token(self) -> int:
        self.secret = secret_values(self.stack.access, "web-oauth", self.namespace)["client-secret"]
        return super().token()


def apply(crds: Access, namespace: str, annotations: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    """A machine's application; returns when it is ready."""
    body = application("web", namespace, **MACHINE, **spec)
    body["metadata"]["annotations"] = annotations or {}
    crds.apply(body)
    return ready_application(crds, "web", namespace)


def annotate(crds: Access, namespace: str, annotation: str) -> None:
    crds.kubectl("annotate", "oauthapplication", "web", annotation, "--overwrite", "--namespace", namespace)


def client_of(running: Stack, namespace: str, kind: type[Client] = Client) -> Client:
    values = secret_values(running.access, "web-oauth", namespace)
    return kind(running, namespace, values["client-id"], values["client-secret"])


def credentials(crds: Access, namespace: str) -> list[str]:
    return [each["id"] for each in application_of(crds, "web", namespace)["status"]["credentials"]]


def age(url: str, row_id: str, seconds: float) -> None:
    """Let time pass for a row, as the working operator would write it: nobody waits for a day in a test."""

    async def work() -> None:
        database = open_database(url)
        try:
            async with database.read() as transaction:
                fence = (await transaction.execute(select(revision.c.fence))).scalar_one()
            store = IntentRepository(database)
            row = await store.application(row_id)
            assert row is not None
            await store.write([_aged(row, seconds)], fence=fence, now=time.time())
        finally:
            await database.close()

    asyncio.run(work())


def _aged(row: StoredApplication, seconds: float) -> StoredApplication:
    made = tuple(
        replace(
            each,
            created_at=each.created_at - seconds,
            expires_at=None if each.expires_at is None else each.expires_at - seconds,
        )
        for each in row.credentials
    )
    return replace(row, credentials=made, rotate_at=None if row.rotate_at is None else row.rotate_at - seconds)


def test_nobody_is_turned_away_while_the_secret_is_replaced_again_and_again(
    crds: Access, namespace: str, running: tuple[Stack, str]
) -> None:
    """Neither who still has the old one, nor who reads the new one in the moment in which it comes."""
    made, _ = running
    made.may_keep_secrets_in(namespace)
    apply(crds, namespace)
    with client_of(made, namespace) as old, client_of(made, namespace, Reader) as new:
        for number in ("2", "3", "4"):
            annotate(crds, namespace, f"ostiary.dev/rotate={number}")
            eventually(lambda number=number: credentials(crds, namespace)[-1] == number)
        enough = len(old.answers) + 10, len(new.answers) + 3
        eventually(lambda: len(old.answers) > enough[0] and len(new.answers) > enough[1])
    assert {*old.answers, *new.answers} == {200}
    assert credentials(crds, namespace) == ["1", "2", "3", "4"]
    assert new.secret != old.secret

    status = eventually(lambda: _used(crds, namespace), within=40)
    assert status["credentials"][0]["expiresAt"] > status["credentials"][0]["lastUsedAt"]
    assert "expiresAt" not in status["credentials"][-1]
    shown = crds.kubectl("get", "oauthapplication", "web", "--namespace", namespace, "-o", "yaml")
    events = crds.kubectl("get", "events", "--namespace", namespace)
    log = made.operator.log.read_text()
    assert not [each for each in (old.secret, new.secret) if each in shown + events + log]
    assert "secret 4 follows secret 3, as asked; secret 3 counts for another 24h" in events

    annotate(crds, namespace, "ostiary.dev/revoke-up-to=3")
    eventually(lambda: credentials(crds, namespace) == ["4"])
    eventually(lambda: old.token() == 401)
    assert new.token() == 200
    assert "PreviousSecretStillInUse" not in conditions(application_of(crds, "web", namespace))


def _used(crds: Access, namespace: str) -> dict[str, Any] | None:
    body = application_of(crds, "web", namespace)
    still_in_use = conditions(body).get("PreviousSecretStillInUse") == ("True", "StillInUse")
    told = still_in_use and "lastUsedAt" in body["status"]["credentials"][0]
    return body["status"] if told else None


def test_a_replica_is_asked_whether_the_credential_authenticates_and_that_is_no_use_of_it(
    crds: Access, namespace: str, running: tuple[Stack, str]
) -> None:
    made, _ = running
    made.may_keep_secrets_in(namespace)
    for method in ("client_secret_basic", "client_secret_post"):
        body = apply(crds, namespace, tokenEndpointAuthMethod=method)
        assert conditions(body)["CredentialVerified"] == ("True", "Verified")
    annotate(crds, namespace, "ostiary.dev/rotate=2")
    eventually(lambda: credentials(crds, namespace) == ["1", "2"])
    body = ready_application(crds, "web", namespace)
    (message,) = [each["message"] for each in body["status"]["conditions"] if each["type"] == "CredentialVerified"]
    assert message.startswith("secret 2 authenticates at a live replica")
    told = eventually(lambda: _told(crds, namespace), within=40)
    assert told == ("False", "Unused")
    header, line = crds.kubectl("get", "oauthapplication", "web", "-n", namespace, "-o", "wide").splitlines()
    age = line[header.index("SECRET AGE") :].split()[0]
    assert re.fullmatch(r"\d+s|\dm\d*s?", age)
    assert not [
        each for each in application_of(crds, "web", namespace)["status"]["credentials"] if "lastUsedAt" in each
    ]


def _told(crds: Access, namespace: str) -> tuple[str, str] | None:
    return conditions(application_of(crds, "web", namespace)).get("PreviousSecretStillInUse")


def test_one_that_is_made_again_inherits_nothing(crds: Access, namespace: str, running: tuple[Stack, str]) -> None:
    """Tokens of the one before are void, though name, client id and issuer are the same."""
    made, _ = running
    made.may_keep_secrets_in(namespace)
    apply(crds, namespace)
    old = client_of(made, namespace)
    with made.client() as http:
        form = {"grant_type": "client_credentials"}
        token = http.post("/token", data=form, auth=(old.client_id, old.secret)).json()["access_token"]
    crds.kubectl("delete", "oauthapplication", "web", "--namespace", namespace, "--timeout=20s")
    apply(crds, namespace)
    new = client_of(made, namespace)  # the secret of before, where nobody has collected it yet
    assert new.token() == 200
    with made.client() as http:
        told = http.post("/introspect", data={"token": token}, auth=(new.client_id, new.secret)).json()
    assert told == {"active": False}


def test_the_command_asks_and_waits_until_the_new_secret_is_served(
    crds: Access, namespace: str, running: tuple[Stack, str]
) -> None:
    made, _ = running
    made.may_keep_secrets_in(namespace)
    apply(crds, namespace)
    old = client_of(made, namespace)
    done = _rotate(crds, f"{namespace}/web")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("secret 2 is in Secret web-oauth and served; secret 1 counts until 2")
    new = client_of(made, namespace)
    assert (old.token(), new.token()) == (200, 200)

    done = _rotate(crds, f"{namespace}/web", "--compromised")
    assert done.stdout == "secret 3 is in Secret web-oauth and served\n"
    assert (old.token(), new.token(), client_of(made, namespace).token()) == (401, 401, 200)
    assert not [each for each in (old.secret, new.secret) if each in done.stdout + done.stderr]


def test_the_command_says_why_it_does_not_replace_a_secret(
    crds: Access, namespace: str, running: tuple[Stack, str]
) -> None:
    made, _ = running
    made.may_keep_secrets_in(namespace)
    crds.apply(
        application("public", namespace, type="Public"),
        application("mine", namespace, secret={"name": "mine", "mode": "Require"}),
    )
    for name, says in (
        ("public", "has no client secret"),
        ("mine", "is yours to change"),
        ("absent", "there is no OAuthApplication"),
    ):
        done = _rotate(crds, f"{namespace}/{name}")
        assert (done.returncode, done.stdout) == (1, "")
        assert says in done.stderr
    assert "write namespace/name" in _rotate(crds, "web").stderr


def _rotate(crds: Access, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ostiary_cli", "rotate", *arguments]
    environment = {**os.environ, "KUBECONFIG": str(crds.kubeconfig)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_secret_of_the_interval_is_replaced_and_ends_with_the_overlap_though_no_operator_runs(
    crds: Access, namespace: str, running: tuple[Stack, str]
) -> None:
    made, url = running
    made.may_keep_secrets_in(namespace)
    apply(crds, namespace, rotation={"interval": "24h", "overlap": "1h"})
    old = client_of(made, namespace)
    assert old.token() == 200

    age(url, f"{namespace}/web", DAY)
    eventually(lambda: credentials(crds, namespace) == ["1", "2"], within=30)
    new = client_of(made, namespace)
    assert (old.token(), new.token()) == (200, 200)

    made.operator.child.stop()
    age(url, f"{namespace}/web", 3601)
    eventually(lambda: old.token() == 401)
    assert new.token() == 200
