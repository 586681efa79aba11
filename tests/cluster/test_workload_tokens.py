"""docs/guides/secretless.md as it stands: tokens that a real kube-apiserver issues are what an application shows."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import runpy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from joserfc import jws
from joserfc.jwk import ECKey

from ostiary_server.outbound.cluster_api import ClusterAPI
from ostiary_server.protocol.ports import FetchFailed
from ostiary_server.protocol.trusted_issuers import CLUSTER_KEYS_PATH
from tests.cluster.access import Access
from tests.cluster.build import binaries
from tests.cluster.control_plane import ControlPlane
from tests.cluster.operating import SYSTEM, Operators, application_of, conditions, eventually, ready_application
from tests.cluster.stack import Stack, stack
from tests.postgres import PostgreSQL

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples" / "secretless"
GUIDE = ROOT / "docs" / "guides" / "secretless.md"
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
WRITTEN = "https://login.example.com"


@dataclass(frozen=True)
class Installation:
    """A cluster of its own, whose keys are replaced, with Ostiary that trusts it."""

    control_plane: ControlPlane
    running: Stack
    directory: Path

    @property
    def access(self) -> Access:
        return self.running.access

    @property
    def issuer(self) -> str:
        """Where the example signs in here."""
        return f"http://localhost:{self.running.port}"

    def example(self, name: str) -> str:
        return (EXAMPLES / name).read_text().replace(WRITTEN, self.issuer)

    def token(
        self, account: str = "reorder", namespace: str = "team-a", audience: str | None = None, *more: str
    ) -> str:
        """By TokenRequest, as the kubelet asks for one."""
        asked = ("--audience", audience or self.issuer, "--duration", "10m", *more)
        return self.access.kubectl("create", "token", account, "--namespace", namespace, *asked).strip()

    def present(self, token: str, **form: str) -> httpx.Response:
        body = {"grant_type": "client_credentials", "client_assertion": token, "client_assertion_type": TYPE} | form
        return httpx.post(f"{self.issuer}/token", data=body)

    def why_refused(self, token: str, **form: str) -> str:
        answer = self.present(token, **form)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), answer.text
        return str(answer.json()["error_description"])

    def last_reason(self) -> str:
        """What the server's log says of the last refusal."""
        lines = (self.directory / "server.log").read_text().splitlines()
        return [line for line in lines if "invalid_client" in line][-1]


@pytest.fixture(scope="module")
def here(postgresql_server: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    directory = tmp_path_factory.mktemp("workloads")
    control_plane = ControlPlane(binaries(), tmp_path_factory.mktemp("kube"))
    control_plane.start()
    try:
        access = Access(control_plane.kubectl, control_plane.kubeconfig, directory, control_plane)
        access.kubectl("apply", "--server-side", "-f", ROOT / "crds")
        access.kubectl("wait", "--for=condition=Established", "--timeout=30s", "-f", ROOT / "crds")
        access.kubectl("create", "namespace", SYSTEM)
        access.kubectl("create", "serviceaccount", "ostiary-server", "--namespace", SYSTEM)
        database = postgresql_server.url(asyncio.run(postgresql_server.database()))
        trusted = _trusted(access, directory)
        discovery = {"OSTIARY_CLUSTER_ISSUER_DISCOVERY": trusted["OSTIARY_CLUSTER_ISSUER_DISCOVERY"]}
        with stack(access, database, directory, of_server=trusted, **discovery) as running:
            made = Installation(control_plane, running, directory)
            access.kubectl("create", "namespace", "team-a")
            for name in ("job.yaml", "application.yaml"):
                access.kubectl("apply", "-f", "-", stdin=made.example(name))
            ready_application(access, "reorder", "team-a")
            yield made
    finally:
        control_plane.stop()


def _trusted(access: Access, directory: Path) -> dict[str, str]:
    """What the chart mounts and sets: the cluster's authority, and a token with the rights of any service account."""
    mine = json.loads(access.kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json"))
    cluster = mine["clusters"][0]["cluster"]
    (authority := directory / "ca.crt").write_bytes(base64.b64decode(cluster["certificate-authority-data"]))
    token = access.kubectl("create", "token", "ostiary-server", "--namespace", SYSTEM)
    (token_file := directory / "token").write_text(token)
    return {
        "OSTIARY_CLUSTER_ISSUER_DISCOVERY": cluster["server"],
        "OSTIARY_CLUSTER_CA_FILE": str(authority),
        "OSTIARY_CLUSTER_TOKEN_FILE": str(token_file),
    }


def _claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def _header(token: str) -> dict[str, Any]:
    return _claims(f".{token}")


def test_the_job_of_the_guide_gets_an_access_token(here: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    (file := here.directory / "projected").write_text(here.token())
    monkeypatch.setenv("OAUTH_ISSUER", here.issuer)
    monkeypatch.setenv("OAUTH_TOKEN", str(file))
    access_token = runpy.run_path(str(EXAMPLES / "reorder.py"))["access_token"]
    claims = _claims(access_token())
    assert (claims["client_id"], claims["aud"]) == ("team-a.reorder", "https://stock.example.com")
    file.write_text(here.token())  # as the kubelet does
    assert _claims(access_token())["client_id"] == "team-a.reorder"


def test_the_status_says_that_no_secret_is_needed_and_none_is_made(here: Installation) -> None:
    body = here.access.get("oauthapplication", "reorder", "team-a")
    assert conditions(body)["SecretReady"] == ("True", "NotNeeded")
    (message,) = (each["message"] for each in body["status"]["conditions"] if each["type"] == "SecretReady")
    assert message == "it authenticates by tokens of its workload"
    assert json.loads(here.access.kubectl("get", "secrets", "-n", "team-a", "-o", "json"))["items"] == []


def test_the_projected_volume_of_the_guide_asks_for_such_a_token(here: Installation) -> None:
    pod = here.access.get("cronjob", "reorder", "team-a")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (source,) = pod["volumes"][0]["projected"]["sources"]
    assert source["serviceAccountToken"]["audience"] == here.issuer
    assert pod["serviceAccountName"] == "reorder"


def test_a_token_without_a_client_id_is_enough_where_one_application_trusts_it(here: Installation) -> None:
    answer = here.present(here.token())
    assert _claims(answer.json()["access_token"])["client_id"] == "team-a.reorder"


def test_a_token_that_is_bound_to_a_pod_counts_too(here: Installation) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "reorder", "namespace": "team-a"},
        "spec": {"serviceAccountName": "reorder", "containers": [{"name": "a", "image": "a"}]},
    }
    here.access.apply(pod)
    token = here.token("reorder", "team-a", None, "--bound-object-kind", "Pod", "--bound-object-name", "reorder")
    assert _claims(token)["kubernetes.io"]["pod"]["name"] == "reorder"
    assert here.present(token).status_code == 200


def test_a_token_of_another_namespace_is_refused(here: Installation) -> None:
    here.access.kubectl("create", "namespace", "team-b")
    here.access.kubectl("create", "serviceaccount", "reorder", "--namespace", "team-b")
    for form in ({}, {"client_id": "team-a.reorder"}):
        assert here.why_refused(here.token(namespace="team-b"), **form) == "The client authentication failed."
    assert "its sub is none that the manifest trusts" in here.last_reason()


def test_a_token_of_another_service_account_is_refused(here: Installation) -> None:
    for form in ({}, {"client_id": "team-a.reorder"}):
        assert here.why_refused(here.token("default"), **form) == "The client authentication failed."


def test_a_token_for_another_audience_or_for_two_is_refused(here: Installation) -> None:
    cluster = "https://kubernetes.default.svc.cluster.local"
    for token in (
        here.token(audience=cluster),
        here.token("reorder", "team-a", None, "--audience", cluster),
        here.token(audience=f"{here.issuer}/token"),
    ):
        for form in ({}, {"client_id": "team-a.reorder"}):
            said = here.why_refused(token, **form)
            assert said == f"The aud of the client_assertion must be {here.issuer} and nobody else."


def test_a_token_that_lives_too_long_is_refused(here: Installation) -> None:
    token = here.token("reorder", "team-a", None, "--duration", "25h")
    assert "at most 86400 seconds" in here.why_refused(token)


def test_a_legacy_token_which_never_expires_is_refused(here: Installation) -> None:
    """As the token controller signs one for a Secret, with the cluster's own key."""
    kid = _header(here.token())["kid"]
    key = ECKey.import_key(here.control_plane.signing_key.read_text(), parameters={"kid": kid})
    claims = {
        "iss": "kubernetes/serviceaccount",
        "kubernetes.io/serviceaccount/namespace": "team-a",
        "kubernetes.io/serviceaccount/secret.name": "reorder-token",
        "kubernetes.io/serviceaccount/service-account.name": "reorder",
        "sub": "system:serviceaccount:team-a:reorder",
    }

    def signed(**more: str) -> str:
        return jws.serialize_compact({"alg": "ES256", "kid": kid}, json.dumps(claims | more), key)

    assert here.why_refused(signed(), client_id="team-a.reorder") == "The client authentication failed."
    assert "its iss is none that the manifest trusts" in here.last_reason()
    cluster = "https://kubernetes.default.svc.cluster.local"
    said = here.why_refused(signed(iss=cluster, aud=here.issuer), client_id="team-a.reorder")
    assert said == "The client_assertion needs an exp in seconds.", "the key is the cluster's"


def test_the_api_server_is_not_asked_for_each_token_and_may_go_away(here: Installation) -> None:
    token = here.token()
    assert here.present(token).status_code == 200
    here.access.stop_api()
    try:
        assert {here.present(token).status_code for _ in range(20)} == {200}
    finally:
        here.access.start_api()


def test_where_a_cluster_lets_nobody_read_its_keys_the_command_of_the_guide_does(here: Installation) -> None:
    """Kubernetes' own binding lets every service account; on SQLite the server asks without a token."""
    mine = json.loads(here.access.kubectl("config", "view", "--raw", "--minify", "-o", "json"))
    address, authority = mine["clusters"][0]["cluster"]["server"], here.directory / "ca.crt"

    def read(token: Path | None) -> bytes:
        return asyncio.run(ClusterAPI(address, authority=authority, token=token).get(CLUSTER_KEYS_PATH))

    assert json.loads(read(here.directory / "token"))["keys"]
    with pytest.raises(FetchFailed, match="bind the ClusterRole system:service-account-issuer-discovery"):
        read(None)
    (command,) = re.findall(r"^kubectl (create clusterrolebinding .*)$", GUIDE.read_text(), re.MULTILINE)
    here.access.kubectl(*command.split(" "))
    assert eventually(lambda: json.loads(read(None))["keys"])


def test_a_new_signing_key_of_the_cluster_is_followed_and_the_former_counts_on(here: Installation) -> None:
    before = here.token()
    here.control_plane.sign_tokens_with_a_new_key()
    after = eventually(here.token)
    assert _header(before)["kid"] != _header(after)["kid"]
    eventually(lambda: here.present(after).status_code == 200, within=15)
    assert here.present(before).status_code == 200


def test_an_installation_that_does_not_trust_its_cluster_says_so(
    crds: Access, operators: Operators, tenant: str
) -> None:
    operators.start()
    manifest = yaml.safe_load((EXAMPLES / "application.yaml").read_text())
    manifest["metadata"]["namespace"] = tenant
    crds.apply(manifest)

    def refused() -> bool:
        found = conditions(application_of(crds, "reorder", tenant))
        return found.get("Accepted") == ("False", "NoClusterIssuer")

    eventually(refused)
