"""docs/guides work as they are written, against a real API server and a real PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cluster.access import Access
from tests.postgres import PostgreSQL
from tests.processes import free_port

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guides" / "kubernetes.md"
DATABASE = "postgresql://ostiary:password@db.example.com/ostiary"
PROCESS = re.compile(r"^(.*)uv run python -m (ostiary_\w+)$", re.MULTILINE | re.DOTALL)
KEPT = "kubectl delete -f docs/examples/rbac.yaml"  # the last block: other tests still need kinds and rights

# uv would make sure of the environment that this test runs in already. Nothing is answered before replicas are up.
PRELUDE = """
set -euo pipefail
uv() { shift; "$@"; }
answers() {
  for _ in $(seq 600); do curl -sf "http://127.0.0.1:$1/readyz" >/dev/null && return; sleep 0.1; done; false
}
trap 'kill $(jobs -p)' EXIT
"""


@pytest.mark.timeout(300)
def test_every_command_of_the_guide_works(crds: Access, postgresql_server: PostgreSQL, tmp_path: Path) -> None:
    database = asyncio.run(postgresql_server.database(template=None))
    port, probes = free_port(), free_port()
    script = PRELUDE + "\n".join(_block(block, tmp_path, port, probes) for block in _blocks())
    script = script.replace(DATABASE, postgresql_server.url(database)).replace("127.0.0.1:8080", f"127.0.0.1:{port}")
    script = script.replace("operator.kubeconfig", str(tmp_path / "operator.kubeconfig"))
    script = script.replace("--all --all-namespaces", "--all -n quickstart")  # the cluster may be someone's own
    commands = f"{Path(sys.executable).parent}:{Path(crds.executable).parent}:{os.environ['PATH']}"
    environment = os.environ | {
        "PATH": commands,
        "KUBECONFIG": str(crds.kubeconfig),
        "OSTIARY_PORT": str(port),
        "OSTIARY_METRICS_PORT": "-1",
        "OSTIARY_PROBE_PORT": str(probes),
        "OSTIARY_LEASE_NAME": "ostiary-guide",
    }
    done = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=280, check=False
    )
    log = "".join(file.read_text() for file in sorted(tmp_path.glob("*.log")))
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{log}"
    said = done.stdout + done.stderr
    for promised in (
        "such as com.example.app:/callback",
        "the schema is up to date",
        "the operator may not use Secrets in namespace quickstart: kubectl create rolebinding ostiary-secrets",
        '["authorization_code","refresh_token"]   http://shop.localhost      ',
        "message: Secret shop-oauth",
        "userinfo-endpoint:       30 bytes",
        '"issuer":"http://shop.localhost"',
        '"token_type":"Bearer","expires_in":300,"scope":"openid","refresh_token":',
        "list each address in full: there are no wildcards (RFC 9700 section 2.1)",
        "type cannot be changed: make a new object with the type that you want",
        "5 objects: all would be accepted",
        "HTTP/1.1 403 Forbidden",
    ):
        assert promised in said, promised


def test_every_example_of_the_guides_is_admitted(crds: Access) -> None:
    crds.kubectl("create", "namespace", "team-a")
    try:
        for folder in ("back-end", "single-page", "machine", "legacy-password"):
            crds.kubectl("apply", "--dry-run=server", "--validate=strict", "-f", ROOT / "docs" / "examples" / folder)
    finally:
        crds.kubectl("delete", "namespace", "team-a", "--wait=false")


def _blocks() -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    assert blocks[-1].startswith(KEPT), "what is left out here is the end alone"
    return [block.strip() for block in blocks[:-1]]


def _block(block: str, logs: Path, port: int, probes: int) -> str:
    """A process of a terminal of its own goes to the background."""
    process = PROCESS.fullmatch(block)
    if process is None:
        if "SecretReady" in block:  # what the page shows is there once the operator has looked
            block = f"kubectl wait --for=condition=SecretReady=false oauthapp/shop -n quickstart --timeout=60s\n{block}"
        return block
    before, module = process.groups()
    ready = port if module == "ostiary_server" else probes
    return f"{before} python -m {module} >{logs / module}.log 2>&1 &\nanswers {ready}"
