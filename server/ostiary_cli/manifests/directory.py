"""The manifests of files and directories, in the order of their names."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ostiary_cli.manifests.document import documents
from ostiary_cli.manifests.envelope import Declaration, declarations
from ostiary_cli.manifests.problem import Problem, UnreadableFile
from ostiary_cli.manifests.validity import problems_of

SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file says. With any problem nothing in it counts, so that a half-written file changes nothing."""

    file: Path
    declarations: tuple[Declaration, ...] = ()
    problems: tuple[Problem, ...] = ()
    version: str = ""  # names the content without being derived from it


def is_manifest(file: Path) -> bool:
    """By its name; hidden files are left to editors."""
    return file.suffix in SUFFIXES and not file.name.startswith(".")


def manifest_files(directory: Path) -> Iterator[Path]:
    """Every manifest below a directory, hidden directories left out: `.ostiary` is one of them."""
    for folder, folders, files in os.walk(directory):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (path for name in sorted(files) if is_manifest(path := Path(folder, name)))


def read(file: Path) -> Reading:
    """A file's objects and mistakes. Raises nothing: what cannot be read is a problem too."""
    try:
        status = file.stat()
        found = _declarations(file, file.read_text("utf-8"))
    except OSError as error:
        return Reading(file, problems=(Problem(file, 0, "", f"cannot be read: {error.strerror}"),))
    except UnicodeDecodeError:
        return Reading(file, problems=(Problem(file, 0, "", "is not text in UTF-8"),))
    except UnreadableFile as error:
        return Reading(file, problems=(error.problem,))
    objects = tuple(each for each in found if isinstance(each, Declaration))
    wrong = [each for each in found if isinstance(each, Problem)]
    wrong += [problem for each in objects for problem in problems_of(each)]
    return Reading(file, objects, tuple(sorted(wrong)), f"{status.st_ino}-{status.st_mtime_ns}")


def repeated(readings: Iterable[Reading]) -> Iterator[Problem]:
    """An object is declared once; the first in the order of the files is the one that counts."""
    first: dict[tuple[str, str], Declaration] = {}
    for reading in readings:
        for each in reading.declarations:
            held = first.setdefault((each.kind, each.id), each)
            if held is not each:
                place = f"{held.document.file}:{held.line}"
                yield each.problem("metadata.name", f"{each.kind} {each.id} is already declared in {place}")


def _declarations(file: Path, text: str) -> list[Declaration | Problem]:
    return [each for document in documents(file, text) for each in declarations(document)]
