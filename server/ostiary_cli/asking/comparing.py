"""One object in a file and in the cluster: which fields differ in what they mean, and what follows from that."""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from ostiary_cli.asking import effects
from ostiary_cli.differences import changes
from ostiary_cli.manifests.envelope import Declaration, Kind
from ostiary_cli.manifests.secret import SecretManifest
from ostiary_state.applications.spec import OAuthApplicationSpec
from ostiary_state.kinds.manifest import Manifest
from ostiary_state.policies.spec import OAuthApplicationPolicySpec
from ostiary_state.users.spec import OAuthUserSpec

_SPECS: Mapping[Kind, type[Manifest]] = {
    Kind.APPLICATION: OAuthApplicationSpec,
    Kind.USER: OAuthUserSpec,
    Kind.POLICY: OAuthApplicationPolicySpec,
}


@dataclass(frozen=True, slots=True)
class Difference:
    """Of one object. Without any line and not new or gone, it is as it should be."""

    title: str
    state: str  # "new", "changed", "deleted"; empty: equal
    fields: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """For a person."""
        yield f"{self.title}: {self.state}"
        yield from (f"  {field}" for field in self.fields)
        yield from (f"  ! {effect}" for effect in self.effects)


def compare(declared: Declaration, held: Mapping[str, Any] | None) -> Difference:
    """`declared` has passed the rules; `held` is the object as the API has it."""
    title = f"{declared.kind} {declared.id}"
    if declared.kind is Kind.SECRET:
        return _secret(title, SecretManifest.of(declared), held)
    new = _SPECS[declared.kind].read(declared.spec)
    if held is None:
        follows = (effects.OF_POLICY,) if declared.kind is Kind.POLICY else ()
        return Difference(title, "new", tuple(map(str, changes({}, new.canonical()))), follows)
    old = _read(declared.kind, held)
    if old is None:
        return Difference(title, "changed", ("what the cluster has cannot be read by this release",))
    fields = tuple(map(str, changes(old.canonical(), new.canonical())))
    return Difference(title, "changed" if fields else "", fields, tuple(_effects(old, new, declared.name)))


def gone(kind: Kind, held: Mapping[str, Any]) -> Difference:
    """An object that is in the cluster and in no file, where such are deleted."""
    metadata = held["metadata"]
    title = f"{kind} {metadata['namespace']}/{metadata['name']}"
    old = _read(kind, held)
    effect = effects.of_deleted_application(old) if isinstance(old, OAuthApplicationSpec) else effects.of_deleted_user()
    return Difference(title, "deleted", effects=(effect,))


def _effects(old: Manifest, new: Manifest, name: str) -> Iterator[str]:
    if isinstance(old, OAuthApplicationSpec) and isinstance(new, OAuthApplicationSpec):
        yield from effects.of_application(old, new, name)
    if isinstance(new, OAuthApplicationPolicySpec) and old.canonical() != new.canonical():
        yield effects.OF_POLICY
    if isinstance(old, OAuthUserSpec) and isinstance(new, OAuthUserSpec):
        yield from effects.of_user(old, new)


def _read(kind: Kind, held: Mapping[str, Any]) -> Manifest | None:
    try:
        return _SPECS[kind].read(held.get("spec") or {})
    except ValidationError:
        return None


def _secret(title: str, new: SecretManifest, held: Mapping[str, Any] | None) -> Difference:
    """Keys that the file does not name stay, as kubectl apply leaves them; values are compared and not shown."""
    if held is None:
        return Difference(title, "new", tuple(f"{key}: + (secret)" for key in new.data))
    old = {key: base64.b64decode(value) for key, value in (held.get("data") or {}).items()}
    fields = [
        f"{key}: (secret) -> (secret), another one" if key in old else f"{key}: + (secret)"
        for key, value in new.data.items()
        if old.get(key) != value
    ]
    labels = held["metadata"].get("labels") or {}
    fields += (
        f"labels.{name}: {labels.get(name, '(none)')} -> {value}"
        for name, value in new.labels.items()
        if labels.get(name) != value
    )
    effect = (
        "who authenticates by the value of before cannot any more" if any("another" in each for each in fields) else ""
    )
    return Difference(title, "changed" if fields else "", tuple(fields), (effect,) if effect else ())
