"""A Secret manifest: `data` in base64, `stringData` as it is, and never a value in a message."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ostiary_cli.manifests.envelope import Declaration
from ostiary_operator.reconcile.secret_port import LABEL
from ostiary_state.kinds.violation import Violation


@dataclass(frozen=True, slots=True)
class SecretManifest:
    """A Secret as it is declared in a file. Its values never show in a repr."""

    data: Mapping[str, bytes] = field(repr=False)
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    type: str = "Opaque"

    @property
    def labelled(self) -> bool:
        """Carries the label without which the operator looks at no Secret."""
        return self.labels.get(LABEL) == "true"

    @classmethod
    def of(cls, declaration: Declaration) -> "SecretManifest":
        """`stringData` wins over `data`, as in the API server. Raises ValueError where `secret_violations` has any."""
        body, metadata = declaration.body, declaration.body["metadata"]
        data = {key: _decoded(text) for key, text in (body.get("data") or {}).items()}
        data |= {key: text.encode() for key, text in (body.get("stringData") or {}).items()}
        return cls(data, metadata.get("labels") or {}, metadata.get("annotations") or {}, body.get("type") or "Opaque")


def secret_violations(declaration: Declaration) -> Iterator[Violation]:
    """What is wrong with a Secret's own fields."""
    for name in ("data", "stringData"):
        texts = declaration.body.get(name) or {}
        if not isinstance(texts, dict):
            yield Violation(name, "expected texts by name")
            continue
        for key, value in texts.items():
            if not isinstance(value, str):
                yield Violation(f"{name}.{key}", "must be a text: write it in quotes")
            elif name == "data" and not _is_base64(value):
                yield Violation(f"{name}.{key}", "is not base64: encode it, or write it below stringData as it is")
    if not isinstance(declaration.body.get("type", "Opaque"), str):
        yield Violation("type", "must be a text: write it in quotes")


def _is_base64(text: str) -> bool:
    try:
        _decoded(text)
    except (binascii.Error, ValueError):
        return False
    return True


def _decoded(text: str) -> bytes:
    """Line breaks are allowed, as `base64` writes them."""
    return base64.b64decode("".join(text.split()), validate=True)
