"""Secrets of a cluster, as `secret_port` wants them: read, written and followed by namespace.

Only labelled ones are listed and watched, only in namespaces where an object of ours needs one. What is held in
memory is what those watches brought; a Secret without the label is read each time it is needed.
"""

import base64
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from ostiary_operator.bindings import Bindings
from ostiary_operator.cluster import ApiRefused, Cluster
from ostiary_operator.labelled_watch import LabelledWatch, with_access
from ostiary_operator.objects import GROUP, VERSION, ObjectKind, version_of
from ostiary_operator.reconcile.secret_port import (
    APPLICATION_ANNOTATION,
    LABEL,
    HeldSecret,
    SecretChanged,
    SecretForbidden,
    WantedSecret,
)

logger = logging.getLogger(__name__)


class KubernetesSecrets:
    """A SecretPort. `changed` is told of every change that this process did not make."""

    def __init__(
        self, cluster: Cluster, changed: Callable[[str, str], None], bindings: Bindings, *, binds: bool
    ) -> None:
        self._cluster = cluster
        self._changed = changed
        self._bindings, self._binds = bindings, binds  # binds: the operator makes them itself
        self._watches: dict[str, LabelledWatch[HeldSecret]] = {}

    async def get(self, namespace: str, name: str) -> HeldSecret | None:
        """As the watch holds it, else as the API does."""
        watch = await self._watch(namespace).listed()
        if (held := watch.held.get(name)) is not None:
            return held
        try:
            body = await self._allowed(watch, namespace, partial(self._cluster.find, f"{_path(namespace)}/{name}"))
        except ApiRefused as refused:
            raise self._explained(refused, namespace) from None
        return None if body is None else parse(body)

    async def create(self, wanted: WantedSecret) -> HeldSecret:
        """POST."""
        watch = self._watch(wanted.namespace)
        with watch.writing(wanted.name):
            try:
                create = partial(self._cluster.create, _path(wanted.namespace), _body(wanted))
                body = await self._allowed(watch, wanted.namespace, create)
            except ApiRefused as refused:
                raise self._explained(refused, wanted.namespace) from None
            return watch.wrote(parse(body))

    async def replace(self, held: HeldSecret, wanted: WantedSecret) -> HeldSecret:
        """PUT of what was read, with what is wanted in it."""
        watch, path = self._watch(held.namespace), f"{_path(held.namespace)}/{held.name}"
        body = _body(wanted.over(held))
        uid, _, version = held.version.partition("/")
        body["metadata"] |= {"uid": uid, "resourceVersion": version}
        with watch.writing(wanted.name):
            try:
                replace = partial(self._cluster.replace, path, body)
                return watch.wrote(parse(await self._allowed(watch, held.namespace, replace)))
            except ApiRefused as refused:
                raise self._explained(refused, held.namespace) from None

    async def surplus(self, needing: frozenset[str]) -> frozenset[str]:
        """Namespaces that are followed or bound without being among these. Raises ClusterUnavailable and ApiRefused."""
        bound = await self._bindings.bound() if self._binds else frozenset()
        return (bound | self._watches.keys()) - needing

    async def give_up(self, namespace: str) -> None:
        """Nothing in this namespace needs a Secret any more. Raises ClusterUnavailable."""
        if (watch := self._watches.pop(namespace, None)) is not None:
            watch.stop()
        if self._binds:
            await self._bindings.unbind(namespace)
            if namespace in self._watches:  # it came into use meanwhile
                await self._bindings.bind(namespace)

    def stop(self) -> None:
        """Stop following."""
        for watch in self._watches.values():
            watch.stop()
        self._watches.clear()

    def _watch(self, namespace: str) -> LabelledWatch[HeldSecret]:
        watch = self._watches.get(namespace)
        if watch is None:
            changed, bind = partial(self._changed, namespace), partial(self._bind, namespace)
            watch = LabelledWatch(self._cluster, _path(namespace), LABEL, parse, changed, bind)
            self._watches[namespace] = watch
            watch.start()
        return watch

    async def _allowed(
        self, watch: LabelledWatch[HeldSecret], namespace: str, request: Callable[[], Awaitable[Any]]
    ) -> Any:
        """A running watch is not told that somebody took a binding away; a request is. Else the watch has asked."""
        return await with_access(request, partial(self._bind, namespace)) if watch.is_listed else await request()

    async def _bind(self, namespace: str) -> bool:
        return self._binds and await self._bindings.bind(namespace)

    def _explained(self, refused: ApiRefused, namespace: str) -> Exception:
        if refused.status == 403:
            command = self._bindings.command(namespace)
            return SecretForbidden(f"the operator may not use Secrets in namespace {namespace}: {command}")
        if refused.status in (404, 409):  # 404: the namespace, or what was to be replaced, has gone
            return SecretChanged(str(refused))
        return refused


def parse(body: Mapping[str, Any]) -> HeldSecret:
    """A Secret from the API."""
    metadata = body["metadata"]
    labels, annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    owners = metadata.get("ownerReferences") or ()
    return HeldSecret(
        namespace=metadata["namespace"],
        name=metadata["name"],
        version=version_of(body),
        data={key: base64.b64decode(value) for key, value in (body.get("data") or {}).items()},
        labelled=labels.get(LABEL) == "true",
        application=annotations.get(APPLICATION_ANNOTATION),
        owner=next((owner["uid"] for owner in owners if owner.get("kind") == ObjectKind.APPLICATION.value), None),
        labels=labels,
        annotations=annotations,
        type=body.get("type") or "Opaque",
        immutable=body.get("immutable") is True,
    )


def _body(wanted: WantedSecret) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "name": wanted.name,
        "namespace": wanted.namespace,
        "labels": wanted.all_labels,
        "annotations": wanted.all_annotations,
    }
    if wanted.owner is not None:
        owner = {"name": wanted.application, "uid": wanted.owner, "controller": True, "blockOwnerDeletion": False}
        kind = {"apiVersion": f"{GROUP}/{VERSION}", "kind": ObjectKind.APPLICATION.value}
        metadata["ownerReferences"] = [kind | owner]
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": wanted.type,
        "metadata": metadata,
        "data": _encoded(wanted.data),
    }


def _encoded(data: Mapping[str, bytes]) -> dict[str, str]:
    return {key: base64.b64encode(value).decode() for key, value in data.items()}


def _path(namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/secrets"
