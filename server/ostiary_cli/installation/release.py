"""`ostiary release`: take our finalizer off every object, so that objects and namespaces can go without an operator."""

import asyncio
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ostiary_cli.installation.access import CommandFailed, cluster, finish
from ostiary_operator.cluster import ApiRefused, Cluster
from ostiary_operator.handlers import FINALIZER
from ostiary_operator.objects import Key, ObjectKind, Objects

_AT_ONCE = 16  # requests on their way
_ATTEMPTS = 5  # for one object that others change meanwhile


@dataclass(frozen=True, slots=True)
class Lapsed:
    """The Lease of the operator that is supposed to have gone."""

    namespace: str
    name: str

    async def verify(self, api: Cluster) -> None:
        """Raises CommandFailed while somebody holds it: an operator puts its finalizers back at once."""
        lease = await api.find(f"/apis/coordination.k8s.io/v1/namespaces/{self.namespace}/leases/{self.name}")
        spec = (lease or {}).get("spec", {})
        holder, renewed = spec.get("holderIdentity"), spec.get("renewTime")
        if not holder or not renewed:
            return
        age = (datetime.now(UTC) - datetime.fromisoformat(renewed)).total_seconds()
        if age < spec.get("leaseDurationSeconds", 0):
            raise CommandFailed(
                f"the operator {holder} runs (Lease {self.namespace}/{self.name}, renewed {age:.0f} s ago) and would"
                " put the finalizers back: end it first, by `helm uninstall` or by scaling it to 0"
            )


def release_objects(namespaces: tuple[str, ...], lease: Lapsed, *, ask: bool, force: bool) -> int:
    """Of these namespaces, or of all; the exit status."""

    async def work() -> None:
        async with cluster() as api:
            if not force:
                await lease.verify(api)
            held = await _held(Objects(api), namespaces)
            if ask and held and not _agreed(held):
                raise CommandFailed("nothing was changed")
            slots = asyncio.Semaphore(_AT_ONCE)
            await asyncio.gather(*(_release(api, key, slots) for key in held))
            print(f"{len(held)} objects are released")

    return finish("release", work)


async def _held(objects: Objects, namespaces: tuple[str, ...]) -> list[Key]:
    """Those that carry our finalizer."""
    return [
        Key.of(kind, body)
        for kind in ObjectKind
        for namespace in namespaces or (None,)
        async for body in objects.all(kind, namespace)
        if FINALIZER in body["metadata"].get("finalizers", ())
    ]


def _agreed(held: list[Key]) -> bool:
    for key in held[:20]:
        print(f"{key.kind.value} {key.id}")
    if len(held) > 20:
        print(f"and {len(held) - 20} more")
    print(f"Remove {FINALIZER} from {len(held)} objects? What is stored of them stays in the database. [y/N] ", end="")
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


async def _release(api: Cluster, key: Key, slots: asyncio.Semaphore) -> None:
    """Others' finalizers stay, whatever they do meanwhile: what is replaced is what was read."""
    async with slots:
        for _ in range(_ATTEMPTS):
            try:
                body: dict[str, Any] = await api.get(key.path)
                finalizers = [each for each in body["metadata"].get("finalizers", ()) if each != FINALIZER]
                patch = {"metadata": {"finalizers": finalizers, "resourceVersion": body["metadata"]["resourceVersion"]}}
                await api.merge(key.path, patch)
            except ApiRefused as refused:
                if refused.status == 404:
                    return
                if refused.status != 409:
                    raise
            else:
                return
    raise CommandFailed(f"{key.kind.value} {key.id} is changed again and again: who does that?")
