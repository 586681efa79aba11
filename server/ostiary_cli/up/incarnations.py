"""Which uid each declared object has: minted at first sight, kept until its manifest goes.

It does for a directory what `metadata.uid` does in a cluster: an object that is deleted and declared again inherits
nothing of the former one.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from ostiary_cli.manifests.envelope import Kind
from ostiary_cli.up.private_file import write_private

Key = tuple[Kind, str]  # kind and "<namespace>/<name>"


@dataclass(frozen=True, slots=True)
class Incarnation:
    """`file` is where the object was last declared: while that file is broken, the object is not gone."""

    uid: str
    file: str


class Incarnations:
    """Kept in a file, written before anything else knows a new uid."""

    def __init__(self, path: Path, new_uid: Callable[[], str]) -> None:
        self._path, self._new_uid = path, new_uid
        self._held: dict[Key, Incarnation] = _read(path)

    @property
    def held(self) -> Mapping[Key, Incarnation]:
        """Every object that has not been forgotten."""
        return MappingProxyType(self._held)

    def remember(self, files: Mapping[Key, Path]) -> None:
        """Mint what is new, and note where each object stands now."""
        held = dict(self._held)
        for key, file in files.items():
            known = held.get(key)
            held[key] = Incarnation(known.uid if known is not None else self._new_uid(), str(file.resolve()))
        self._write(held)

    def forget(self, key: Key) -> None:
        """Its manifest has gone, and the store knows."""
        self._write({each: held for each, held in self._held.items() if each != key})

    def _write(self, held: dict[Key, Incarnation]) -> None:
        if held == self._held:
            return
        rows = [[kind, id_, each.uid, each.file] for (kind, id_), each in sorted(held.items())]
        write_private(self._path, json.dumps(rows, indent=1) + "\n")
        self._held = held


def _read(path: Path) -> dict[Key, Incarnation]:
    if not path.exists():
        return {}
    rows = json.loads(path.read_text("utf-8"))
    return {(Kind(kind), id_): Incarnation(uid, file) for kind, id_, uid, file in rows}
