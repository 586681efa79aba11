"""The documentation says what is so: links lead somewhere, snippets are the tested files, names exist."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

from ostiary_cli.__main__ import application as command_line
from ostiary_cli.check import check
from ostiary_cli.manifests.envelope import API_VERSION
from ostiary_operator.settings import OperatorSettings
from ostiary_server.protocol import errors
from ostiary_server.settings import ServerSettings

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
CHART = ROOT / "charts" / "ostiary" / "README.md"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", CHART, *sorted(DOCS.rglob("*.md"))]
EXAMPLES = sorted(DOCS.glob("examples/**/*.yaml"))

FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
INCLUDED = re.compile(r"^<!-- (?P<file>docs/examples/\S+) -->\n```\w+\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")
TEST_LINK = re.compile(r"\[`(?P<name>test_\w+)`\]\((?P<target>[^)]+)\)")
# Where a page was written is nobody's business, and its reader does not have it.
MACHINE = re.compile(r"(?<![\w.])/(?:work|tmp|root|home)/|\b(?:TODO|FIXME|TBD)\b|(?i:lorem ipsum)")
REGISTRY = re.compile(
    r"\b(?:ghcr\.io|docker\.io|quay\.io|gcr\.io|(?:registry|pypi|proxy|index)\.[\w.-]+\.(?:org|com|io))\b"
)

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@each_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in LINK.finditer(_prose(page)):
        target, _, fragment = link["target"].partition("#")
        if re.match(r"[a-z]+:", target):
            assert target.startswith("https://"), target
            continue
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), f"{link['target']} leads nowhere"
        assert file.is_relative_to(ROOT), f"{link['target']} leaves the repository"
        if fragment:
            assert fragment in _anchors(file), f"{link['target']}: there is no such heading"


@each_page
def test_every_picture_has_a_text_for_those_who_do_not_see_it(page: Path) -> None:
    assert "![](" not in page.read_text()


@each_page
def test_every_test_that_is_named_exists(page: Path) -> None:
    for link in TEST_LINK.finditer(page.read_text()):
        assert link["name"] in _tests(page.parent / link["target"]), f"{link['target']} has no {link['name']}"


def test_each_claim_of_the_security_page_names_its_test() -> None:
    text = (DOCS / "security.md").read_text()
    rows = [line for line in text.splitlines() if re.match(r"\| [0-9]+\.[0-9]+", line)]
    assert len(rows) > 20
    for row in rows:
        assert TEST_LINK.search(row) or "**not yet**" in row, row


def test_each_clause_names_its_test_or_is_not_served() -> None:
    text = (DOCS / "reference" / "clauses-core.md").read_text()
    rows = [line for line in text.splitlines() if re.match(r"\| [0-9]", line)]
    assert len(rows) > 150
    for row in rows:
        assert TEST_LINK.search(row) or "not served: " in row or "advises" in row, row


def test_a_requirement_that_is_not_met_stands_in_the_list_of_what_is_missing() -> None:
    text = (DOCS / "security.md").read_text()
    missing = text.partition("## Not there yet")[2]
    assert text.count("**not yet**") == 1
    for name in ("DPoP", "mutual TLS", "tls_client_auth", "Pushed authorization requests"):
        assert name in missing


@each_page
def test_a_snippet_is_the_file_that_is_tested(page: Path) -> None:
    for snippet in INCLUDED.finditer(page.read_text()):
        assert snippet["text"] == (ROOT / snippet["file"]).read_text(), f"{snippet['file']} has changed"


def test_every_example_is_shown_in_a_guide() -> None:
    shown = {snippet["file"] for page in PAGES for snippet in INCLUDED.finditer(page.read_text())}
    folders = (
        *("back-end", "single-page", "native", "machine", "legacy-password"),
        *(
            "agents",
            "callbacks",
            "certification",
            "gitops",
            "jupyterhub",
            "moving-in",
            "policies",
            "registration",
            "roles-and-groups",
            "rotation",
            "secretless",
            "secrets",
        ),
    )
    examples = {str(file.relative_to(ROOT)) for folder in folders for file in (DOCS / "examples" / folder).iterdir()}
    assert shown == {name for name in examples if "__pycache__" not in name}


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: str(file.relative_to(DOCS)))
def test_every_manifest_keeps_the_rules(file: Path) -> None:
    if API_VERSION in file.read_text():
        assert check([file]) == ([], len([each for each in yaml.safe_load_all(file.read_text()) if each]))
    else:  # what an API server says of the others is asked by tests/cluster
        assert all({"apiVersion", "kind", "metadata"} <= each.keys() for each in yaml.safe_load_all(file.read_text()))


@each_page
def test_every_manifest_on_a_page_keeps_the_rules(page: Path, tmp_path: Path) -> None:
    manifests = [
        text for language, text in _fences(page) if language == "yaml" and f"apiVersion: {API_VERSION}" in text
    ]
    for number, text in enumerate(manifests):
        (file := tmp_path / f"{number}.yaml").write_text(text)
        assert [problem for problem in check([file])[0] if not problem.warning] == []


@each_page
def test_every_command_exists(page: Path) -> None:
    commands = {(each.name or each.callback.__name__.replace("_", "-")) for each in command_line.registered_commands}
    modules = {"ostiary_operator", "ostiary_server"}
    for language, text in _fences(page):
        if language == "sh":
            assert set(re.findall(r"(?:^|uv run |\| )ostiary ([\w-]+)", text, re.MULTILINE)) <= commands
            assert set(re.findall(r"python -m (\w+)", text)) <= modules
            for path in re.findall(r"(?<![\w./-])(docs/[\w./-]+|crds/)", text):
                assert (ROOT / path).exists(), path


@each_page
def test_every_setting_that_is_named_exists(page: Path) -> None:
    fields = {*ServerSettings.model_fields, *OperatorSettings.model_fields}
    for name in re.findall(r"\bOSTIARY_([A-Z_]+[A-Z])\b", page.read_text()):
        assert name.lower() in fields, f"there is no OSTIARY_{name}"


def test_nothing_is_left_of_where_it_was_written() -> None:
    for file in (*PAGES, *(file for file in DOCS.rglob("*") if file.suffix in {".yaml", ".py", ".js", ".mjs", ".svg"})):
        for pattern in (MACHINE, REGISTRY):
            assert pattern.search(file.read_text()) is None, file


def test_continuous_integration_runs_the_commands_of_the_readme() -> None:
    """`.ci/run` takes the command of the tests from the README: exactly one line, in a block that one copies."""
    script = (ROOT / ".ci" / "run").read_text()
    pattern = re.search(r'grep -m 1 "([^"]+)" README\.md', script)
    assert pattern is not None
    readme = ROOT / "README.md"
    lines = [line for language, text in _fences(readme) if language == "sh" for line in text.splitlines()]
    tests = [line for line in lines if re.fullmatch(pattern[1].strip("^$"), line)]
    assert len(tests) == 1
    setup = tests[0].partition(" && .uv/bin/uv run ")[0]
    assert f"{setup} && .uv/bin/uv run ostiary up docs/examples/quickstart" in lines
    for part in setup.split(" && "):
        assert f"step {part}" in script, "the steps before the tests prepare what the command prepares"


def test_every_route_is_in_the_reference() -> None:
    reference = (DOCS / "reference" / "endpoints.md").read_text()
    routes = set(_routes())
    assert {"/authorize", "/token", "/.well-known/openid-configuration", "/consent", "/readyz"} <= routes
    for path in routes:
        assert f"`{path}`" in reference, path


def test_every_error_is_in_the_reference() -> None:
    reference = (DOCS / "reference" / "endpoints.md").read_text()
    for error in _subclasses(errors.OAuthError):
        assert f"`{error.code}`" in reference, error


def test_error_pages_say_what_troubleshooting_explains() -> None:
    text = (DOCS / "guides" / "troubleshooting.md").read_text()
    rows = text.partition("| the page says | fix |")[2].partition("\n\n")[0].splitlines()[2:]
    source = "".join(file.read_text() for file in (ROOT / "server" / "ostiary_server").rglob("*.py"))
    assert len(rows) > 5
    for row in rows:
        said = re.sub(r" \(.*\)$", "", row.split(" | ")[0].removeprefix("| "))
        assert said in source, said


@cache
def _tests(file: Path) -> frozenset[str]:
    found = ast.walk(ast.parse(file.read_text()))
    return frozenset(node.name for node in found if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _fences(page: Path) -> Iterator[tuple[str, str]]:
    return ((fence["language"], fence["text"]) for fence in FENCE.finditer(page.read_text()))


def _prose(page: Path) -> str:
    """Without code, in which brackets mean something else."""
    return FENCE.sub("", page.read_text())


def _anchors(file: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", _prose(file), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _routes() -> Iterator[str]:
    """What the server's modules register, by literal or by a constant of the module."""
    package = ROOT / "server" / "ostiary_server"
    for file in sorted([*package.glob("endpoints/*.py"), *package.glob("pages/**/*.py")]):
        module = importlib.import_module(".".join(file.relative_to(package.parent).with_suffix("").parts))
        for path in re.findall(r"\b(?:add|api)_route\((\"[^\"]+\"|\w+)", file.read_text()):
            if path.startswith('"'):
                yield path.strip('"')
            else:  # a loop over PATHS, or a constant
                yield from [getattr(module, path)] if hasattr(module, path) else module.PATHS


def _subclasses(kind: type[errors.OAuthError]) -> Iterator[type[errors.OAuthError]]:
    for each in kind.__subclasses__():
        if each.__module__ == errors.__name__:
            yield each
            yield from _subclasses(each)
