"""Fixtures that more than one folder of tests uses; each is defined beside what it starts."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = [
    "tests.chromium",
    "tests.cluster.fixtures",
    "tests.java_clients",
    "tests.node_clients",
    "tests.postgres",
]

END_TO_END = Path(__file__).parent / "e2e"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The end-to-end suite runs when it is asked for by name: it takes a machine's root, and minutes."""
    asked = any(Path(argument.partition("::")[0]).resolve().is_relative_to(END_TO_END) for argument in config.args)
    return True if collection_path.is_relative_to(END_TO_END) and not asked else None
