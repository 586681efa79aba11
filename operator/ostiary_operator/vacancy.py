"""Namespaces in which nothing needs a Secret any more: the access to them is given back."""

import asyncio
import logging

from ostiary_operator.cluster import ApiRefused
from ostiary_operator.credentials import KubernetesSecrets
from ostiary_operator.objects import ObjectKind, Objects
from ostiary_operator.reconcile.secret_port import ClusterUnavailable

logger = logging.getLogger(__name__)

_LINGER = 3.0  # seconds: an object that is replaced by another need not cost a binding each time


class Vacancy:
    """Is told of suspects, and asks the API whether they are empty. What goes wrong here, the resync repairs."""

    def __init__(self, objects: Objects, secrets: KubernetesSecrets) -> None:
        self._objects, self._secrets = objects, secrets
        self._suspects: asyncio.Queue[str] = asyncio.Queue()

    def suspect(self, namespace: str) -> None:
        """It may need none any more."""
        self._suspects.put_nowait(namespace)

    async def run(self) -> None:
        """For ever."""
        while True:
            namespaces = {await self._suspects.get()}
            await asyncio.sleep(_LINGER)
            while not self._suspects.empty():
                namespaces.add(self._suspects.get_nowait())
            for namespace in sorted(namespaces):
                try:
                    if not await self._needs_secrets(namespace):
                        await self._secrets.give_up(namespace)
                except (ClusterUnavailable, ApiRefused) as error:
                    logger.warning("cannot tell whether %s still needs Secrets: %s", namespace, error)

    async def _needs_secrets(self, namespace: str) -> bool:
        for kind in ObjectKind:
            async for body in self._objects.all(kind, namespace):
                declared = kind.declared(body)
                if declared.needs_secret and not declared.deleted:
                    return True
        return False
