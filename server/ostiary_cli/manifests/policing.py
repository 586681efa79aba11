"""Which objects of some files break which policies of the same files.

A file does not know the labels of a namespace, except the one that holds its name. So a policy that looks at others is
left to the cluster, and so is whatever takes all of its policies to say: that none selects a namespace, and how many
applications are older.
"""

from collections.abc import Iterable, Iterator

from ostiary_cli.manifests.envelope import Declaration, Kind
from ostiary_cli.manifests.problem import Problem
from ostiary_state.applications.spec import OAuthApplicationSpec
from ostiary_state.policies.selector import NAME_LABEL
from ostiary_state.policies.spec import OAuthApplicationPolicySpec
from ostiary_state.policies.verdict import NamedPolicy, Refused, application_refusals, user_refusals
from ostiary_state.users.spec import OAuthUserSpec


def refused_by_policies(declared: Iterable[Declaration]) -> Iterator[Problem]:
    """What is certain to be refused, at the field that is at fault."""
    each_one = tuple(declared)
    policies = [
        NamedPolicy(each.name, OAuthApplicationPolicySpec.read(each.spec))
        for each in each_one
        if each.kind is Kind.POLICY
    ]
    for policy in policies:
        selector = policy.spec.namespace_selector
        if selector.keys <= {NAME_LABEL}:
            for each in each_one:
                if each.namespace and selector.matches({NAME_LABEL: each.namespace}):
                    yield from (each.problem(refused.field, refused.text) for refused in _refusals(each, policy))


def _refusals(each: Declaration, policy: NamedPolicy) -> tuple[Refused, ...]:
    if each.kind is Kind.APPLICATION and "registeredBy" not in each.spec:
        return application_refusals(OAuthApplicationSpec.read(each.spec), policy)
    if each.kind is Kind.USER:
        return user_refusals(OAuthUserSpec.read(each.spec), policy)
    return ()
