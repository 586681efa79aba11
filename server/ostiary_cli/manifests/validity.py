"""Whether one object may be served, judged by itself: the rules that the operator applies, told with their lines."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from pydantic import ValidationError

from ostiary_cli.manifests.envelope import Declaration, Kind
from ostiary_cli.manifests.problem import Problem
from ostiary_cli.manifests.secret import secret_violations
from ostiary_state.applications import rules as application_rules
from ostiary_state.applications.spec import OAuthApplicationSpec
from ostiary_state.kinds.violation import Violation, violations_of
from ostiary_state.policies.rules import read_policy
from ostiary_state.users import rules as user_rules
from ostiary_state.users.spec import OAuthUserSpec


def problems_of(declaration: Declaration) -> Iterator[Problem]:
    """Everything that is wrong with an object, at the lines where it is written."""
    try:
        found = tuple(_VIOLATIONS[declaration.kind](declaration))
    except ValidationError as error:
        found = violations_of(error)
    yield from (declaration.problem(violation.field, violation.message) for violation in found)


def _of_application(declaration: Declaration) -> Iterable[Violation]:
    spec = OAuthApplicationSpec.read(declaration.spec)
    return application_rules.violations(spec, namespace=declaration.namespace, name=declaration.name)


def _of_user(declaration: Declaration) -> Iterable[Violation]:
    return user_rules.violations(OAuthUserSpec.read(declaration.spec))


def _of_policy(declaration: Declaration) -> Iterable[Violation]:
    return read_policy(declaration.spec)[1]


_VIOLATIONS: Mapping[Kind, Callable[[Declaration], Iterable[Violation]]] = {
    Kind.APPLICATION: _of_application,
    Kind.USER: _of_user,
    Kind.POLICY: _of_policy,
    Kind.SECRET: secret_violations,
}
