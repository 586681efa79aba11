"""Make ready, ahead of pytest, what takes minutes: Helm, and a control plane.

With `--node`, what the end-to-end suite's own node needs as well.
"""

from __future__ import annotations

import os
import sys

from tests.cluster.build import Programs, binaries
from tests.cluster.kind import Kind

wanted = [Programs.HELM, Programs.HELM_3, Programs.CONTROL_PLANE]  # which a test configures as it likes
if os.environ.get("KUBECONFIG"):
    sys.stdout.write("cluster tests use KUBECONFIG\n")
elif Kind.is_possible():
    sys.stdout.write("cluster tests use kind\n")
elif "--node" in sys.argv[1:]:
    wanted += [Programs.NODE, Programs.CONTAINERD]
for programs in wanted:
    sys.stdout.write(f"{programs.name.lower()}: {binaries(programs)}\n")
