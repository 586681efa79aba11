"""`--dry-run`: what an import would change in a folder of manifests, object by object and without any secret."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ostiary_cli.differences import changes
from ostiary_cli.importing.conversion import Client
from ostiary_cli.manifests.directory import manifest_files, read
from ostiary_cli.manifests.envelope import Declaration, Kind
from ostiary_cli.manifests.secret import SecretManifest
from ostiary_state.applications.spec import OAuthApplicationSpec

SECRET = "(secret)"


def compared(clients: Iterable[Client], folder: Path | None) -> Iterator[str]:
    """Lines. What else the folder has is not mentioned: it may be anybody's. A file that is wrong counts as absent."""
    held = {(each.kind, each.id): each for each in _declared(folder)}
    for manifest in (manifest for client in clients for manifest in client.manifests):
        kind, metadata = Kind(manifest["kind"]), manifest["metadata"]
        before = held.get((kind, f"{metadata['namespace']}/{metadata['name']}"))
        found = list(changes(_meaning(before), _secret(manifest) if kind is Kind.SECRET else manifest["spec"]))
        if kind is Kind.SECRET and before is not None and not found and _values(before) != manifest["stringData"]:
            found = ["values: (secret) -> (secret), another one"]  # type: ignore[list-item]
        title = f"{kind} {metadata['namespace']}/{metadata['name']}"
        yield f"{title}: {'new' if before is None else 'changed' if found else 'as it is'}"
        yield from (f"  {change}" for change in found)


def _declared(folder: Path | None) -> Iterator[Declaration]:
    if folder is not None and folder.is_dir():
        for file in manifest_files(folder):
            if not (reading := read(file)).problems:
                yield from reading.declarations


def _meaning(held: Declaration | None) -> Mapping[str, Any]:
    if held is None:
        return {}
    if held.kind is Kind.SECRET:
        return {"labels": dict(SecretManifest.of(held).labels), "keys": sorted(_values(held))}
    return OAuthApplicationSpec.read(held.spec).canonical()


def _secret(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"labels": manifest["metadata"]["labels"], "keys": sorted(manifest["stringData"])}


def _values(held: Declaration) -> dict[str, str]:
    return {key: value.decode(errors="replace") for key, value in SecretManifest.of(held).data.items()}
