"""Secrets without a cluster: those that manifests declare, and the generated ones, a private file each.

A generated file is itself a Secret manifest, so it reads like what the operator makes in a cluster.
"""

from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path

import yaml

from ostiary_cli.manifests.directory import read
from ostiary_cli.manifests.envelope import Kind
from ostiary_cli.manifests.secret import SecretManifest
from ostiary_cli.up.private_file import sync_directory, write_private
from ostiary_operator.reconcile.secret_port import (
    APPLICATION_ANNOTATION,
    HeldSecret,
    SecretChanged,
    SecretForbidden,
    WantedSecret,
)

OWNER_ANNOTATION = "ostiary.dev/owner"  # no ownerReference: a cluster would at once collect what names a foreign uid


class SecretFiles:
    """A SecretPort over generated Secrets, a file each, and declared ones, which come first and are not written."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._declared: Mapping[str, HeldSecret] = {}

    def declare(self, secrets: Mapping[str, HeldSecret]) -> None:
        """What the manifests hold now, by "<namespace>/<name>"."""
        self._declared = secrets

    def path_of(self, namespace: str, name: str) -> Path:
        """Where a generated Secret is. Unambiguous: a namespace has no dot."""
        return self._directory / f"{namespace}.{name}.yaml"

    def is_declared(self, namespace: str, name: str) -> bool:
        """A manifest has it, so no file was generated."""
        return f"{namespace}/{name}" in self._declared

    async def get(self, namespace: str, name: str) -> HeldSecret | None:
        """The declared one, else the generated one."""
        return self._declared.get(f"{namespace}/{name}") or self._generated(namespace, name)

    async def create(self, wanted: WantedSecret) -> HeldSecret:
        """Raises SecretChanged where there is one."""
        if await self.get(wanted.namespace, wanted.name) is not None:
            raise SecretChanged(wanted.name)
        return self._write(wanted)

    async def replace(self, held: HeldSecret, wanted: WantedSecret) -> HeldSecret:
        """Raises SecretForbidden for a declared one: what you wrote is yours."""
        current = await self.get(wanted.namespace, wanted.name)
        if self.is_declared(wanted.namespace, wanted.name):
            text = f"Secret {wanted.name} is one of your manifests and is not written: set spec.secret.mode to Require"
            raise SecretForbidden(text)
        if current is None or current.version != held.version:
            raise SecretChanged(wanted.name)
        return self._write(wanted.over(current))

    def collect(self, owner: str) -> None:
        """Remove what belonged to an object that is gone, as a cluster's garbage collector would."""
        for path in self._directory.glob("*.yaml"):
            namespace, _, name = path.stem.partition(".")
            held = self._generated(namespace, name)
            if held is not None and held.owner == owner:
                path.unlink()
                sync_directory(self._directory)

    def _generated(self, namespace: str, name: str) -> HeldSecret | None:
        path = self.path_of(namespace, name)
        if not path.exists():
            return None
        reading = read(path)
        if reading.problems or not reading.declarations or reading.declarations[0].kind is not Kind.SECRET:
            reason = next(iter(reading.problems), f"{path}: is not a Secret")
            raise SecretForbidden(f"{reason}; repair the file, or delete it for a new secret")
        return held_secret(namespace, name, SecretManifest.of(reading.declarations[0]), reading.version)

    def _write(self, wanted: WantedSecret) -> HeldSecret:
        annotations = {name: value for name, value in wanted.all_annotations.items() if name != OWNER_ANNOTATION}
        if wanted.owner is not None:
            annotations[OWNER_ANNOTATION] = wanted.owner
        manifest = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": wanted.name,
                "namespace": wanted.namespace,
                "labels": wanted.all_labels,
                "annotations": annotations,
            },
            "type": wanted.type,
            **_texts(wanted.data),
        }
        path = self.path_of(wanted.namespace, wanted.name)
        write_private(path, yaml.safe_dump(manifest, sort_keys=False))
        held = self._generated(wanted.namespace, wanted.name)
        if held is None:
            raise SecretChanged(wanted.name)
        return held


def held_secret(namespace: str, name: str, manifest: SecretManifest, version: str) -> HeldSecret:
    """A Secret manifest as reconciling sees it."""
    return HeldSecret(
        namespace,
        name,
        version,
        manifest.data,
        labelled=manifest.labelled,
        application=manifest.annotations.get(APPLICATION_ANNOTATION),
        owner=manifest.annotations.get(OWNER_ANNOTATION),
        labels=manifest.labels,
        annotations=manifest.annotations,
        type=manifest.type,
    )


def _texts(data: Mapping[str, bytes]) -> Mapping[str, Mapping[str, str]]:
    """As they are where that is possible, so that a person can copy one."""
    binary = {key: value for key, value in data.items() if not value.isascii()}
    texts = {key: value.decode() for key, value in sorted(data.items()) if key not in binary}
    encoded = {key: b64encode(value).decode() for key, value in sorted(binary.items())}
    return {"stringData": texts} | ({"data": encoded} if encoded else {})
