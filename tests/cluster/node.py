"""A whole cluster of one node, where there is no Docker: `node.sh`, with the programs that `build` makes.

Needs root, and Debian's packages for what a kubelet calls; no container engine.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests import system_packages
from tests.cluster.build import Programs, binaries

SCRIPT = Path(__file__).parent / "node.sh"
# A pod's processes are those in its control group, by either of the names that drivers give it.
KILL = """
for process in /proc/[0-9]*; do
  grep -qsE "pod($1|$(echo "$1" | tr - _))" "$process/cgroup" || continue
  [ "$(cat "$process/comm" 2>/dev/null)" = pause ] || kill -KILL "${process#/proc/}" 2>/dev/null || true
done
"""


class Node:
    """Started by `start`, and empty then; `stop` ends it and deletes its state."""

    def __init__(self, directory: Path, network: str = "10.97") -> None:
        system_packages.require(*system_packages.NODE_PROOF)
        places = [binaries(each) for each in (Programs.CONTROL_PLANE, Programs.NODE, Programs.CONTAINERD)]
        path = os.pathsep.join([*map(str, places), os.environ["PATH"], "/usr/sbin", "/sbin"])
        self._environment = {**os.environ, "PATH": path, "NODE_DIRECTORY": str(directory), "NODE_NETWORK": network}
        self.kubectl = str(places[0] / "kubectl")
        self.kubeconfig = directory / "run" / "admin.kubeconfig"

    def start(self) -> None:
        """Returns when pods can run and names resolve; an earlier cluster in the directory is deleted."""
        self._run("down")
        self._run("up")

    def load(self, archive: Path) -> None:
        """Give it an image from a docker-archive or oci-archive."""
        self._run("load", archive)

    def kill(self, pod_uid: str) -> None:
        """SIGKILL for what runs in a pod's containers; its namespaces, and so its address, stay."""
        subprocess.run(["sh", "-c", KILL, "kill", pod_uid], check=True)

    def stop(self) -> None:
        """End all of it."""
        self._run("down")

    def _run(self, *arguments: str | Path) -> None:
        done = subprocess.run(
            [SCRIPT, *arguments],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"node.sh {arguments[0]}: {done.stderr[-3000:]}")
