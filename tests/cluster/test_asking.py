"""`ostiary why` and `ostiary diff` on a real API server, with an operator at work."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes.aio import client, config

from ostiary_operator.cluster import Cluster
from tests.cluster.access import Access
from tests.cluster.operating import (
    Operators,
    application,
    application_of,
    conditions,
    eventually,
    ready_application,
    secret,
    secret_values,
    user,
)

BIN = Path(sys.executable).parent


@pytest.fixture
def ready(crds: Access, tenant: str, everywhere: Operators) -> str:  # noqa: ARG001 - an operator works
    """A namespace with an application that is served."""
    crds.apply(application("web", tenant))
    ready_application(crds, "web", tenant)
    return tenant


def test_an_application_that_is_served_is_said_to_be(crds: Access, ready: str) -> None:
    done = ostiary(crds, "why", f"{ready}/web")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"OAuthApplication {ready}/web is served, by revision ")
    assert f"client id: {ready}.web\n" in done.stdout
    assert "issuer: https://login.example.com\n" in done.stdout
    assert "Secret web-oauth: is there\n" in done.stdout
    assert secret_values(crds, "web-oauth", ready)["client-secret"] not in done.stdout
    eventually(lambda: "  Normal  Accepted: " in ostiary(crds, "why", "web", "-n", ready).stdout)


def test_kubectl_finds_it_as_a_plugin(crds: Access, ready: str) -> None:
    environment = {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "KUBECONFIG": str(crds.kubeconfig),
        "HOME": str(crds.directory),
    }
    command = [crds.executable, "ostiary", "why", f"{ready}/web"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, " is served, by revision " in done.stdout) == (0, True), done.stderr


def test_a_refused_application_is_told_with_what_to_do_and_what_is_served_meanwhile(crds: Access, ready: str) -> None:
    crds.apply(application("other", ready, clientID="bank.web"))
    eventually(lambda: conditions(application_of(crds, "other", ready)).get("Ready") == ("False", "ClientIDNotAllowed"))
    done = ostiary(crds, "why", f"{ready}/other")
    assert done.returncode == 1
    assert done.stdout.startswith(
        f"OAuthApplication {ready}/other is not served as it is written.\nAccepted is False, "
    )
    assert "  what to do: change it, or set OSTIARY_CLIENT_ID_PREFIXES\n" in done.stdout


def test_a_secret_that_is_waited_for_is_told_apart_from_one_without_its_label(crds: Access, ready: str) -> None:
    crds.apply(application("waiting", ready, secret={"mode": "Require"}))
    eventually(lambda: conditions(application_of(crds, "waiting", ready)).get("SecretReady") is not None)
    done = ostiary(crds, "why", f"{ready}/waiting")
    assert done.returncode == 1
    assert "\nSecretReady is False, WaitingForSecret: " in done.stdout
    assert "\nSecret waiting-oauth: is not there\n" in done.stdout
    crds.apply(secret("waiting-oauth", ready, labelled=False, client_secret="not to be printed"))
    done = ostiary(crds, "why", f"{ready}/waiting")
    assert "\nSecret waiting-oauth: is there, without the label ostiary.dev/secret=true, so nobody looks" in done.stdout
    assert "not to be printed" not in done.stdout


async def test_of_a_secret_only_the_metadata_is_asked_for(crds: Access, ready: str) -> None:
    configuration = client.Configuration()
    await config.load_kube_config(config_file=str(crds.kubeconfig), client_configuration=configuration)
    api = Cluster(configuration)
    found = await api.find_metadata(f"/api/v1/namespaces/{ready}/secrets/web-oauth")
    await api.close()
    assert (found["kind"], "data" in found) == ("PartialObjectMetadata", False)


def test_a_user_is_asked_about_by_an_option(crds: Access, ready: str) -> None:
    crds.apply(user("alice", ready, passwordSecretRef={"name": "alice-password"}))
    eventually(lambda: conditions(crds.get("oauthuser", "alice", ready)).get("SecretReady") is not None)
    done = ostiary(crds, "why", f"{ready}/alice", "--user")
    assert done.returncode == 1
    assert done.stdout.startswith(f"OAuthUser {ready}/alice is not served as it is written.")
    assert "Secret alice-password: is not there\n" in done.stdout


def test_an_object_that_is_not_there_is_told_with_those_that_are(crds: Access, ready: str) -> None:
    done = ostiary(crds, "why", f"{ready}/wbe")
    assert done.returncode == 1
    assert done.stdout == (
        f"OAuthApplication {ready}/wbe is not served: there is no such object.\n"
        f"in the namespace {ready} there are: web\n"
    )


def test_who_may_see_no_secrets_is_answered_all_the_same(crds: Access, ready: str) -> None:
    group = "rbac.authorization.k8s.io"
    named = {"name": "reader", "namespace": ready}
    crds.apply(
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": named},
        {
            "apiVersion": f"{group}/v1",
            "kind": "Role",
            "metadata": named,
            "rules": [{"apiGroups": ["ostiary.dev"], "resources": ["oauthapplications"], "verbs": ["get"]}],
        },
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": named,
            "roleRef": {"apiGroup": group, "kind": "Role", "name": "reader"},
            "subjects": [{"kind": "ServiceAccount", **named}],
        },
    )
    reader = crds.service_account(ready, "reader")
    done = ostiary(crds, "why", f"{ready}/web", kubeconfig=reader)
    assert done.returncode == 0
    assert "Secret web-oauth: you may not see whether it is there (403)\n" in done.stdout
    done = ostiary(crds, "why", f"{ready}/alice", "--user", kubeconfig=reader)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("ostiary why: 403: ")


def test_a_cluster_that_does_not_answer_cannot_be_asked(crds: Access, tmp_path: Path) -> None:
    nowhere = tmp_path / "kubeconfig"
    nowhere.write_text(re.sub(r"https://127\.0\.0\.1:\d+", "https://127.0.0.1:1", crds.kubeconfig.read_text()))
    for command in (("why", "a/b"), ("diff", str(written(tmp_path, application("web", "a"))))):
        done = ostiary(crds, *command, kubeconfig=nowhere)
        assert (done.returncode, done.stdout) == (2, "")
        assert "the Kubernetes API does not answer" in done.stderr


def test_what_is_applied_differs_in_nothing(crds: Access, ready: str, tmp_path: Path) -> None:
    file = written(tmp_path, application("web", ready, enabled=True, pkce="Required"))  # both are defaults
    done = ostiary(crds, "diff", str(file))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_change_is_told_field_by_field_with_what_follows(crds: Access, ready: str, tmp_path: Path) -> None:
    changed = application(
        "web",
        ready,
        callbackURLs=["https://web.example.com/callback", "https://new.example.com/callback"],
        authenticationAddress="https://sso.example.com",
        tokenLifetimes={"accessToken": "5m"},
        enabled=False,
    )
    done = ostiary(crds, "diff", str(written(tmp_path, changed, application("fresh", ready))))
    assert done.returncode == 1
    assert done.stdout.startswith(f"OAuthApplication {ready}/web: changed\n")
    for line in (
        "  authenticationAddress: (default) -> https://sso.example.com\n",
        "  enabled: (default) -> false\n",
        "  callbackURLs: + https://new.example.com/callback\n",
        "  tokenLifetimes.accessToken: (default) -> 5m\n",
        "  ! it moves to another issuer: what it was issued ends",
        "  ! it is refused at every endpoint at once",
        "  ! its callback URLs have other hosts",
        f"OAuthApplication {ready}/fresh: new\n  callbackURLs: + https://fresh.example.com/callback\n",
    ):
        assert line in done.stdout
    assert application_of(crds, "web", ready)["metadata"]["generation"] == 1  # nothing was written


def test_what_the_cluster_would_refuse_is_told_first(crds: Access, ready: str, tmp_path: Path) -> None:
    done = ostiary(crds, "diff", str(written(tmp_path, application("web", ready, clientID="web"))))
    assert done.returncode == 1
    assert "  ! the cluster refuses this: clientID cannot be changed, set or removed later" in done.stdout
    done = ostiary(crds, "diff", str(written(tmp_path, application("web", ready, clientID="a b"))))
    assert (done.returncode, done.stdout) == (2, "")
    assert "spec.clientID: use letters" in done.stderr


def test_secrets_are_compared_and_not_shown(crds: Access, ready: str, tmp_path: Path) -> None:
    crds.apply(secret("given", ready, client_secret="of now", other="stays"))
    done = ostiary(crds, "diff", str(written(tmp_path, secret("given", ready, client_secret="of now"))))
    assert (done.returncode, done.stdout) == (0, "")
    done = ostiary(crds, "diff", str(written(tmp_path, secret("given", ready, client_secret="of tomorrow"))))
    assert done.returncode == 1
    assert "  client-secret: (secret) -> (secret), another one\n" in done.stdout
    assert not {"of now", "of tomorrow"} & {*re.findall(r"of \w+", done.stdout)}


def test_a_policy_is_told_with_what_it_does_to_others(crds: Access, tmp_path: Path) -> None:
    policy = {
        "apiVersion": "ostiary.dev/v1alpha1",
        "kind": "OAuthApplicationPolicy",
        "metadata": {"name": "not-applied"},
        "spec": {"namespaceSelector": {"matchLabels": {"team": "a"}}, "requirePKCE": True},
    }
    done = ostiary(crds, "diff", str(written(tmp_path, policy)))
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("OAuthApplicationPolicy not-applied: new\n")
    assert "  requirePKCE: (default) -> true\n" in done.stdout
    assert "  ! applications and users are judged anew" in done.stdout


def test_what_is_in_no_file_is_deleted_only_where_that_is_asked(crds: Access, ready: str, tmp_path: Path) -> None:
    crds.apply(application("kept", ready, deletionPolicy="Orphan"), user("bob", ready))
    file = written(tmp_path, application("web", ready))
    assert ostiary(crds, "diff", str(file)).returncode == 0
    done = ostiary(crds, "diff", str(file), "--prune")
    assert done.returncode == 1
    assert f"OAuthApplication {ready}/kept: deleted\n  ! it is served on as it was" in done.stdout
    assert f"OAuthUser {ready}/bob: deleted\n  ! the person is signed out everywhere" in done.stdout
    assert f"{ready}/web" not in done.stdout


def written(directory: Path, *manifests: dict[str, Any]) -> Path:
    file = directory / "manifests.yaml"
    file.write_text(yaml.safe_dump_all(json.loads(json.dumps(manifests))))
    return file


def ostiary(access: Access, *arguments: str, kubeconfig: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "KUBECONFIG": str(kubeconfig or access.kubeconfig)}
    command = [sys.executable, "-m", "ostiary_cli", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
