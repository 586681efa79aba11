"""Kubernetes Secrets that lie beside custom resources in an export. A value is decoded when it is asked for."""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass, field

from ostiary_cli.importing.reading import Fields

KIND = "/Secret"


@dataclass(frozen=True, slots=True)
class SecretObjects:
    """By namespace and name."""

    _held: dict[tuple[str, str], Fields] = field(default_factory=dict, repr=False)

    def add(self, secret: Fields) -> None:
        """One of the export."""
        metadata = secret.part("metadata")
        self._held[metadata.text("namespace"), metadata.text("name")] = secret

    def find(self, namespace: str, name: str) -> Fields | None:
        """None where the export does not have it."""
        return self._held.get((namespace, name))


def value_of(secret: Fields | None, keys: Iterable[str]) -> tuple[str, str]:
    """The first of these keys that has a value, and the value; both empty where none has. Raises ImportFailed."""
    if secret is None:
        return "", ""
    for key in keys:
        if text := secret.part("stringData").text(key) or _decoded(secret.part("data"), key):
            return key, text
    return "", ""


def _decoded(data: Fields, key: str) -> str:
    try:
        return base64.b64decode("".join(data.text(key).split()), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise data.failed(key, "is not text in base64") from None
