"""What the policies of a namespace come to together: each of them must hold."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ostiary_state.applications.spec import OAuthApplicationSpec
from ostiary_state.policies.rules import APPLICATION_RULES, USER_RULES, PolicyReason, PolicyRule
from ostiary_state.policies.spec import OAuthApplicationPolicySpec
from ostiary_state.users.spec import OAuthUserSpec


@dataclass(frozen=True, slots=True)
class NamedPolicy:
    """A policy as it counts: its name is what an offender is told."""

    name: str
    spec: OAuthApplicationPolicySpec


@dataclass(frozen=True, slots=True)
class Refused:
    """What one policy, or the lack of any, refuses."""

    reason: PolicyReason
    text: str
    field: str = "spec"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What holds for one object of a namespace, all at one moment.

    `place` is that of an application among those of its namespace, from 0 for the oldest; it is only known, and only
    looked at, where a policy has `maxApplications`.
    """

    namespace: str
    selecting: Sequence[NamedPolicy]  # in the order of their names
    users_governed: bool  # some policy of the cluster says who may declare users
    place: int = 0

    def of_application(self, spec: OAuthApplicationSpec) -> tuple[Refused, ...]:
        """Everything that refuses it; empty where it is allowed."""
        if not self.selecting:
            return (Refused(PolicyReason.NOT_SELECTED, f"no policy selects the namespace {self.namespace}"),)
        found = [each for policy in self.selecting for each in application_refusals(spec, policy)]
        return (*found, *(each for policy in self.selecting for each in self._quota(policy)))

    def of_user(self, spec: OAuthUserSpec) -> tuple[Refused, ...]:
        """The same of a user; nothing refuses one while no policy of the cluster has `users`."""
        if not self.users_governed:
            return ()
        if all(policy.spec.users is None for policy in self.selecting):
            text = f"no policy with users selects the namespace {self.namespace}"
            return (Refused(PolicyReason.USERS, text),)
        return tuple(each for policy in self.selecting for each in user_refusals(spec, policy))

    @property
    def names(self) -> str:
        """For people."""
        return ", ".join(policy.name for policy in self.selecting)

    def _quota(self, policy: NamedPolicy) -> Sequence[Refused]:
        limit = policy.spec.max_applications
        if limit is None or self.place < limit:
            return ()
        text = f"policy {policy.name}: the namespace {self.namespace} has {limit} older applications: maxApplications"
        return (Refused(PolicyReason.TOO_MANY, text),)


def application_refusals(spec: OAuthApplicationSpec, policy: NamedPolicy) -> tuple[Refused, ...]:
    """What one policy refuses of one application, by its manifest alone."""
    return _refusals(APPLICATION_RULES, spec, policy)


def user_refusals(spec: OAuthUserSpec, policy: NamedPolicy) -> tuple[Refused, ...]:
    """The same of one user."""
    return _refusals(USER_RULES, spec, policy)


def _refusals(rules: Iterable[PolicyRule[Any]], spec: Any, policy: NamedPolicy) -> tuple[Refused, ...]:
    return tuple(
        _refused(policy.name, rule, offenders) for rule in rules if (offenders := rule.offends(spec, policy.spec))
    )


def _refused(name: str, rule: PolicyRule[Any], offenders: Sequence[str]) -> Refused:
    """As `admission` says it in CEL."""
    field = f"spec.{rule.field}" if rule.field else "spec"
    return Refused(rule.reason, f"policy {name}: {field}: {', '.join(offenders)}: {rule.says}", field)
