"""`ostiary check`: the rules over files, without a cluster, for editors and pipelines."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from ostiary_cli.manifests.consistency import contradictions
from ostiary_cli.manifests.directory import Reading, manifest_files, read, repeated
from ostiary_cli.manifests.problem import Problem


def check(paths: Iterable[Path]) -> tuple[list[Problem], int]:
    """Everything that is wrong, in the order of files and lines, and how many objects were looked at."""
    readings = [read(file) for file in _files(paths)]
    problems = [problem for reading in readings for problem in (*reading.problems, *_nothing_in(reading))]
    twice = list(repeated(readings))
    if not twice:
        good = (each for reading in readings if not reading.problems for each in reading.declarations)
        problems += contradictions(good)
    return sorted((*problems, *twice)), sum(len(reading.declarations) for reading in readings)


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    """A file that is named is read whatever its name is; each file once."""
    named = (file for path in paths for file in (manifest_files(path) if path.is_dir() else [path]))
    return iter(dict.fromkeys(named))


def _nothing_in(reading: Reading) -> Iterator[Problem]:
    if not reading.declarations and not reading.problems:
        yield Problem(reading.file, 0, "", "holds no manifest", warning=True)
