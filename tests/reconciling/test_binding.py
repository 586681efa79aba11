"""The operator is bound to Secrets where something needs one, and gives up nothing that came into use meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from ostiary_operator import labelled_watch
from ostiary_operator import vacancy as vacating
from ostiary_operator.bindings import Bindings, ServiceAccount
from ostiary_operator.credentials import KubernetesSecrets
from ostiary_operator.metrics import Metrics
from ostiary_operator.objects import Key, ObjectKind, Objects
from ostiary_operator.reconcile.secret_port import SecretForbidden, WantedSecret
from ostiary_operator.resync import Resync
from ostiary_operator.status import StatusWriter
from ostiary_operator.vacancy import Vacancy
from ostiary_operator.worklist import Job, Worklist
from tests.reconciling.fake_collections import FakeCollections
from tests.reconciling.fakes import Store
from tests.server.polling import running, until

ROLE = "ostiary-secrets"
ACCOUNT = ServiceAccount("ostiary-system", "ostiary-operator")


@dataclass
class House:
    """Secrets over an API that refuses them where the operator is not bound, and a moment longer."""

    cluster: FakeCollections = field(default_factory=FakeCollections)
    store: Store = field(default_factory=Store)
    late: int = 0  # requests that are refused still, after a binding was made
    worked: list[Key] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cluster.refuses = self._refuses
        self.secrets = KubernetesSecrets(
            self.cluster, lambda *_: None, Bindings(self.cluster, ROLE, ACCOUNT), binds=True
        )
        self.vacancy = Vacancy(Objects(self.cluster), self.secrets)
        metrics = Metrics()
        self.worklist = Worklist(self._work, metrics, lambda: 0.0, parallelism=4)
        status = StatusWriter(self.cluster, lambda: 0.0, lambda: None)
        self.resync = Resync(
            Objects(self.cluster),
            self.store,
            status,
            self.secrets,
            self.worklist,
            self.vacancy.suspect,
            namespaces=frozenset(),
            interval=600,
        )

    def apply(self, namespace: str, name: str = "web", **metadata: Any) -> Key:
        """An application is there."""
        key = Key(ObjectKind.APPLICATION, namespace, name)
        self.cluster.put(key.path, {"metadata": {"namespace": namespace, "name": name, **metadata}, "spec": {}})
        return key

    def bind(self, namespace: str, **changes: Any) -> str:
        """A binding is there; ours, unless changed."""
        body = {
            "metadata": {"name": ROLE, "namespace": namespace, "labels": {"app.kubernetes.io/managed-by": "ostiary"}},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": ROLE},
            "subjects": [{"kind": "ServiceAccount", "namespace": ACCOUNT.namespace, "name": ACCOUNT.name}],
        }
        self.cluster.put(_binding(namespace), {**body, **changes})
        return _binding(namespace)

    def is_bound(self, namespace: str) -> bool:
        """Whether there is one of that name."""
        return _binding(namespace) in self.cluster.objects

    async def make(self, namespace: str, name: str = "web-oauth") -> None:
        """What a reconcile does."""
        if await self.secrets.get(namespace, name) is None:
            await self.secrets.create(WantedSecret(namespace, name, "web", "uid", {"client-id": b"web"}))

    async def _work(self, key: Key, _: Job) -> bool:
        self.worked.append(key)
        return True

    def _refuses(self, method: str, path: str) -> int | None:
        if "/secrets" not in path:
            return None
        if not self.is_bound(path.split("/")[4]):
            return 403
        if self.late > 0:
            self.late -= 1
            return 403
        is_absent = method == "GET" and not path.endswith("/secrets") and path not in self.cluster.objects
        return 404 if is_absent else None


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No time is lost."""
    monkeypatch.setattr(vacating, "_LINGER", 0.02)
    monkeypatch.setattr(labelled_watch, "_BOUND_PAUSES", (0.01,) * 5)


@pytest.fixture
def house() -> House:
    """Nothing is bound."""
    return House()


async def test_the_first_secret_of_a_namespace_binds_it_and_is_made_although_that_takes_a_moment(house: House) -> None:
    house.late = 3
    await house.make("shop")
    assert house.is_bound("shop")
    assert "/api/v1/namespaces/shop/secrets/web-oauth" in house.cluster.objects
    house.secrets.stop()


async def test_nothing_is_bound_where_access_is_there_already(house: House) -> None:
    house.bind("shop")
    house.cluster.requests.clear()
    await house.make("shop")
    assert [method for method, path in house.cluster.requests if "rolebindings" in path] == []
    house.secrets.stop()


async def test_a_binding_that_somebody_took_away_is_made_again_with_the_next_secret(house: House) -> None:
    await house.make("shop")
    house.cluster.remove(_binding("shop"))
    house.late = 2
    await asyncio.gather(*(house.make("shop", f"secret-{number}") for number in range(5)))
    assert house.is_bound("shop")
    house.secrets.stop()


@pytest.mark.parametrize(
    "changes",
    [
        {"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}},
        {"subjects": [{"kind": "ServiceAccount", "namespace": "shop", "name": "default"}]},
        {"metadata": {"name": ROLE, "namespace": "shop"}},
    ],
    ids=["another role", "another subject", "no label"],
)
async def test_a_binding_that_is_not_as_we_make_them_stays_as_it_is(house: House, changes: Mapping[str, Any]) -> None:
    path = house.bind("shop", **changes)
    before = house.cluster.objects[path]
    await house.secrets.give_up("shop")
    assert house.cluster.objects[path] == before
    assert await house.secrets.surplus(frozenset()) == frozenset()


async def test_where_binding_is_refused_the_command_is_told_and_no_more_is_tried(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    refuses = house.cluster.refuses
    house.cluster.refuses = lambda method, path: (
        403 if method == "POST" and "rolebindings" in path else refuses(method, path)
    )
    with pytest.raises(SecretForbidden, match=f"--clusterrole={ROLE} --serviceaccount=ostiary-system:ostiary-operator"):
        await house.make("shop")
    posts = [path for method, path in house.cluster.requests if method == "POST"]
    for number in range(20):
        with pytest.raises(SecretForbidden):
            await house.make("shop", f"secret-{number}")
    assert [path for method, path in house.cluster.requests if method == "POST"] == posts
    assert caplog.text.count("cannot bind") == 1
    house.secrets.stop()


async def test_a_resync_gives_up_what_was_left_and_nothing_else(house: House) -> None:
    house.bind("left")
    house.bind("used")
    house.bind("leaving")
    house.apply("used")
    house.apply("leaving", deletionTimestamp="2026-01-01T00:00:00Z")
    async with running(house.vacancy.run()):
        await house.resync.once()
        await until(lambda: not house.is_bound("left") and not house.is_bound("leaving"))
    assert house.is_bound("used")


async def test_a_resync_does_not_give_up_what_came_into_use_while_it_ran(house: House) -> None:
    surplus = house.secrets.surplus

    async def late(needing: frozenset[str]) -> frozenset[str]:
        house.apply("new")  # after all objects were listed
        await house.make("new")
        return await surplus(needing)

    house.secrets.surplus = late  # type: ignore[method-assign]
    house.bind("left")
    async with running(house.vacancy.run()):
        await house.resync.once()
        await until(lambda: not house.is_bound("left"))
    assert house.is_bound("new")
    assert "new" in house.secrets._watches
    house.secrets.stop()


async def test_a_namespace_that_comes_into_use_while_it_is_given_up_is_bound_again(house: House) -> None:
    await house.make("shop")
    delete = house.cluster.delete

    async def slow(path: str, *, uid: str | None = None) -> Any:
        house.apply("shop")
        await house.make("shop")
        return await delete(path, uid=uid)

    house.cluster.delete = slow  # type: ignore[method-assign]
    await house.secrets.give_up("shop")
    assert house.is_bound("shop")
    house.secrets.stop()


def _binding(namespace: str) -> str:
    return f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings/{ROLE}"
