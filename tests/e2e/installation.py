"""A release of the chart, and what a test does with it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.access import Access
from tests.cluster.build import Programs, binaries
from tests.e2e.images import REGISTRY, TAG

CHART = Path(__file__).parents[2] / "charts" / "ostiary"
NAMESPACE, RELEASE = "ostiary-system", "ostiary"
SERVICE = f"{RELEASE}-server.{NAMESPACE}.svc.cluster.local"
IMAGES = {"image.registry": REGISTRY, "image.tag": TAG}


@dataclass
class Helm:
    """`helm` on one cluster, in the namespace where Pod Security allows no more than "restricted"."""

    access: Access
    programs: Programs = Programs.HELM
    values: dict[str, Any] = field(default_factory=dict)

    def install(self, **values: Any) -> float:
        """`helm upgrade --install --wait`; the values stay for the next time. Returns seconds."""
        return self.deploy(CHART, **values)

    def deploy(self, chart: Path, **values: Any) -> float:
        """The same with another chart."""
        self.values |= values
        began = time.monotonic()
        given = {**IMAGES, **self.values}
        settings = [word for name, value in given.items() for word in ("--set-json", f"{name}={json.dumps(value)}")]
        self("upgrade", "--install", RELEASE, chart, "--wait", "--timeout", "120s", *settings)
        return time.monotonic() - began

    def uninstall(self) -> None:
        """`helm uninstall --wait`."""
        self("uninstall", RELEASE, "--wait", "--timeout", "90s")

    def __call__(self, *arguments: str | Path) -> str:
        """What it prints."""
        command = [binaries(self.programs) / "helm", "--kubeconfig", self.access.kubeconfig, "-n", NAMESPACE]
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{done.stderr}\n{self.pods()}"
        return done.stdout

    def pods(self) -> str:
        """For a message: the pods, and the last lines of those that are not ready."""
        told = self.access.kubectl("get", "pods", "-n", NAMESPACE, "-o", "wide")
        for name in self.access.kubectl("get", "pods", "-n", NAMESPACE, "-o", "name").split():
            told += self.access.kubectl("logs", name, "-n", NAMESPACE, "--all-containers", "--tail=8", "--prefix")
        return told


def previous_chart(directory: Path) -> Path:
    """This chart as a release before it would have been: an older version, and definitions that lack a field."""
    chart = directory / "ostiary"
    shutil.copytree(CHART, chart)
    about = chart / "Chart.yaml"
    about.write_text(re.sub(r"^(version|appVersion): .*$", r"\1: 0.0.9", about.read_text(), flags=re.MULTILINE))
    path = chart / "files" / "crds" / "ostiary.dev_oauthapplications.yaml"
    definition = yaml.safe_load(path.read_text())
    del definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["policyURL"]
    path.write_text(yaml.safe_dump(definition, sort_keys=False))
    return chart


def pods(access: Access, namespace: str, selector: str) -> list[dict[str, Any]]:
    """Running pods, oldest first."""
    listed = json.loads(access.kubectl("get", "pods", "-n", namespace, "-l", selector, "-o", "json"))["items"]
    alive = [pod for pod in listed if "deletionTimestamp" not in pod["metadata"]]
    return sorted(alive, key=lambda pod: str(pod["metadata"]["creationTimestamp"]))


@dataclass(frozen=True, slots=True)
class Taken:
    """What a load pod counted since the last time: kind of request to its figures."""

    kinds: dict[str, dict[str, Any]]

    def total(self, figure: str, *, but: Sequence[str] = ()) -> int:
        """Sum over all kinds of requests, or all but some."""
        return sum(counts[figure] for kind, counts in self.kinds.items() if kind not in but)

    @property
    def failures(self) -> int:
        """Answers that were not due, and answers that never came."""
        return sum(map(self.total, ("unavailable", "broken", "refused", "lost")))

    def __str__(self) -> str:
        return json.dumps(self.kinds, indent=1)


@dataclass(frozen=True, slots=True)
class LoadPod:
    """One pod of `pods/load.py`."""

    access: Access
    namespace: str

    def take(self) -> Taken:
        """And begin to count anew."""
        path = f"/api/v1/namespaces/{self.namespace}/pods/load:9000/proxy/take"
        return Taken(json.loads(self.access.kubectl("get", "--raw", path)))

    def during(self, work: Callable[[], None], *, rest: float = 3.0) -> Taken:
        """What was counted while `work` ran and a moment longer."""
        self.take()
        work()
        time.sleep(rest)
        return self.take()
