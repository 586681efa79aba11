"""Make ready, ahead of pytest, what takes minutes: the control plane, where no other cluster is to be had."""

from __future__ import annotations

import os
import sys

from tests.cluster import build
from tests.cluster.kind import Kind

if os.environ.get("KUBECONFIG"):
    sys.stdout.write("cluster tests use KUBECONFIG\n")
elif Kind.is_possible():
    sys.stdout.write("cluster tests use kind\n")
else:
    sys.stdout.write(f"cluster tests use {build.binaries()}\n")
