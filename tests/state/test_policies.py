"""What a policy refuses, whom it selects, and what several come to together."""

from typing import Any

import pytest
import yaml

from ostiary_state.applications import rules as application_rules
from ostiary_state.applications.spec import OAuthApplicationSpec
from ostiary_state.policies.admission import admission_files
from ostiary_state.policies.rules import read_policy, violations
from ostiary_state.policies.selector import NamespaceSelector
from ostiary_state.policies.spec import OAuthApplicationPolicySpec
from ostiary_state.policies.verdict import Bounds, NamedPolicy, Refused
from ostiary_state.reference import EXAMPLES
from ostiary_state.users.spec import OAuthUserSpec
from tests.charts.rendering import CHART
from tests.state.manifests import application
from tests.state.policy_manifests import ALLOWED, REFUSED, SELECTIONS, WRONG_POLICIES, Case
from tests.state.user_manifests import user


def policy(name: str = "base", **spec: Any) -> NamedPolicy:
    read = OAuthApplicationPolicySpec.read({"namespaceSelector": {}, **spec})
    assert violations(read) == ()
    return NamedPolicy(name, read)


def judged(kind: str, spec: dict[str, Any], *policies: NamedPolicy, place: int = 0) -> tuple[Refused, ...]:
    bounds = Bounds("shop", policies, any(each.spec.users is not None for each in policies), place)
    if kind == "OAuthUser":
        return bounds.of_user(OAuthUserSpec.read(spec))
    read = OAuthApplicationSpec.read(spec)
    assert application_rules.violations(read, namespace="shop", name="web") == ()
    return bounds.of_application(read)


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_a_policy_refuses_what_it_does_not_allow_and_says_which_field(case: Case) -> None:
    (refused,) = judged(case.kind, case.spec, policy(**case.policy))
    assert (refused.reason, refused.text) == (case.reason, f"policy base: {case.says}")


@pytest.mark.parametrize(("rules", "spec", "kind"), ALLOWED.values(), ids=ALLOWED)
def test_a_policy_lets_all_else_pass(rules: dict[str, Any], spec: dict[str, Any], kind: str) -> None:
    assert judged(kind, spec, policy(**rules)) == ()


@pytest.mark.parametrize(("selector", "labels", "selected"), SELECTIONS.values(), ids=SELECTIONS)
def test_a_selector_means_what_it_means_to_kubernetes(
    selector: dict[str, Any], labels: dict[str, str], selected: bool
) -> None:
    assert NamespaceSelector.read(selector).matches(labels) is selected


@pytest.mark.parametrize(("field", "spec"), WRONG_POLICIES.values(), ids=WRONG_POLICIES)
def test_a_wrong_policy_is_refused_at_its_field(field: str, spec: dict[str, Any]) -> None:
    assert [each.field for each in read_policy(spec)[1]] == [field]


def test_every_policy_must_hold_and_each_is_named() -> None:
    refused = judged(
        "OAuthApplication",
        application(pkce="Optional", grantModes=["authorization_code", "implicit"]),
        policy("all", grantModes=["authorization_code"]),
        policy("team", requirePKCE=True),
    )
    assert [each.text.partition(": spec")[0] for each in refused] == ["policy all", "policy team"]


def test_one_policy_never_allows_what_another_refuses() -> None:
    generous = policy("generous", grantModes=["authorization_code", "password"])
    spec = application(grantModes=["authorization_code", "password"])
    assert judged("OAuthApplication", spec, generous) == ()
    assert judged("OAuthApplication", spec, generous, policy("base", grantModes=["authorization_code"])) != ()


def test_a_namespace_that_no_policy_selects_may_have_no_application() -> None:
    (refused,) = judged("OAuthApplication", application())
    assert refused == Refused("NotSelected", "no policy selects the namespace shop")  # type: ignore[arg-type]


def test_the_oldest_keep_their_place() -> None:
    few = policy("few", maxApplications=2)
    assert [judged("OAuthApplication", application(), few, place=place) == () for place in range(4)] == [
        True,
        True,
        False,
        False,
    ]
    (refused,) = judged("OAuthApplication", application(), few, place=2)
    assert refused.text == "policy few: the namespace shop has 2 older applications: maxApplications"


def test_users_are_nobodys_business_until_a_policy_speaks_of_them() -> None:
    assert judged("OAuthUser", user(), policy(grantModes=[])) == ()
    bounds = Bounds("shop", (policy(),), users_governed=True)
    (refused,) = bounds.of_user(OAuthUserSpec.read(user()))
    assert (refused.reason, refused.text) == ("UsersNotAllowed", "no policy with users selects the namespace shop")


def test_what_the_chart_gives_the_api_server_is_what_the_rules_say() -> None:
    committed = {path.name: path.read_text() for path in (CHART / "files" / "admission").iterdir()}
    again = "run: uv run python -m ostiary_state.policies.admission charts/ostiary/files/admission/"
    assert committed == admission_files(), again


def test_the_example_keeps_the_rules() -> None:
    assert violations(OAuthApplicationPolicySpec.read(yaml.safe_load(EXAMPLES["OAuthApplicationPolicy"])["spec"])) == ()
