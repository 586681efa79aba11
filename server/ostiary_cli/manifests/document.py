"""YAML (and so JSON) as plain values in which every value knows its line.

PyYAML's own loader loses the lines and takes the last of two equal keys without a word; so the node tree is read
here. What YAML would turn into a date stays the text that was written, as Kubernetes has it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import SafeConstructor
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ostiary_cli.manifests.problem import Problem, UnreadableFile

MAX_VALUES = 50_000  # in one document: what a few aliases of aliases can grow into must have an end
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file. `lines` has the line of each field's name and each item, from 1, by its path."""

    file: Path
    content: Any
    lines: Mapping[str, int]

    def line_of(self, field: str) -> int:
        """The line of a field such as `spec.callbackURLs[1]`, or of the nearest thing around it that is there."""
        while field and field not in self.lines:
            field = field[: max(field.rfind("."), field.rfind("["), 0)]
        return self.lines[field]

    def problem(self, field: str, message: str, *, warning: bool = False) -> Problem:
        """A mistake at a field of this document."""
        return Problem(self.file, self.line_of(field), field, message, warning)


def documents(file: Path, text: str) -> Iterator[Document]:
    """Every document that is not empty. Raises UnreadableFile where the text is not YAML or says something twice."""
    loader = yaml.SafeLoader(text.replace("\t", " ") if file.suffix == ".json" else text)
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is not None and node.tag != _TAG + "null":
                yield _Reader(file).document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = " ".join(filter(None, (error.context, error.problem))) or "this is not YAML"
        raise UnreadableFile(Problem(file, mark.line + 1 if mark else 0, "", message)) from None
    except yaml.YAMLError as error:
        raise UnreadableFile(Problem(file, 0, "", str(error).splitlines()[0])) from None
    finally:
        loader.dispose()


class _Reader:
    """Reads one document's node tree."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lines: dict[str, int] = {}
        self._above: list[Node] = []
        self._scalars = SafeConstructor()
        self._count = 0

    def document(self, node: Node) -> Document:
        self._lines[""] = _line(node)
        return Document(self._file, self._value(node, ""), self._lines)

    def _value(self, node: Node, path: str) -> Any:
        self._count += 1
        if node in self._above:
            raise self._unreadable(node, path, "this alias contains itself")
        if self._count > MAX_VALUES:
            raise self._unreadable(node, path, f"more than {MAX_VALUES} values in one document")
        self._above.append(node)
        try:
            if isinstance(node, MappingNode):
                return dict(self._entries(node, path))
            if isinstance(node, SequenceNode):
                return [self._item(item, f"{path}[{index}]") for index, item in enumerate(node.value)]
            return self._scalar(node, path)
        finally:
            self._above.pop()

    def _entries(self, node: MappingNode, path: str) -> Iterator[tuple[str, Any]]:
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                raise self._unreadable(key, path, "a field's name must be a text")
            if key.tag == _TAG + "merge":
                raise self._unreadable(key, path, "write the fields out: << is not understood")
            at = f"{path}.{key.value}" if path else str(key.value)
            if at in self._lines:
                raise self._unreadable(key, at, f"is already set in line {self._lines[at]}")
            self._lines[at] = _line(key)
            yield key.value, self._value(value, at)

    def _item(self, node: Node, path: str) -> Any:
        self._lines[path] = _line(node)
        return self._value(node, path)

    def _scalar(self, node: Node, path: str) -> Any:
        kind = node.tag.removeprefix(_TAG)
        if kind in ("str", "timestamp"):
            return node.value
        try:
            if kind in ("null", "bool", "int", "float"):
                return getattr(self._scalars, f"construct_yaml_{kind}")(node)
        except ValueError:
            pass
        raise self._unreadable(node, path, f"{node.value!r} cannot be read as {kind}: write it in quotes")

    def _unreadable(self, node: Node, path: str, message: str) -> UnreadableFile:
        return UnreadableFile(Problem(self._file, _line(node), path, message))


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1
