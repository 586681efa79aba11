"""Our two kinds as the API holds them: where they are, and what one of them says."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from ostiary_operator.cluster import Cluster
from ostiary_operator.reconcile.declared import Declared, DeclaredApplication, DeclaredUser

GROUP, VERSION = "ostiary.dev", "v1alpha1"
_PAGE = "500"  # objects in one answer: a few MB


class ObjectKind(Enum):
    """The value is the name in a manifest."""

    APPLICATION = "OAuthApplication"
    USER = "OAuthUser"

    @property
    def plural(self) -> str:
        """The name in a path."""
        return f"{self.value.lower()}s"

    def declared(self, body: Mapping[str, Any]) -> Declared:
        """Parse an object."""
        metadata = body["metadata"]
        parsed = DeclaredApplication if self is ObjectKind.APPLICATION else DeclaredUser
        return parsed(
            namespace=metadata["namespace"],
            name=metadata["name"],
            uid=metadata["uid"],
            generation=metadata.get("generation", 0),
            spec=body.get("spec") or {},
            deleted="deletionTimestamp" in metadata,
        )


class Key(NamedTuple):
    """Names one object; a re-created one has the same."""

    kind: ObjectKind
    namespace: str
    name: str

    @property
    def path(self) -> str:
        """Where the API has it."""
        return f"{collection(self.kind, self.namespace)}/{self.name}"

    @property
    def id(self) -> str:
        """Its row's id."""
        return f"{self.namespace}/{self.name}"

    @classmethod
    def of(cls, kind: ObjectKind, body: Mapping[str, Any]) -> "Key":
        """The key of an object."""
        return cls(kind, body["metadata"]["namespace"], body["metadata"]["name"])


def collection(kind: ObjectKind, namespace: str | None = None) -> str:
    """The path of a kind, in one namespace or in all."""
    inside = f"/namespaces/{namespace}" if namespace else ""
    return f"/apis/{GROUP}/{VERSION}{inside}/{kind.plural}"


@dataclass(frozen=True, slots=True)
class Objects:
    """Reads objects afresh."""

    cluster: Cluster

    async def get(self, key: Key) -> Mapping[str, Any] | None:
        """The object; None if it is gone."""
        body: Mapping[str, Any] | None = await self.cluster.find(key.path)
        return body

    async def all(self, kind: ObjectKind, namespace: str | None) -> AsyncIterator[Mapping[str, Any]]:
        """Every object of a kind, page by page."""
        query = {"limit": _PAGE}
        while True:
            page = await self.cluster.get(collection(kind, namespace), query)
            for body in page["items"]:
                yield body
            if not (token := page["metadata"].get("continue")):
                return
            query = {"limit": _PAGE, "continue": token}
