"""A workload is rolled once for each secret, and for each secret."""

from dataclasses import replace
from typing import Any, cast

from ostiary_operator.bindings import Bindings
from ostiary_operator.cluster import Cluster
from ostiary_operator.restarts import Restarts
from ostiary_state.applications.credentials import ClientCredential
from ostiary_state.applications.rotation_spec import RestartSpec
from ostiary_state.intent import StoredApplication
from tests.reconciling.fakes import ISSUER, NOW

WEB = (RestartSpec(name="web"),)
ROW = StoredApplication("shop/web", "uid-1", "shop.web", ISSUER, "", {})
SECRET = ClientCredential("2", b"2" * 32, NOW)


class Workloads:
    """One Deployment, which is up at once."""

    def __init__(self) -> None:
        self.annotations: dict[str, str] = {}
        self.rolled = 0

    async def find(self, path: str) -> dict[str, Any]:
        assert path == "/apis/apps/v1/namespaces/shop/deployments/web"
        status = {"observedGeneration": 1, "updatedReplicas": 1, "replicas": 1, "readyReplicas": 1}
        template = {"metadata": {"annotations": dict(self.annotations)}}
        metadata = {"creationTimestamp": "2020-01-01T00:00:00Z", "resourceVersion": "1", "generation": 1}
        return {"metadata": metadata, "spec": {"replicas": 1, "template": template}, "status": status}

    async def merge(self, path: str, patch: dict[str, Any]) -> None:
        assert path.endswith("/web")
        self.annotations |= patch["spec"]["template"]["metadata"]["annotations"]
        self.rolled += 1


async def test_it_is_rolled_once_for_a_secret_also_by_a_process_that_starts_anew() -> None:
    workloads = Workloads()
    for _ in range(2):
        restarts = Restarts(cast("Cluster", workloads), cast("Bindings", None), binds=False)
        for _ in range(3):
            await restarts.step(ROW, SECRET, WEB)
    assert workloads.rolled == 1


async def test_the_second_secret_of_an_application_that_is_made_anew_is_another() -> None:
    workloads = Workloads()
    restarts = Restarts(cast("Cluster", workloads), cast("Bindings", None), binds=False)
    again = replace(ROW, incarnation="uid-2"), replace(SECRET, created_at=NOW + 3600)
    for row, secret in ((ROW, SECRET), again):
        for _ in range(3):
            await restarts.step(row, secret, WEB)
    assert workloads.rolled == 2
