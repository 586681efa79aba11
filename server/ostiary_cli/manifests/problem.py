"""A mistake in a file, as editors and CI understand it: `file:line: field: message`."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """`field` is a path such as `spec.callbackURLs[1]`, empty where the text cannot be read at all."""

    file: Path
    line: int  # from 1; 0: the file as a whole
    field: str
    message: str
    warning: bool = False  # worth saying, and no reason to refuse

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        field = f"{self.field}: " if self.field else ""
        return f"{place}: {'warning: ' if self.warning else ''}{field}{self.message}"


class UnreadableFile(Exception):
    """A file of which nothing can be used."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem
