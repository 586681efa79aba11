"""How a case of a manifest is written."""

from dataclasses import dataclass
from typing import Any

CALLBACK = "https://shop.example.com/callback"
EC = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}


@dataclass(frozen=True)
class Refused:
    """`field` and `says` are where and what both sides answer."""

    name: str
    field: str
    says: str
    spec: dict[str, Any]


def application(**spec: Any) -> dict[str, Any]:
    """The smallest application with a redirect grant, and what a case adds."""
    return {"callbackURLs": [CALLBACK], **spec}


def public(**spec: Any) -> dict[str, Any]:
    return application(type="Public", **spec)


def at(field: str, says: str, cases: dict[str, dict[str, Any]]) -> tuple[Refused, ...]:
    """Cases that get the same answer."""
    return tuple(Refused(name, field, says, spec) for name, spec in cases.items())
