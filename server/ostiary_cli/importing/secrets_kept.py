"""What becomes of a client's secret: kept as it is, kept as a hash, or replaced where there is nothing to keep."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ostiary_cli.importing.draft import Draft, GivenSecret
from ostiary_operator.reconcile.secret_port import LABEL
from ostiary_state.applications.secret_hashes import KEY as HASH_KEY
from ostiary_state.applications.secret_hashes import SecretHash, UnusableHash

_SHORT: Final = 22  # characters of base64 for 128 bits: below that a secret can be guessed in time


@dataclass(frozen=True, slots=True)
class SecretKept:
    """A Secret for an application with `secret.mode: Require`."""

    name: str
    values: Mapping[str, str] = field(repr=False)

    def manifest(self, namespace: str) -> dict[str, Any]:
        """As it is applied."""
        metadata = {"name": self.name, "namespace": namespace, "labels": {LABEL: "true"}}
        return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": dict(self.values)}


def kept_secret(draft: Draft, name: str) -> SecretKept | None:
    """Sets the draft's `secret`. None: a Public application, one that signs, or one that gets a new secret."""
    if draft.spec.get("type") == "Public" or draft.spec.get("tokenEndpointAuthMethod") == "private_key_jwt":
        return None
    given = draft.secret
    secret_name = given.name or f"{name}-oauth"
    if problem := _problem(given):
        instead = f"give the application the secret that is generated in the Secret {secret_name}"
        draft.report(given.source or "secret", f"it cannot be kept: {problem}", instead)
        return None
    if given.plain:
        values = {given.keys.get("clientSecret", "client-secret"): given.plain}
        if len(given.plain) < _SHORT:
            draft.report(given.source, "this secret is short enough to be guessed", "replace it after the move")
        if {"+", "%"} & {*given.plain} and draft.spec.get("tokenEndpointAuthMethod") != "client_secret_post":
            why = "it holds a + or a %, which not every library encodes for HTTP Basic (RFC 6749 section 2.3.1)"
            draft.report(given.source, why, "if the application gets invalid_client, use client_secret_post")
    else:
        values = {HASH_KEY: given.hashed or ""}
        instead = "nothing; to have the secret in the Secret again, replace it after the move"
        draft.report(given.source, "only a hash of the secret is there: it is verified, and cannot be shown", instead)
    written: dict[str, Any] = {"mode": "Require"}
    if secret_name != f"{name}-oauth":
        written["name"] = secret_name
    if given.keys:
        written["keys"] = dict(given.keys)
    draft.spec["secret"] = written
    return SecretKept(secret_name, {**given.beside, **values})


def _problem(given: GivenSecret) -> str:
    """Why it cannot be kept; empty where it can."""
    if given.plain:
        usable = all(0x20 <= ord(character) <= 0x7E for character in given.plain)  # RFC 6749 appendix A.2
        return "" if usable else "it holds a character that no client secret may have, such as a line break"
    if not given.hashed:
        return given.absent
    try:
        SecretHash.parse(given.hashed)
    except UnusableHash as unusable:
        return str(unusable)
    return ""
