"""What a manifest says of its Secret, and CEL cannot see: names in maps, names twice, templates."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final, get_args

from ostiary_state.applications.rule import Rule
from ostiary_state.applications.secret_spec import SECRET_KEY, ClientSecretSpec, SecretValue
from ostiary_state.applications.secret_template import TemplateFailed, render
from ostiary_state.applications.spec import OAuthApplicationSpec
from ostiary_state.kinds.violation import Violation

RESERVED: Final = ("ostiary.dev/", "app.kubernetes.io/managed-by", "kubectl.kubernetes.io/last-applied-configuration")
_PREFIX = r"([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?"
_NAME = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_QUALIFIED: Final = re.compile(_PREFIX + _NAME, re.ASCII)
_LABEL_VALUE: Final = re.compile(f"({_NAME})?", re.ASCII)
_GENERATED_ONLY = ("aliases", "labels", "annotations", "template")

BY_KEY = (
    "(has(self.clientAuthentication)"
    " || (has(self.tokenEndpointAuthMethod) && self.tokenEndpointAuthMethod == 'private_key_jwt'))"
)
_ABSENT = " && ".join(f"(!has(self.secret.{name}) || self.secret.{name}.size() == 0)" for name in _GENERATED_ONLY)
SECRET_RULES = (
    Rule(
        "secret",
        "set secret.mode to Generate or None, or remove private_key_jwt and clientAuthentication:"
        " an application authenticates in one way",
        f"!{BY_KEY} || !has(self.secret) || self.secret.mode != 'Require'",
        lambda spec: not spec.authenticates_by_key or spec.secret is None or spec.secret.mode != "Require",
    ),
    Rule(
        "secret",
        "set secret.mode to Generate or Require, or use clientAuthentication or private_key_jwt:"
        " it could not authenticate",
        f"!has(self.secret) || self.secret.mode != 'None' || {BY_KEY}",
        lambda spec: spec.secret is None or spec.secret.mode != "None" or spec.authenticates_by_key,
    ),
    Rule(
        "adopt",
        "set secret.mode to Require, and name a Secret that holds the client secret of the application that is adopted",
        f"!has(self.adopt) || self.type == 'Public' || {BY_KEY} || (has(self.secret) && self.secret.mode == 'Require')",
        lambda spec: _adopts_with_proof(spec),
    ),
    Rule(
        "secret",
        f"remove {', '.join(_GENERATED_ONLY)} and type, or set mode to Generate: another Secret is not written",
        f"!has(self.secret) || self.secret.mode == 'Generate' || (self.secret.type == 'Opaque' && {_ABSENT})",
        lambda spec: spec.secret is None or spec.secret.mode == "Generate" or not _shaped(spec.secret),
    ),
)


def _adopts_with_proof(spec: OAuthApplicationSpec) -> bool:
    if spec.adopt is None or spec.type == "Public" or spec.authenticates_by_key:
        return True
    return spec.secret is not None and spec.secret.mode == "Require"


def _shaped(secret: ClientSecretSpec) -> bool:
    return secret.type != "Opaque" or any(getattr(secret, name) for name in _GENERATED_ONLY)


def secret_problems(spec: OAuthApplicationSpec) -> Iterator[Violation]:
    """Everything that is wrong with `spec.secret`."""
    secret = spec.secret
    if secret is None:
        return
    keys = [*secret.keys.model_dump().values(), *(alias.name for alias in secret.aliases), *secret.template]
    for key, count in Counter(keys).items():
        if count > 1:
            yield Violation(
                "spec.secret.keys", f"give {key} one value: keys, aliases and template name it {count} times"
            )
    for name in secret.template:
        if not 0 < len(name) <= 253 or SECRET_KEY.failure(name) is not None:
            yield Violation("spec.secret.template", f"{name[:63]!r}: use letters, digits and - . _ only")
    yield from _metadata("labels", secret.labels)
    yield from _metadata("annotations", secret.annotations)
    for name, value in secret.labels.items():
        if _LABEL_VALUE.fullmatch(value) is None:
            yield Violation(
                f"spec.secret.labels.{name}", "write at most 63 letters, digits and - _ . between two of them"
            )
    values = {value: value for value in get_args(SecretValue)}
    if spec.authenticates_by_key:
        del values["clientSecret"]
    for alias in secret.aliases:
        if alias.from_ not in values:
            yield Violation("spec.secret.aliases", f"{alias.name}: an application that signs has no clientSecret")
    for name, text in secret.template.items():
        try:
            render(text, values)
        except TemplateFailed as failed:
            yield Violation(f"spec.secret.template.{name}", str(failed))


def _metadata(field: str, given: Mapping[str, str]) -> Iterator[Violation]:
    for name in given:
        if _QUALIFIED.fullmatch(name) is None or len(name) > 317:
            yield Violation(f"spec.secret.{field}", f"{name[:63]!r}: write a name such as example.com/team or team")
        elif name.startswith(RESERVED) or name.partition("/")[0].endswith(".ostiary.dev"):
            yield Violation(f"spec.secret.{field}", f"remove {name}: Ostiary sets it itself")
