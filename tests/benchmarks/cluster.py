"""From a manifest to a served application, on a real API server with PostgreSQL, all of it on this machine."""

import asyncio
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import httpx
from kubernetes import client, config

from tests import postgres
from tests.cluster import build
from tests.cluster.access import Access
from tests.cluster.control_plane import ControlPlane
from tests.cluster.fixtures import CRDS
from tests.cluster.operating import application, eventually, secret_values
from tests.cluster.stack import Stack, stack

NAMESPACE = "bench"
WITHIN_S = 600.0


def run(*, changes: int = 200, applications: int = 1000) -> str:
    """Two Markdown tables: one change at a time, then many applications at once."""
    with tempfile.TemporaryDirectory() as name, fresh(Path(name)) as running:
        return f"{propagation(running, changes)}\n\n{convergence(running, applications)}"


def propagation(running: Stack, changes: int) -> str:
    """Apply a change, then ask the replica itself until it answers by it."""
    running.access.apply(machine("probe", "initial"))
    eventually(lambda: secret_values(running.access, "probe-oauth", NAMESPACE))
    secret = secret_values(running.access, "probe-oauth", NAMESPACE)["client-secret"]
    api = client.CustomObjectsApi(config.new_client_from_config(str(running.access.kubeconfig)))
    took: list[float] = []
    with running.client() as replica:
        for number in range(changes):
            scope = f"change:{number}"
            begun = time.perf_counter()
            apply_one(api, machine("probe", scope))
            while not _serves(replica, secret, scope):
                time.sleep(0.002)
            took.append((time.perf_counter() - begun) * 1000)
    cuts = quantiles(took, n=100)
    return (
        f"| apply to served, {changes} changes | ms |\n| --- | --- |\n"
        f"| p50 | {median(took):.0f} |\n| p90 | {cuts[89]:.0f} |\n| p99 | {cuts[98]:.0f} |"
    )


def convergence(running: Stack, applications: int) -> str:
    """One `kubectl apply` of many applications, until every one says that it is Ready."""
    applied, took = converged(running, applications)
    return (
        "| applications | kubectl s | all Ready s | a second |\n| --- | --- | --- | --- |\n"
        f"| {applications:,} | {applied:.1f} | {took:.1f} | {applications / took:.0f} |"
    )


def converged(running: Stack, applications: int) -> tuple[float, float]:
    """Seconds until `kubectl` had sent that many, and until every one said that it was Ready."""
    manifests = [machine(f"app-{number}", "orders:read") for number in range(applications)]
    listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests})
    served = _served(running)
    begun = time.perf_counter()
    apply = subprocess.Popen(
        [running.access.executable, "--kubeconfig", running.access.kubeconfig, "apply", "--server-side", "-f", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert apply.stdin is not None
    apply.stdin.write(listed)
    apply.stdin.close()
    assert apply.wait() == 0
    applied = time.perf_counter() - begun
    # Listing a thousand objects again and again would take from the API server what is measured: the operator counts.
    while _served(running) < served + applications:
        assert time.perf_counter() - begun < WITHIN_S
        time.sleep(0.5)
    took = time.perf_counter() - begun
    assert (
        _ready(client.CustomObjectsApi(config.new_client_from_config(str(running.access.kubeconfig)))) == applications
    )
    return applied, took


@contextmanager
def fresh(directory: Path, **settings: str) -> Iterator[Stack]:
    """A cluster of its own, with operator and server; the settings are the operator's."""
    plane = ControlPlane(build.binaries(), directory)
    plane.start()
    try:
        access = Access(plane.kubectl, plane.kubeconfig, directory, plane)
        access.kubectl("apply", "--server-side", "-f", CRDS)
        access.kubectl("wait", "--for=condition=Established", "--timeout=30s", "-f", CRDS)
        access.kubectl("create", "namespace", NAMESPACE)
        with postgres.running() as server:
            asyncio.run(server.make_template())
            url = server.url(asyncio.run(server.database()))
            with stack(access, url, directory, **settings) as running:
                running.may_keep_secrets_in(NAMESPACE)
                yield running
    finally:
        plane.stop()


def machine(name: str, scope: str) -> dict[str, Any]:
    """An application that acts for itself."""
    return application(
        name,
        NAMESPACE,
        grantModes=["client_credentials"],
        callbackURLs=[],
        scopes=[scope],
        tokenEndpointAuthMethod="client_secret_post",
    )


def apply_one(api: client.CustomObjectsApi, manifest: dict[str, Any]) -> None:
    """Server-side, without a process of its own."""
    api.patch_namespaced_custom_object(
        "ostiary.dev",
        "v1alpha1",
        NAMESPACE,
        "oauthapplications",
        manifest["metadata"]["name"],
        manifest,
        field_manager="bench",
        force=True,
        _content_type="application/apply-patch+yaml",
    )


def _serves(replica: httpx.Client, secret: str, scope: str) -> bool:
    form = {
        "grant_type": "client_credentials",
        "client_id": f"{NAMESPACE}.probe",
        "client_secret": secret,
        "scope": scope,
    }
    return replica.post("/token", data=form).status_code == 200


def _ready(api: client.CustomObjectsApi) -> int:
    listed = api.list_namespaced_custom_object("ostiary.dev", "v1alpha1", NAMESPACE, "oauthapplications")
    return sum(
        any(
            each["type"] == "Ready" and each["status"] == "True"
            for each in item.get("status", {}).get("conditions", ())
        )
        for item in listed["items"]
        if item["metadata"]["name"].startswith("app-")
    )


def _served(running: Stack) -> float:
    return running.operator.metric('ostiary_apply_to_serving_seconds_count{kind="OAuthApplication"}')
