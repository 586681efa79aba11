"""Kubeconfig files: who one is at which API server. JSON, which every reader of YAML takes."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster.certificates import Leaf


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An API server's address and the `cluster` entry that a kubeconfig has for it."""

    entry: dict[str, Any]

    @classmethod
    def trusting(cls, server: str, authority: Path) -> Endpoint:
        """The API server at this URL, whose certificate this authority signed."""
        return cls({"server": server, "certificate-authority-data": _data(authority)})

    @classmethod
    def of(cls, kubeconfig: dict[str, Any]) -> Endpoint:
        """The one that a flattened and minified kubeconfig points to."""
        return cls(kubeconfig["clusters"][0]["cluster"])

    def as_holder_of(self, leaf: Leaf, path: Path) -> Path:
        """Write a kubeconfig that signs in by certificate; its path."""
        user = {"client-certificate-data": _data(leaf.certificate), "client-key-data": _data(leaf.key)}
        return self._write(user, path)

    def as_bearer_of(self, token: str, path: Path) -> Path:
        """Write a kubeconfig that signs in by token; its path."""
        return self._write({"token": token}, path)

    def _write(self, user: dict[str, str], path: Path) -> Path:
        path.touch(mode=0o600)
        path.write_text(
            json.dumps(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "clusters": [{"name": "test", "cluster": self.entry}],
                    "users": [{"name": "test", "user": user}],
                    "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
                    "current-context": "test",
                }
            )
        )
        return path


def _data(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
