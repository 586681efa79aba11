"""Exports of other products as fields that know where they stand, so that a wrong one can be named."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ostiary_cli.importing.finding import ImportFailed
from ostiary_cli.manifests.document import documents
from ostiary_cli.manifests.problem import UnreadableFile

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Fields:
    """An object somewhere in a file. A field that is absent, null or empty is the same thing: not set."""

    content: Mapping[str, Any]
    file: str
    document: int  # from 1
    at: str = ""  # path of this object within the document, such as items[2].spec

    @property
    def kind(self) -> str:
        """`apiVersion` without its version and kind: hydra.ory.sh/OAuth2Client; empty for what is no such object."""
        group = str(self.content.get("apiVersion", "")).rpartition("/")[0]
        return f"{group}/{self.content['kind']}" if "kind" in self.content else ""

    def failed(self, name: str, message: str) -> ImportFailed:
        """The error that names a field of this object."""
        field = ".".join(filter(None, (self.at, name)))
        return ImportFailed(f"{self.file}: document {self.document}: {field + ': ' if field else ''}{message}")

    def has(self, name: str) -> bool:
        """Whether it says anything."""
        return self.content.get(name) not in (None, "", [], {})

    def text(self, name: str) -> str:
        """A text; empty where it is not set."""
        value = self.content.get(name)
        if value is not None and not isinstance(value, str):
            raise self.failed(name, "expected a text")
        return value or ""

    def flag(self, name: str, *, default: bool = False) -> bool:
        """True or false; databases say 1 and 0, attributes of Keycloak "true" and "false"."""
        value = self.content.get(name)
        if value in (None, ""):
            return default
        if value in (True, 1, "true", "t"):
            return True
        if value in (False, 0, "false", "f"):
            return False
        raise self.failed(name, "expected true or false")

    def number(self, name: str) -> int | None:
        """A whole number, also as a text."""
        value = self.content.get(name)
        if value in (None, ""):
            return None
        try:
            if isinstance(value, bool | float):
                raise ValueError
            return int(value)
        except (TypeError, ValueError):
            raise self.failed(name, "expected a whole number") from None

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts, each once, in its order."""
        value = self.content.get(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.failed(name, "expected a list of texts")
        return tuple(dict.fromkeys(value))

    def part(self, name: str) -> "Fields":
        """The object below a field; an empty one where it is not set."""
        value = self.content.get(name)
        if value is None:
            value = {}
        if not isinstance(value, Mapping):
            raise self.failed(name, "expected fields below it")
        return Fields(value, self.file, self.document, ".".join(filter(None, (self.at, name))))

    def parts(self, name: str) -> tuple["Fields", ...]:
        """The objects of a list."""
        value = self.content.get(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self.failed(name, "expected a list")
        return tuple(self._item(name, index, item) for index, item in enumerate(value))

    def _item(self, name: str, index: int, item: Any) -> "Fields":
        if not isinstance(item, Mapping):
            raise self.failed(f"{name}[{index}]", "expected an object")
        return Fields(item, self.file, self.document, ".".join(filter(None, (self.at, f"{name}[{index}]"))))


def read(files: Iterable[str]) -> Iterator[Fields]:
    """Every object of files of YAML or JSON, `-` being standard input; lists that kubectl writes are taken apart.

    Raises ImportFailed.
    """
    for file in files:
        found = tuple(_documents(file))
        if not found:
            raise ImportFailed(f"{file}: holds nothing")
        for number, content in enumerate(found, 1):
            yield from _objects(content, file, number)


def _documents(file: str) -> Iterator[Any]:
    try:
        yield from _contents(sys.stdin.read() if file == STDIN else Path(file).read_text("utf-8"), file)
    except OSError as error:
        raise ImportFailed(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ImportFailed(f"{file}: is not text in UTF-8") from None


def parse(text: str, whole: Fields, name: str) -> Iterator[Fields]:
    """The objects of a text that is the value of a field, such as a file in a ConfigMap. Raises ImportFailed."""
    for content in _contents(text, f"{whole.file}: document {whole.document}: {name}"):
        yield from _objects(content, f"{whole.file}: {name}", whole.document)


def _contents(text: str, file: str) -> Iterator[Any]:
    if text.lstrip()[:1] in ("{", "["):  # exports of realms are too long for a reader that keeps every line
        try:
            yield from tuple(_values(text))
            return
        except ValueError:
            pass  # YAML may begin so, too, and its reader names the line
    try:
        yield from (document.content for document in documents(Path(file), text))
    except UnreadableFile as error:
        raise ImportFailed(str(error)) from None


def _values(text: str) -> Iterator[Any]:
    """JSON values one after the other, as databases print rows. Raises ValueError."""
    decoder, at, text = json.JSONDecoder(), 0, text.strip()
    while at < len(text):
        value, end = decoder.raw_decode(text, at)
        yield value
        at = end + len(text[end:]) - len(text[end:].lstrip())


def _objects(content: Any, file: str, document: int) -> Iterator[Fields]:
    if isinstance(content, list):
        yield from Fields({"": content}, file, document).parts("")
        return
    if not isinstance(content, Mapping):
        raise ImportFailed(f"{file}: document {document}: expected an object or a list of objects")
    whole = Fields(content, file, document)
    if str(content.get("kind", "")).endswith("List") and "items" in content:
        yield from whole.parts("items")
    else:
        yield whole
