"""Rights that an account has or lacks, as rows, and how a cluster is asked about all of them at once."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster.access import Access

EVERYWHERE = ""
CACHE_S = 10.0  # the API server's authorizer hears of new bindings by a watch


@dataclass(frozen=True, slots=True)
class Right:
    """`resource` is written as for kubectl: `deployments.apps/scale`. `place`: a namespace's part in a test."""

    allowed: bool
    verb: str
    resource: str
    place: str
    name: str

    def review(self, namespaces: dict[str, str]) -> dict[str, Any]:
        """The question, as an object to create."""
        whole, _, subresource = self.resource.partition("/")
        resource, _, group = whole.partition(".")
        asked = {"verb": self.verb, "resource": resource, "group": group, "subresource": subresource, "name": self.name}
        if self.place != EVERYWHERE:
            asked["namespace"] = namespaces[self.place]
        return {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": asked},
        }

    def __str__(self) -> str:
        named = f" {self.name}" if self.name else ""
        return f"{'may' if self.allowed else 'may not'} {self.verb} {self.resource}{named} {self.place or 'everywhere'}"


def may(verbs: str, resources: str, place: str, name: str = "") -> list[Right]:
    """A row for each verb and resource, separated by commas."""
    return _rows(True, verbs, resources, place, name)


def may_not(verbs: str, resources: str, place: str, name: str = "") -> list[Right]:
    """The opposite of `may`."""
    return _rows(False, verbs, resources, place, name)


def wrong(kube: Access, kubeconfig: Path, rights: Sequence[Right], namespaces: dict[str, str]) -> list[str]:
    """Those that are not so for the bearer of a kubeconfig; waits a little for what was granted just now."""
    reviews = {"apiVersion": "v1", "kind": "List", "items": [each.review(namespaces) for each in rights]}
    deadline = time.monotonic() + CACHE_S
    while True:
        told = kube.kubectl(
            "create", "--validate=false", "-o", "json", "-f", "-", stdin=json.dumps(reviews), kubeconfig=kubeconfig
        )
        answers = [each["status"]["allowed"] for each in _objects(told)]
        assert len(answers) == len(rights)
        found = [right for right, allowed in zip(rights, answers, strict=True) if allowed is not right.allowed]
        if not any(right.allowed for right in found) or time.monotonic() > deadline:
            return [f"not so: {right}" for right in found]
        time.sleep(0.3)


def _rows(allowed: bool, verbs: str, resources: str, place: str, name: str) -> list[Right]:
    return [
        Right(allowed, verb.strip(), resource.strip(), place, name)
        for resource in resources.split(",")
        for verb in verbs.split(",")
    ]


def _objects(text: str) -> list[dict[str, Any]]:
    """kubectl prints them one after the other."""
    decoder, found, place = json.JSONDecoder(), [], 0
    while (rest := text[place:].lstrip()) != "":
        value, end = decoder.raw_decode(rest)
        found += value.get("items", [value])
        place = len(text) - len(rest) + end
    return found
