"""Manifests as YAML, on standard output or in a folder: one file for each object, so that Secrets can be kept apart."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from ostiary_cli.importing.conversion import Client


def text_of(manifests: Iterable[Mapping[str, Any]]) -> str:
    """Documents of one file; the same for the same manifests."""
    return yaml.safe_dump_all(manifests, sort_keys=False, allow_unicode=True, width=120, explicit_start=True)


def write(clients: Iterable[Client], folder: Path) -> int:
    """Returns how many files were written. Those with a Secret are for their owner alone."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [(file_name(client, each), each) for client in clients for each in client.manifests]
    for name, manifest in files:
        file, secret = folder / name, manifest["kind"] == "Secret"
        file.touch(0o600 if secret else 0o644)
        if secret:
            file.chmod(0o600)
        file.write_text(text_of([manifest]), "utf-8")
    return len(files)


def file_name(client: Client, manifest: Mapping[str, Any]) -> str:
    """Sorted by client, and a pattern such as *.secret.yaml finds what does not belong into a repository."""
    kind = ".secret" if manifest["kind"] == "Secret" else ""
    return f"{client.namespace}.{client.name}{kind}.yaml"
