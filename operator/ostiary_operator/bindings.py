"""The operator's access to Secrets: bound in a namespace with its first object that needs one, unbound with the last.

It may bind one ClusterRole and no other, so a binding of its making never allows more than that. Every binding has the
role's name, which lets its own rights on bindings be limited to that name. What is not as it makes them is somebody
else's, and stays.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ostiary_operator.cluster import ApiRefused, Cluster

logger = logging.getLogger(__name__)

_GROUP = "rbac.authorization.k8s.io"
_MANAGED_BY = "app.kubernetes.io/managed-by"
_YOUNG = 5.0  # seconds in which authorizers may not have heard of a binding yet


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """Whom the operator runs as."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Bindings:
    """RoleBindings of one ClusterRole to one service account."""

    cluster: Cluster
    role: str
    account: ServiceAccount
    _made: dict[str, float] = field(default_factory=dict)  # when, by the monotonic clock
    _refused: dict[str, str] = field(default_factory=dict)  # why, as the log has it

    def command(self, namespace: str) -> str:
        """What whoever may makes the same binding with."""
        return (
            f"kubectl create rolebinding {self.role} -n {namespace} --clusterrole={self.role}"
            f" --serviceaccount={self.account.namespace}:{self.account.name}"
        )

    async def bind(self, namespace: str) -> bool:
        """True where a binding was made just now; False where there is one, or none may be made.

        Raises ClusterUnavailable.
        """
        body = {
            "apiVersion": f"{_GROUP}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": self.role, "namespace": namespace, "labels": {_MANAGED_BY: "ostiary"}},
            "roleRef": self._role_ref,
            "subjects": [self._subject],
        }
        try:
            await self.cluster.create(_path(namespace), body)
        except ApiRefused as refused:
            if refused.status != 409:
                if self._refused.get(namespace) != str(refused):
                    logger.warning("cannot bind %s in %s: %s", self.role, namespace, refused)
                self._refused[namespace] = str(refused)
                return False
            return time.monotonic() - self._made.get(namespace, -_YOUNG) < _YOUNG  # by another request of ours
        self._made[namespace] = time.monotonic()
        logger.info("bound %s in %s", self.role, namespace)
        return True

    async def unbind(self, namespace: str) -> None:
        """Remove our binding, if there is one. Raises ClusterUnavailable."""
        path = f"{_path(namespace)}/{self.role}"
        self._made.pop(namespace, None)
        self._refused.pop(namespace, None)
        try:
            body = await self.cluster.get(path)
            if not self._is_ours(body):
                return
            await self.cluster.delete(path, uid=body["metadata"]["uid"])
        except ApiRefused as refused:
            if refused.status not in (404, 409):  # it, or its namespace, has gone; or it was made anew
                logger.warning("cannot unbind %s in %s: %s", self.role, namespace, refused)
            return
        logger.info("unbound %s in %s", self.role, namespace)

    async def bound(self) -> frozenset[str]:
        """Namespaces with a binding of ours. Raises ClusterUnavailable and ApiRefused."""
        # With the name in the selector, a right to list that is limited to this name is enough.
        page = await self.cluster.get(_path(None), {"fieldSelector": f"metadata.name={self.role}"})
        return frozenset(body["metadata"]["namespace"] for body in page["items"] if self._is_ours(body))

    def _is_ours(self, body: Mapping[str, Any]) -> bool:
        labels = body["metadata"].get("labels") or {}
        return (
            labels.get(_MANAGED_BY) == "ostiary"
            and body["roleRef"] == self._role_ref
            and body.get("subjects") == [self._subject]
        )

    @property
    def _role_ref(self) -> dict[str, str]:
        return {"apiGroup": _GROUP, "kind": "ClusterRole", "name": self.role}

    @property
    def _subject(self) -> dict[str, str]:
        return {"kind": "ServiceAccount", "namespace": self.account.namespace, "name": self.account.name}


def _path(namespace: str | None) -> str:
    inside = f"/namespaces/{namespace}" if namespace else ""
    return f"/apis/{_GROUP}/v1{inside}/rolebindings"
