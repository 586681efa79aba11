"""Helm, run over the chart: what it renders, and what it says when it refuses."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.charts.manifests import Manifest, Manifests
from tests.charts.overlays import Values
from tests.cluster.build import Programs, binaries

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "ostiary"
KUBERNETES = "1.37.2"  # one that is built here says 1.20 of itself, for want of a version linked in


class Refused(Exception):
    """The message is what Helm printed as an error."""


@dataclass(frozen=True)
class Helm:
    """A major version of Helm, and the release that it renders."""

    programs: Programs = Programs.HELM
    release: str = "try"
    namespace: str = "ostiary"
    kubernetes: str = KUBERNETES

    def render(self, values: Values) -> Manifests:
        """Raises Refused. The same values are rendered once a run."""
        return _rendered(self, json.dumps(values, sort_keys=True))

    def render_again(self, values: Values) -> Manifests:
        """As `render`, but never from memory."""
        return _render(self, json.dumps(values))

    def refusal(self, values: Values) -> str:
        """What it says of values that it refuses; fails where it takes them."""
        try:
            self.render_again(values)
        except Refused as refused:
            return str(refused)
        raise AssertionError(f"taken, though wrong: {values}")

    def lint(self, values: Values) -> str:
        """What `helm lint --strict` prints; raises Refused where it finds fault."""
        return self._run("lint", "--strict", str(CHART), values=json.dumps(values))

    def in_namespace(self, namespace: str) -> Helm:
        """The same release elsewhere."""
        return replace(self, namespace=namespace)

    def _run(self, *arguments: str, values: str) -> str:
        done = subprocess.run(
            [program(self.programs), *arguments, "--kube-version", self.kubernetes, "--values", "-"],
            env={**os.environ, "GOGC": "off"},  # it is done before its memory matters
            input=values,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise Refused(f"{done.stdout}\n{done.stderr}".strip())
        return done.stdout


@cache
def program(programs: Programs) -> Path:
    """Where a major's `helm` is."""
    return binaries(programs) / "helm"


@cache
def _rendered(helm: Helm, values: str) -> Manifests:
    return _render(helm, values)


def _render(helm: Helm, values: str) -> Manifests:
    text = helm._run("template", helm.release, str(CHART), "--namespace", helm.namespace, values=values)
    documents = (_parsed(each) for each in text.removeprefix("---\n").split("\n---\n"))
    return Manifests(text, tuple(each for each in documents if each))


@cache
def _parsed(document: str) -> Manifest | None:
    """Most of what two renderings make is the same."""
    parsed: Manifest | None = yaml.load(document, _Strict)
    return parsed


class _Strict(yaml.CSafeLoader):
    """YAML 1.1 as Helm reads it, except that a key which stands twice in one map is an error, as for the API server."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        assert not twice, f"{twice} twice{node.start_mark}"
        return super().construct_mapping(node, deep)


_Strict.add_constructor(
    yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, lambda loader, node: loader.construct_mapping(node, deep=True)
)
