"""Ten thousand applications on a real API server with PostgreSQL, and an operator for a long time or for short ones.

All of it on this machine: the figures say what one core or two can do, and whether it grows with the number.
"""

import random
import subprocess
import tempfile
import time
from pathlib import Path

from kubernetes import client, config

from tests.benchmarks import cluster
from tests.cluster.stack import Stack
from tests.cluster.trial import Trial

WITHIN_S = 1800.0


def convergence(sizes: tuple[int, ...] = (1_000, 3_000, 10_000)) -> str:
    """Apply that many at once, until every one says that it is Ready; a fresh cluster each time."""
    rows = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as name, cluster.fresh(Path(name)) as running:
            applied, took = cluster.converged(running, size)
            rows.append(f"| {size:,} | {applied:.0f} | {took:.0f} | {size / took:.0f} |")
            if size == sizes[-1]:
                after = f"{_restart(running, size)}\n\n{cluster.propagation(running, 100)}"
    head = "| applications | kubectl s | all Ready s | a second |\n| --- | --- | --- | --- |"
    return "\n".join([head, *rows]) + f"\n\n{after}"


def _restart(running: Stack, size: int) -> str:
    """All of them compared with what is stored, by an operator that was just started; not one is written."""
    before = _versions(running)
    running.operator.child.stop()
    begun = time.perf_counter()
    running.operator.child.start()
    while _looked_at(running) < size:
        assert time.perf_counter() - begun < WITHIN_S
        time.sleep(0.2)
    took = time.perf_counter() - begun
    time.sleep(2.0)
    changed = sum(before[name] != version for name, version in _versions(running).items())
    writes = running.operator.metric("ostiary_status_writes_total")
    return (
        "| restart with | all verified s | objects written | statuses written |\n| --- | --- | --- | --- |\n"
        f"| {size:,} | {took:.0f} | {changed} | {writes:.0f} |"
    )


def _looked_at(running: Stack) -> float:
    if running.operator.state() != "leading":
        return 0.0
    return running.operator.metric('ostiary_reconciles_total{kind="OAuthApplication",outcome="stored"}')


def _versions(running: Stack) -> dict[str, str]:
    api = client.CustomObjectsApi(config.new_client_from_config(str(running.access.kubeconfig)))
    listed = api.list_namespaced_custom_object("ostiary.dev", "v1alpha1", cluster.NAMESPACE, "oauthapplications")
    return {item["metadata"]["name"]: item["metadata"]["resourceVersion"] for item in listed["items"]}


def kills(times: int = 50) -> str:
    """SIGKILL at a random moment, again and again, while applications come, rotate and go."""
    with tempfile.TemporaryDirectory() as name, cluster.fresh(Path(name), OSTIARY_LEASE_NAME="") as running:
        trial = Trial(running, cluster.NAMESPACE, random.Random(), may_keep_secrets=True)
        trial.prepare()
        for _ in range(times):
            trial.round()
        trial.settled(within=300)
    return (
        "| kills | applications made | rotations asked for | orphans, lost or wrong secrets |\n"
        "| --- | --- | --- | --- |\n"
        f"| {times} | {trial.made} | {trial.rotations} | 0 |"
    )


def soak(minutes: float = 30.0, applications: int = 500, a_second: float = 5.0) -> str:
    """Steady edits for a long time: an operator whose memory grows would be found out (kopf#1172)."""
    samples: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as name, cluster.fresh(Path(name)) as running:
        cluster.converged(running, applications)
        api = client.CustomObjectsApi(config.new_client_from_config(str(running.access.kubeconfig)))
        begun, edits = time.perf_counter(), 0
        while (passed := time.perf_counter() - begun) < minutes * 60:
            cluster.apply_one(api, cluster.machine(f"app-{edits % applications}", f"orders:{edits}"))
            edits += 1
            if passed >= len(samples) * minutes * 60 / 6:
                samples.append((passed / 60, _resident(running.operator.child.pid)))
            time.sleep(max(0.0, edits / a_second - (time.perf_counter() - begun)))
        samples.append((minutes, _resident(running.operator.child.pid)))
    rows = "\n".join(f"| {minute:.0f} | {mebibytes:.0f} |" for minute, mebibytes in samples)
    return f"| minute of {edits:,} edits | operator MiB |\n| --- | --- |\n{rows}"


def _resident(pid: int) -> float:
    shown = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True)
    return int(shown.stdout) / 1024
