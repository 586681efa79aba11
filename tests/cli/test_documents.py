"""YAML and JSON with their lines."""

from pathlib import Path
from textwrap import dedent

import pytest

from ostiary_cli.manifests.document import Document, documents
from ostiary_cli.manifests.problem import UnreadableFile

FILE = Path("some.yaml")


def read(text: str, file: Path = FILE) -> list[Document]:
    return list(documents(file, dedent(text)))


def refusal(text: str, file: Path = FILE) -> str:
    with pytest.raises(UnreadableFile) as refused:
        read(text, file)
    return str(refused.value.problem)


def test_every_document_knows_the_lines_of_the_file() -> None:
    first, second = read("""\
        # a comment
        spec:
          callbackURLs:
            - https://a.example
            - https://b.example
        ---
        kind: Second
        """)

    assert first.content == {"spec": {"callbackURLs": ["https://a.example", "https://b.example"]}}
    assert first.line_of("spec") == 2
    assert first.line_of("spec.callbackURLs[1]") == 5
    assert second.line_of("kind") == 7


def test_a_field_that_is_not_there_has_the_line_of_what_is_around_it() -> None:
    (document,) = read("""\
        kind: X
        spec:
          secret:
            name: a
        """)

    assert document.line_of("spec.secret.mode") == 3
    assert document.line_of("spec.callbackURLs[0]") == 2
    assert document.line_of("metadata.name") == 1


def test_a_field_whose_name_has_dots_has_its_own_line() -> None:
    (document,) = read("""\
        labels:
          a: b
          ostiary.dev/secret: "true"
        """)

    assert document.line_of("labels.ostiary.dev/secret") == 3


def test_a_field_that_is_set_twice_is_refused() -> None:
    text = """\
        spec:
          enabled: true
          type: Public
          enabled: false
        """

    assert refusal(text) == "some.yaml:4: spec.enabled: is already set in line 2"


def test_text_that_is_not_yaml_is_refused_at_its_line() -> None:
    assert refusal("spec:\n  a: [1, 2\nkind: X\n").startswith("some.yaml:3: ")


@pytest.mark.parametrize(("text", "read_as"), [("2024-01-01", "2024-01-01"), ("yes", True), ("017", 15), ("~", None)])
def test_scalars_are_what_kubernetes_reads(text: str, read_as: object) -> None:
    assert read(f"value: {text}\n")[0].content == {"value": read_as}


def test_json_with_tabs_is_read() -> None:
    (document,) = read('{\n\t"kind": "List",\n\t"items": [\n\t\t{"a": "b"}\n\t]\n}\n', Path("some.json"))

    assert document.content == {"kind": "List", "items": [{"a": "b"}]}
    assert document.line_of("items[0].a") == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &a\n  b: *a\n", "some.yaml:1: a.b: this alias contains itself"),
        ("a: &a {x: 1}\nb:\n  <<: *a\n", "some.yaml:3: b: write the fields out: << is not understood"),
        ("a: !!python/object:os.system x\n", "some.yaml:1: a: 'x' cannot be read as"),
        ("? [a, b]\n: c\n", "some.yaml:1: a field's name must be a text"),
    ],
)
def test_what_kubernetes_would_not_read_either_is_refused(text: str, message: str) -> None:
    assert refusal(text).startswith(message)


def test_aliases_of_aliases_have_an_end() -> None:
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 9)]

    assert "more than 50000 values" in refusal("\n".join(["l0: &l0 [1]", *levels]))


def test_empty_documents_are_none() -> None:
    assert read("---\n# nothing\n---\n") == []
