"""What a manifest must keep of the replacement of its client secret."""

from collections.abc import Iterator

from ostiary_state.applications.rotation_schedule import NotASchedule, check
from ostiary_state.applications.rotation_spec import DEFAULT_OVERLAP
from ostiary_state.applications.rule import Rule
from ostiary_state.applications.secret_rules import BY_KEY
from ostiary_state.applications.spec import OAuthApplicationSpec
from ostiary_state.kinds.violation import Violation

_ROTATES = "has(self.rotation)"
_GENERATED = "(!has(self.secret) || self.secret.mode == 'Generate')"
_OVERLAPS = "has(self.rotation.overlap)"
_OVERLAP = "duration(self.rotation.overlap)"
_USUAL = f"duration('{DEFAULT_OVERLAP}')"
_INTERVAL, _UNUSED_FOR = "duration(self.rotation.interval)", "duration(self.rotation.unusedFor)"
_SCHEDULED = "(has(self.rotation.interval) || has(self.rotation.window))"

ROTATION_RULES = (
    Rule(
        "rotation",
        "remove rotation: this application has no client secret",
        f"!{_ROTATES} || (self.type == 'Confidential' && !{BY_KEY} && !has(self.registeredBy))",
        lambda spec: spec.rotation is None or _has_secret(spec),
    ),
    Rule(
        "rotation",
        "remove interval and window, or set secret.mode to Generate: another Secret is not written",
        f"!{_ROTATES} || !{_SCHEDULED} || {_GENERATED}",
        lambda spec: spec.rotation is None or not _is_scheduled(spec) or spec.secret is None or _is_generated(spec),
    ),
    Rule(
        "rotation",
        f"set overlap to at most interval (its default is {DEFAULT_OVERLAP}):"
        " no more than two secrets may count at a time",
        f"!{_ROTATES} || !has(self.rotation.interval)"
        f" || ({_OVERLAPS} && {_OVERLAP} <= {_INTERVAL}) || (!{_OVERLAPS} && {_USUAL} <= {_INTERVAL})",
        lambda spec: (
            spec.rotation is None
            or spec.rotation.interval is None
            or spec.rotation.longest_overlap <= spec.rotation.interval
        ),
    ),
    Rule(
        "rotation",
        "set unusedFor to at most overlap, or revoke to AfterOverlap",
        f"!{_ROTATES} || self.rotation.revoke == 'AfterOverlap'"
        f" || ({_OVERLAPS} && {_UNUSED_FOR} <= {_OVERLAP}) || (!{_OVERLAPS} && {_UNUSED_FOR} <= {_USUAL})",
        lambda spec: (
            spec.rotation is None
            or spec.rotation.revoke == "AfterOverlap"
            or spec.rotation.unused_for <= spec.rotation.longest_overlap
        ),
    ),
)


def rotation_problems(spec: OAuthApplicationSpec) -> Iterator[Violation]:
    """What CEL cannot read: schedules and time zones."""
    if spec.rotation is None or spec.rotation.window is None:
        return
    try:
        check(spec.rotation.window)
    except NotASchedule as problem:
        yield Violation("spec.rotation.window", str(problem))


def _has_secret(spec: OAuthApplicationSpec) -> bool:
    return spec.type == "Confidential" and not spec.authenticates_by_key and spec.registered_by is None


def _is_scheduled(spec: OAuthApplicationSpec) -> bool:
    return spec.rotation is not None and (spec.rotation.interval is not None or spec.rotation.window is not None)


def _is_generated(spec: OAuthApplicationSpec) -> bool:
    return spec.secret is not None and spec.secret.mode == "Generate"
