"""Our two kinds of a namespace as the API holds them: where they are, and what one of them says."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from ostiary_operator.cluster import ApiRefused, Cluster
from ostiary_operator.reconcile.declared import Declared, DeclaredApplication, DeclaredUser, own_annotations
from ostiary_operator.reconcile.timestamps import seconds_of
from ostiary_state.intent import StoredApplication

GROUP, VERSION = "ostiary.dev", "v1alpha1"
REGISTERED_BY = f"{GROUP}/registered-by"  # label: the template of a client that registered itself
REGISTRATION = "ostiary-registration"  # who manages what such a client says of itself
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
            annotations=own_annotations(metadata.get("annotations")),
            served_until=seconds_of((body.get("status") or {}).get("servedUntil")),
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

    @classmethod
    def of_row(cls, kind: ObjectKind, row_id: str) -> "Key":
        """The key of a row's object; the reverse of `id`."""
        return cls(kind, *row_id.split("/", 1))


def version_of(body: Mapping[str, Any]) -> str:
    """Names an object's content without being derived from it: "<uid>/<resourceVersion>"."""
    return f"{body['metadata']['uid']}/{body['metadata']['resourceVersion']}"


def collection(kind: ObjectKind, namespace: str | None = None) -> str:
    """The path of a kind, in one namespace or in all."""
    inside = f"/namespaces/{namespace}" if namespace else ""
    return f"/apis/{GROUP}/{VERSION}{inside}/{kind.plural}"


@dataclass(frozen=True, slots=True)
class Objects:
    """Reads objects afresh, and writes those of clients that registered themselves."""

    cluster: Cluster

    async def get(self, key: Key) -> Mapping[str, Any] | None:
        """The object; None if it is gone."""
        body: Mapping[str, Any] | None = await self.cluster.find(key.path)
        return body

    async def apply(
        self, namespace: str, name: str, spec: dict[str, Any], template: StoredApplication, uid: str | None
    ) -> DeclaredApplication:
        """Server-side apply, so what others wrote beside stays; satisfies `reconcile.registered.RegisteredObjects`."""
        key = Key(ObjectKind.APPLICATION, namespace, name)
        owner = {"name": spec["registeredBy"], "uid": template.incarnation, "blockOwnerDeletion": False}
        metadata: dict[str, Any] = {
            "name": name,
            "namespace": namespace,
            "labels": {REGISTERED_BY: spec["registeredBy"]},
            "ownerReferences": [{"apiVersion": f"{GROUP}/{VERSION}", "kind": key.kind.value} | owner],
        }
        if uid is not None:
            metadata["uid"] = uid  # or it would come back after its deletion
        body = {"apiVersion": f"{GROUP}/{VERSION}", "kind": key.kind.value, "metadata": metadata, "spec": spec}
        applied = key.kind.declared(await self.cluster.apply(key.path, body, manager=REGISTRATION))
        assert isinstance(applied, DeclaredApplication)  # noqa: S101 - by its kind
        return applied

    async def delete(self, key: Key, uid: str) -> None:
        """Begin its deletion; nothing happens where it is gone or another incarnation."""
        try:
            await self.cluster.delete(key.path, uid=uid)
        except ApiRefused as refused:
            if refused.status not in (404, 409):
                raise

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
