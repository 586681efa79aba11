"""The shape of the tree: what imports what, what files are called and how long they are, and what gets installed."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = (
    ROOT / "operator" / "ostiary_operator",
    ROOT / "server" / "ostiary_state",
    ROOT / "server" / "ostiary_server",
    ROOT / "server" / "ostiary_cli",
)
SAYS_NOTHING = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}
MEDIAN_LINES = 90
MOST_LINES = 350
REASON_TO_BE_LONGER = "Long because "


def test_imports_keep_to_the_contracts() -> None:
    done = _run(Path(sys.executable).parent / "lint-imports", "--no-cache", "--no-logo")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_folder_operator_does_not_stand_before_the_standard_library() -> None:
    done = _run(sys.executable, "-c", "import operator; operator.itemgetter; print(operator.__file__)")
    assert done.returncode == 0, done.stderr
    assert not done.stdout.startswith(str(ROOT / "operator"))
    assert {path.name for path in (ROOT / "operator").glob("*.py")} == set()


IMPORTS_ALL_WITHOUT = """
import importlib, pkgutil, sys
absent, packages = set(sys.argv[1].split()), sys.argv[2].split()
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in absent:
            raise ModuleNotFoundError(f"the image has no {name}")
sys.meta_path.insert(0, Absent())
for package in packages:
    for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
        if not module.name.endswith(("__main__", ".env")):
            importlib.import_module(module.name)
import ostiary_cli.__main__
"""


# Commands that a person runs in a container of the process.
COMMANDS = {
    "server": "import ostiary_cli.rotate_keys, ostiary_cli.migrate",
    "operator": "import ostiary_cli.migrate, ostiary_cli.installation.release,"
    " ostiary_cli.asking.why, ostiary_cli.asking.diff",
}


@pytest.mark.parametrize("process", COMMANDS)
def test_an_image_leaves_out_only_what_its_process_does_not_import(process: str) -> None:
    left_out = re.search(rf"\$\(without ([^)]+)\)[\s\\]+-o /{process}\.txt", (ROOT / "Containerfile").read_text())
    assert left_out is not None
    program = IMPORTS_ALL_WITHOUT + COMMANDS[process]
    done = _run(sys.executable, "-c", program, left_out.group(1), f"ostiary_state ostiary_{process}")
    assert done.returncode == 0, done.stderr


def test_no_module_has_the_name_of_one_in_the_standard_library() -> None:
    # A folder that a tool puts first on sys.path would make each such module the standard one.
    assert [path for path in _modules() if path.stem in sys.stdlib_module_names] == []


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [path for path in (*_modules(), *_tests()) if path.stem in SAYS_NOTHING] == []


def test_files_are_short() -> None:
    assert statistics.median(map(_lines, _modules())) <= MEDIAN_LINES


def test_a_long_file_gives_its_reason() -> None:
    long = [path for path in (*_modules(), *_tests()) if _lines(path) > MOST_LINES]
    assert [path for path in long if REASON_TO_BE_LONGER not in path.read_text()] == []


@pytest.mark.parametrize(
    "package", sorted(path for top in PACKAGES for path in top.rglob("__init__.py")), ids=lambda path: path.parent.name
)
def test_a_package_opens_with_its_contract_and_re_exports_nothing(package: Path) -> None:
    tree = ast.parse(package.read_text())
    assert ast.get_docstring(tree), "what it owns and what it never imports"
    assert [type(node).__name__ for node in tree.body[1:]] == []


def test_the_wheel_holds_every_file_of_the_four_packages(tmp_path: Path) -> None:
    done = _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        held = {name for name in wheel.namelist() if ".dist-info/" not in name}
        about = {name.partition(".dist-info/")[2] for name in wheel.namelist() if ".dist-info/" in name}
    assert held == {
        str(path.relative_to(package.parent))
        for package in PACKAGES
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {Path(name).suffix for name in held} >= {".py", ".html", ".css", ".typed"}
    assert about >= {"entry_points.txt", "licenses/LICENSE"}


def _run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def _modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (path for path in package.rglob("*.py") if path.stem not in ("__init__", "__main__"))


def _tests() -> Iterator[Path]:
    yield from (ROOT / "tests").rglob("*.py")


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines())
