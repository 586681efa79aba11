"""Make ready, ahead of pytest, what takes minutes: Helm, and the control plane where no other cluster is to be had.

With `--node`, what the end-to-end suite's own node needs as well.
"""

from __future__ import annotations

import os
import sys

from tests.cluster.build import Programs, binaries
from tests.cluster.kind import Kind

wanted = [Programs.HELM, Programs.HELM_3]
if os.environ.get("KUBECONFIG"):
    sys.stdout.write("cluster tests use KUBECONFIG\n")
elif Kind.is_possible():
    sys.stdout.write("cluster tests use kind\n")
else:
    wanted.append(Programs.CONTROL_PLANE)
    if "--node" in sys.argv[1:]:
        wanted += [Programs.NODE, Programs.CONTAINERD]
for programs in wanted:
    sys.stdout.write(f"{programs.name.lower()}: {binaries(programs)}\n")
