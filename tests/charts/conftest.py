"""Fixture: Helm in both majors, built before a test's time runs."""

from __future__ import annotations

import sys

import pytest

from tests.cluster.build import Programs, binaries, is_built


@pytest.fixture(scope="session", autouse=True)
def _helm(request: pytest.FixtureRequest) -> None:
    for programs in (Programs.HELM, Programs.HELM_3):
        if not is_built(programs):
            capture = request.config.pluginmanager.getplugin("capturemanager")
            with capture.global_and_fixture_disabled():
                sys.stderr.write("\nbuilding Helm: some three minutes, this once\n")
        binaries(programs)
