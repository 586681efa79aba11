"""What a manifest says, parsed once at the edge: no raw object goes further in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ostiary_operator.reconcile.secret_history import REVOKE, ROTATE


@dataclass(frozen=True, slots=True)
class Declared:
    """One object as the cluster (or a file) holds it now."""

    namespace: str
    name: str
    uid: str  # the incarnation: a re-created object inherits nothing
    generation: int
    spec: Mapping[str, Any]  # as written: not yet validated
    deleted: bool = False  # its deletion has begun: only our finalizer keeps it
    annotations: Mapping[str, str] = field(default_factory=dict)  # ours alone
    served_until: float | None = None  # as status has it: when what policies no longer allow ends, or has ended

    @property
    def id(self) -> str:
        """The row's id."""
        return f"{self.namespace}/{self.name}"

    @property
    def needs_secret(self) -> bool:
        """Whether it has a Secret, as far as its manifest says."""
        raise NotImplementedError


class DeclaredApplication(Declared):
    """An OAuthApplication."""

    __slots__ = ()

    @property
    def needs_secret(self) -> bool:
        """Whether it can keep one, and its client does not keep it alone."""
        return may_have_secret(self.spec)


def may_have_secret(spec: Mapping[str, Any]) -> bool:
    """As `secret_name_of`, of a spec that may break the rules, or that another version of them has accepted."""
    if spec.get("type") == "Public" or "registeredBy" in spec:
        return False
    secret = spec.get("secret")
    if secret is None:
        return spec.get("tokenEndpointAuthMethod") != "private_key_jwt" and "clientAuthentication" not in spec
    return not isinstance(secret, Mapping) or secret.get("mode") != "None"


class DeclaredUser(Declared):
    """An OAuthUser."""

    __slots__ = ()

    @property
    def needs_secret(self) -> bool:
        """Whether it has a password."""
        return "passwordSecretRef" in self.spec


def own_annotations(annotations: Mapping[str, str] | None) -> dict[str, str]:
    """Those that mean something to us; others may be large."""
    return {name: value for name, value in (annotations or {}).items() if name in (ROTATE, REVOKE)}
