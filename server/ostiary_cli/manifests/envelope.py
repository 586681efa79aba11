"""What stands around a spec: apiVersion, kind and metadata, and the lists that `kubectl get -o yaml` writes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ostiary_cli.manifests.document import Document
from ostiary_cli.manifests.problem import Problem

API_VERSION = "ostiary.dev/v1alpha1"
DEFAULT_NAMESPACE = "default"  # where kubectl puts an object that names none


class Kind(StrEnum):
    """The kinds that Ostiary reads."""

    APPLICATION = "OAuthApplication"
    USER = "OAuthUser"
    POLICY = "OAuthApplicationPolicy"
    SECRET = "Secret"


_API_VERSIONS = dict.fromkeys(Kind, API_VERSION) | {Kind.SECRET: "v1"}
_FIELDS = {kind: frozenset({"apiVersion", "kind", "metadata", "spec", "status"}) for kind in Kind} | {
    Kind.SECRET: frozenset({"apiVersion", "kind", "metadata", "data", "stringData", "type", "immutable"}),
}
_WRITTEN_METADATA = frozenset({"name", "namespace", "labels", "annotations", "finalizers", "ownerReferences"})
_SERVER_METADATA = frozenset(  # what the API server adds: there in the output of kubectl get, and ignored
    {"uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "managedFields", "selfLink"}
    | {"deletionGracePeriodSeconds"}
)
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_SUBDOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Declaration:
    """One object of a file whose envelope is right; its spec is not yet looked at."""

    kind: Kind
    namespace: str  # empty for a kind of the cluster
    name: str
    body: Mapping[str, Any]
    document: Document
    at: str = ""  # "items[2]." within a list

    @property
    def id(self) -> str:
        """ "<namespace>/<name>"; of a kind of the cluster its name."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    @property
    def spec(self) -> Mapping[str, Any]:
        """As written."""
        spec = self.body.get("spec")
        return spec if isinstance(spec, Mapping) else {}

    @property
    def annotations(self) -> Mapping[str, str]:
        """As written."""
        return self.body["metadata"].get("annotations") or {}

    @property
    def line(self) -> int:
        """Where it begins."""
        return self.document.line_of(self.at.removesuffix(".")) or 1

    def problem(self, field: str, message: str, *, warning: bool = False) -> Problem:
        """A mistake at a field such as `spec.enabled` of this object."""
        return self.document.problem(self.at + field, message, warning=warning)


def declarations(document: Document) -> Iterator[Declaration | Problem]:
    """The objects of a document, and what is wrong with those that are none."""
    content = document.content
    kind = content.get("kind") if isinstance(content, dict) else None
    if isinstance(kind, str) and kind.endswith("List") and isinstance(content.get("items"), list):
        for index, item in enumerate(content["items"]):
            yield from _declaration(item, document, f"items[{index}].")
    else:
        yield from _declaration(content, document, "")


def _declaration(body: Any, document: Document, at: str) -> Iterator[Declaration | Problem]:
    if not isinstance(body, dict):
        yield document.problem(at.removesuffix("."), "expected an object with apiVersion, kind and metadata")
        return
    wrong = list(_mistakes(body))
    if wrong:
        yield from (document.problem(at + field, message) for field, message in wrong)
        return
    metadata = body["metadata"]
    kind = Kind(body["kind"])
    namespace = "" if kind is Kind.POLICY else metadata.get("namespace") or DEFAULT_NAMESPACE
    yield Declaration(kind, namespace, metadata["name"], body, document, at)


def _mistakes(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Field and message. The kind comes first: it says which fields there may be."""
    if body.get("kind") not in tuple(Kind):
        yield "kind", f"expected one of {', '.join(Kind)}" if "kind" in body else "this field is required"
        return
    kind = Kind(body["kind"])
    if body.get("apiVersion") != _API_VERSIONS[kind]:
        yield "apiVersion", f"expected {_API_VERSIONS[kind]} for the kind {kind}"
    for name in body.keys() - _FIELDS[kind]:
        yield name, f"the kind {kind} has no such field: check its spelling and where it is indented"
    if "spec" in _FIELDS[kind] and not isinstance(body.get("spec"), dict):
        yield "spec", "expected fields below it" if "spec" in body else "this field is required"
    metadata = body.get("metadata")
    if kind is Kind.POLICY and isinstance(metadata, dict) and "namespace" in metadata:
        yield (
            "metadata.namespace",
            "remove it: a policy belongs to the cluster, and namespaceSelector says whom it bounds",
        )
    yield from _metadata_mistakes(metadata)


def _metadata_mistakes(metadata: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(metadata, dict):
        yield "metadata", "expected at least a name"
        return
    name, namespace = metadata.get("name"), metadata.get("namespace")
    if not isinstance(name, str) or len(name) > 253 or not _SUBDOMAIN.fullmatch(name):
        yield "metadata.name", "write a name in lower-case letters, digits, - and ."
    if namespace is not None and (not isinstance(namespace, str) or not _LABEL.fullmatch(namespace)):
        yield "metadata.namespace", "write a namespace of at most 63 lower-case letters, digits and -"
    for field in metadata.keys() - _WRITTEN_METADATA - _SERVER_METADATA:
        yield f"metadata.{field}", "there is no such field: check its spelling and where it is indented"
    for field in ("labels", "annotations"):
        texts = metadata.get(field) or {}
        if not isinstance(texts, dict):
            yield f"metadata.{field}", "expected texts by name"
            continue
        for key, value in texts.items():
            if not isinstance(value, str):
                yield f"metadata.{field}.{key}", "must be a text: write it in quotes"
