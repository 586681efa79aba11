"""A raw spec read and judged by itself: the rules that `ostiary check` runs offline, and what may not change later."""

from collections.abc import Collection, Sequence

from pydantic import ValidationError

from ostiary_operator.reconcile.conditions import Reason
from ostiary_operator.reconcile.declared import DeclaredApplication, DeclaredUser
from ostiary_operator.reconcile.refusal import Refusal
from ostiary_state.applications import rules as application_rules
from ostiary_state.applications.spec import OAuthApplicationSpec
from ostiary_state.intent import StoredApplication
from ostiary_state.kinds.violation import Violation, violations_of
from ostiary_state.users import rules as user_rules
from ostiary_state.users.spec import OAuthUserSpec


def application_spec(
    declared: DeclaredApplication,
    held: StoredApplication | None,
    client_id_prefixes: Collection[str],
    verified_sector: str | None,
) -> OAuthApplicationSpec:
    """Raises Refusal that names every field at fault."""
    try:
        spec = OAuthApplicationSpec.read(declared.spec)
    except ValidationError as error:
        raise _refusal(violations_of(error)) from None
    wrong = application_rules.violations(
        spec,
        namespace=declared.namespace,
        name=declared.name,
        client_id_prefixes=client_id_prefixes,
        verified_sector=verified_sector,
        callbacks_known=True,
    )
    if wrong or held is None:
        _refuse_any(wrong)
    else:
        _refuse_any(application_rules.changes_refused(OAuthApplicationSpec.read(held.spec), spec))
    return spec


def user_spec(declared: DeclaredUser) -> OAuthUserSpec:
    """Raises Refusal that names every field at fault."""
    try:
        spec = OAuthUserSpec.read(declared.spec)
    except ValidationError as error:
        raise _refusal(violations_of(error)) from None
    _refuse_any(user_rules.violations(spec))
    return spec


def _refuse_any(violations: Sequence[Violation]) -> None:
    if violations:
        raise _refusal(violations)


def _refusal(violations: Sequence[Violation]) -> Refusal:
    """The reason is the first one's: rules are ordered by what to fix first."""
    return Refusal(Reason(violations[0].reason), "; ".join(str(violation) for violation in violations))
