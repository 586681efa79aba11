"""The last good state of a directory of manifests.

A file counts as a whole: while anything in it is wrong, what it said before is what counts. A file that was emptied is
a file being saved, not a wish to stop serving: for that, the file or the document in it is removed.
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ostiary_cli.manifests.directory import Reading, manifest_files, read, repeated
from ostiary_cli.manifests.envelope import Declaration
from ostiary_cli.manifests.problem import Problem


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is declared now, and what is wrong."""

    readings: tuple[Reading, ...]  # a broken file's is its last good one
    problems: tuple[Problem, ...]
    broken: frozenset[str]  # absolute paths of files whose present content does not count

    @property
    def declarations(self) -> Iterator[tuple[Declaration, Reading]]:
        """Each object once, with the file that counts for it."""
        seen = set()
        for reading in self.readings:
            for each in reading.declarations:
                if (each.kind, each.id) not in seen:
                    seen.add((each.kind, each.id))
                    yield each, reading


class ManifestFolder:
    """Reads a directory again and again."""

    def __init__(self, directory: Path, data_directory: Path) -> None:
        self._directory, self._data_directory = directory, data_directory.resolve()
        self._good: dict[Path, Reading] = {}

    def read(self) -> Snapshot:
        """All files as they are now, and the last good content of those that are broken now."""
        fresh = [self._checked(read(file)) for file in self._files()]
        broken = [each for each in fresh if each.problems]
        counting = [self._good.get(each.file, Reading(each.file)) if each.problems else each for each in fresh]
        self._good = {each.file: each for each in counting if each.declarations}
        problems = [*(problem for each in broken for problem in each.problems), *repeated(counting)]
        return Snapshot(
            tuple(counting), tuple(sorted(problems)), frozenset(str(each.file.resolve()) for each in broken)
        )

    def fingerprint(self) -> Hashable:
        """Differs when a manifest or a generated Secret may have changed; cheap enough to look at every second."""
        return tuple(_appearance(file) for file in (*self._files(), *manifest_files(self._data_directory / "secrets")))

    def _files(self) -> Iterator[Path]:
        for file in manifest_files(self._directory):
            if not file.resolve().is_relative_to(self._data_directory):
                yield file

    def _checked(self, reading: Reading) -> Reading:
        if reading.declarations or reading.problems or reading.file not in self._good:
            return reading
        text = "holds no manifest any more: remove the file to stop serving what it declared"
        return replace(reading, problems=(Problem(reading.file, 0, "", text),))


def _appearance(file: Path) -> Hashable:
    try:
        status = file.stat()
    except OSError:
        return file, None
    return file, status.st_ino, status.st_mtime_ns, status.st_size
