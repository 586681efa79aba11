"""`ostiary keys` and `ostiary release` on a real API server; `smoke` runs in a pod, in tests/e2e."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.access import Access
from tests.cluster.operating import application, secret_values

NAMES = ("key-encryption-keys", "cookie-keys")
OURS, THEIRS = "ostiary.dev/finalizer", "example.com/theirs"


def test_keys_are_made_once_and_then_left(crds: Access, namespace: str, keeper: Path, tmp_path: Path) -> None:
    made = _ostiary(keeper, "keys", "--namespace", namespace, "--secret", "keys", "--output-dir", str(tmp_path))
    assert made.stdout == f"Secret {namespace}/keys: made\n"
    values = secret_values(crds, "keys", namespace)
    assert {name: len(base64.b64decode(values[name])) for name in NAMES} == dict.fromkeys(NAMES, 32)
    assert {name: (tmp_path / name).read_text() for name in NAMES} == values
    assert (tmp_path / NAMES[0]).stat().st_mode & 0o777 == 0o440
    again = _ostiary(keeper, "keys", "--namespace", namespace, "--secret", "keys", "--output-dir", str(tmp_path))
    assert again.stdout == f"Secret {namespace}/keys: left as it is\n"
    assert secret_values(crds, "keys", namespace) == values
    assert not [value for value in values.values() if value in made.stdout + made.stderr]


def test_of_several_at_once_one_makes_the_keys(namespace: str, keeper: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = list(
            pool.map(lambda _: _ostiary(keeper, "keys", "--namespace", namespace, "--secret", "keys"), range(4))
        )
    assert [each.returncode for each in done] == [0] * 4
    assert sum("made" in each.stdout for each in done) == 1


def test_a_secret_that_cannot_be_used_is_named_and_not_overwritten(crds: Access, namespace: str, keeper: Path) -> None:
    crds.kubectl("create", "secret", "generic", "keys", "-n", namespace, "--from-literal=cookie-keys=too short")
    done = _ostiary(keeper, "keys", "--namespace", namespace, "--secret", "keys")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "ostiary keys: the Secret keys exists and has no key key-encryption-keys: add it\n"
    crds.kubectl("delete", "secret", "keys", "-n", namespace)
    given = [f"--from-literal={name}=too short" for name in NAMES]
    crds.kubectl("create", "secret", "generic", "keys", "-n", namespace, *given)
    done = _ostiary(keeper, "keys", "--namespace", namespace, "--secret", "keys")
    assert done.returncode == 1
    assert "key key-encryption-keys of the Secret keys: " in done.stderr
    assert "too short" not in done.stderr


def test_a_cluster_that_does_not_answer_is_waited_for_and_then_named(tmp_path: Path, crds: Access) -> None:
    text = crds.kubeconfig.read_text()
    nowhere = tmp_path / "kubeconfig"
    nowhere.write_text(re.sub(r"https://127\.0\.0\.1:\d+", "https://127.0.0.1:1", text))
    done = _ostiary(nowhere, "keys", "--namespace", "any", "--secret", "keys", "--timeout", "1")
    assert done.returncode == 1
    assert "ostiary keys: the Kubernetes API does not answer" in done.stderr


def test_release_takes_off_our_finalizer_and_no_other(crds: Access, namespace: str) -> None:
    names = [f"app-{number}" for number in range(60)]
    objects = [_finalized(name, namespace, OURS) for name in names]
    crds.apply(*objects, _finalized("shared", namespace, THEIRS, OURS))
    crds.kubectl("delete", "oauthapplication", "app-0", "-n", namespace, "--wait=false")
    done = _ostiary(crds.kubeconfig, "release", "--namespace", namespace, "--yes")
    assert done.stdout == "61 objects are released\n", done.stderr
    left = json.loads(crds.kubectl("get", "oauthapp", "-n", namespace, "-o", "json"))["items"]
    assert {each["metadata"]["name"] for each in left} == {*names[1:], "shared"}
    assert {*(name for each in left for name in each["metadata"].get("finalizers", ()))} == {THEIRS}
    crds.kubectl(
        "patch", "oauthapp", "shared", "-n", namespace, "--type=merge", "-p", '{"metadata":{"finalizers":null}}'
    )


def test_release_asks_and_takes_no_for_an_answer(crds: Access, namespace: str) -> None:
    crds.apply(_finalized("web", namespace, OURS))
    done = _ostiary(crds.kubeconfig, "release", "--namespace", namespace, answer="n\n")
    assert done.returncode == 1
    assert f"OAuthApplication {namespace}/web" in done.stdout
    assert crds.get("oauthapplication", "web", namespace)["metadata"]["finalizers"] == [OURS]
    assert _ostiary(crds.kubeconfig, "release", "--namespace", namespace, answer="y\n").returncode == 0
    assert "finalizers" not in crds.get("oauthapplication", "web", namespace)["metadata"]


@pytest.mark.parametrize(("age", "refused"), [(1, True), (60, False)])
def test_release_refuses_while_an_operator_renews_its_lease(
    crds: Access, namespace: str, age: int, refused: bool
) -> None:
    renewed = (datetime.now(UTC) - timedelta(seconds=age)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    spec = {"holderIdentity": "pod-1", "leaseDurationSeconds": 15, "renewTime": renewed}
    metadata = {"name": "ostiary-operator", "namespace": namespace}
    crds.apply({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec})
    lease = ("--lease-namespace", namespace)
    done = _ostiary(crds.kubeconfig, "release", "--namespace", namespace, *lease, "--yes")
    assert (done.returncode == 1) is refused
    assert ("the operator pod-1 runs" in done.stderr) is refused
    assert _ostiary(crds.kubeconfig, "release", "--namespace", namespace, *lease, "--yes", "--force").returncode == 0


@pytest.fixture
def keeper(crds: Access, namespace: str) -> Path:
    """A kubeconfig with the rights that the chart gives to its Job."""
    rules: list[dict[str, Any]] = [
        {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["keys"], "verbs": ["get"]},
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["create"]},
    ]
    named = {"name": "keeper", "namespace": namespace}
    group = "rbac.authorization.k8s.io"
    crds.apply(
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": named},
        {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": named, "rules": rules},
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": named,
            "roleRef": {"apiGroup": group, "kind": "Role", "name": "keeper"},
            "subjects": [{"kind": "ServiceAccount", **named}],
        },
    )
    return crds.service_account(namespace, "keeper")


def _finalized(name: str, namespace: str, *finalizers: str) -> dict[str, Any]:
    body = application(name, namespace)
    body["metadata"]["finalizers"] = list(finalizers)
    return body


def _ostiary(kubeconfig: Path, *arguments: str, answer: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "KUBECONFIG": str(kubeconfig)}
    command = [sys.executable, "-m", "ostiary_cli", *arguments]
    return subprocess.run(command, env=environment, input=answer, capture_output=True, text=True, check=False)
