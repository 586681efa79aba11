"""A cluster of one node by `kind`, where Docker answers."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.cluster.node import KILL

MANIFEST = "/etc/kubernetes/manifests/kube-apiserver.yaml"
ASIDE = "/etc/kubernetes/kube-apiserver.yaml"
READY_S = 180


class Kind:
    """The same cluster of tests as `ControlPlane`, in a container."""

    def __init__(self, directory: Path) -> None:
        self._name = f"ostiary-tests-{os.getpid()}"
        self.kubeconfig = directory / "admin.kubeconfig"
        self.kubectl = "kubectl"

    @staticmethod
    def is_possible() -> bool:
        """Whether kind, kubectl and a Docker that answers are there."""
        if not all(map(shutil.which, ("kind", "kubectl", "docker"))):
            return False
        return subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0

    def start(self) -> None:
        """Returns when the node is ready."""
        _run(
            "kind", "create", "cluster", "--name", self._name, "--kubeconfig", self.kubeconfig, "--wait", f"{READY_S}s"
        )

    def start_api(self) -> None:
        """Put the API server's manifest back where the kubelet looks; returns when it is ready."""
        self._on_node(f"mv {ASIDE} {MANIFEST}")
        self._on_node(
            f"timeout {READY_S} sh -c 'until crictl ps -q --name kube-apiserver | grep -q .; do sleep 1; done'"
        )
        self._on_node(
            f"timeout {READY_S} sh -c 'until curl -fsk https://127.0.0.1:6443/readyz >/dev/null; do sleep 1; done'"
        )

    def stop_api(self) -> None:
        """Take the API server's manifest away; returns when the kubelet has ended it."""
        self._on_node(f"mv {MANIFEST} {ASIDE}")
        self._on_node(
            f"timeout {READY_S} sh -c 'while crictl ps -q --name kube-apiserver | grep -q .; do sleep 1; done'"
        )

    def load(self, archive: Path) -> None:
        """Give it an image from a docker-archive."""
        _run("kind", "load", "image-archive", archive, "--name", self._name)

    def kill(self, pod_uid: str) -> None:
        """SIGKILL for what runs in a pod's containers; its namespaces, and so its address, stay."""
        _run("docker", "exec", f"{self._name}-control-plane", "sh", "-c", KILL, "kill", pod_uid)

    def stop(self) -> None:
        """Delete the cluster."""
        _run("kind", "delete", "cluster", "--name", self._name, "--kubeconfig", self.kubeconfig)

    def _on_node(self, script: str) -> None:
        _run("docker", "exec", f"{self._name}-control-plane", "sh", "-c", script)


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr[-3000:]}")
