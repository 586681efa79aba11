"""Which manifests are refused, where, and in which words."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from ostiary_state.applications import rules as application_rules
from ostiary_state.applications.crd import crd_files
from ostiary_state.applications.registered_claims import REGISTERED_CLAIMS
from ostiary_state.applications.spec import OAuthApplicationSpec
from ostiary_state.kinds.custom_resource import NAME_TOO_LONG
from ostiary_state.kinds.violation import Violation, violations_of
from ostiary_state.policies.rules import read_policy
from ostiary_state.users import rules as user_rules
from ostiary_state.users.spec import OAuthUserSpec
from tests.state.manifests import (
    ACCEPTED_APPLICATIONS,
    CALLBACK,
    REFUSED_APPLICATIONS,
    UNREADABLE_APPLICATIONS,
    Refused,
    application,
    public,
)
from tests.state.openid_manifests import REFUSED_BEYOND_CEL
from tests.state.policy_manifests import WRONG_POLICIES
from tests.state.rotation_manifests import ROTATIONS_REFUSED_BEYOND_CEL
from tests.state.secret_manifests import SECRETS_REFUSED_BEYOND_CEL
from tests.state.user_manifests import ACCEPTED_USERS, REFUSED_USERS, UNREADABLE_USERS, user
from tests.state.workload_manifests import WORKLOADS_REFUSED_BEYOND_CEL


def violations(spec: dict[str, Any], namespace: str = "default", name: str = "shop") -> tuple[Violation, ...]:
    """As `ostiary check` finds them, whichever side of parsing they are on."""
    try:
        read = OAuthApplicationSpec.read(spec)
    except ValidationError as error:
        return violations_of(error)
    return application_rules.violations(read, namespace=namespace, name=name)


def user_violations(spec: dict[str, Any]) -> tuple[Violation, ...]:
    try:
        return user_rules.violations(OAuthUserSpec.read(spec))
    except ValidationError as error:
        return violations_of(error)


@pytest.mark.parametrize("spec", ACCEPTED_APPLICATIONS.values(), ids=ACCEPTED_APPLICATIONS)
def test_a_good_application_keeps_every_rule(spec: dict[str, Any]) -> None:
    assert violations(spec) == ()


@pytest.mark.parametrize("case", REFUSED_APPLICATIONS, ids=lambda case: case.name)
def test_a_bad_application_is_refused_at_one_field_with_what_to_write(case: Refused) -> None:
    (violation,) = violations(case.spec)
    assert violation.field == case.field
    assert case.says in violation.message
    assert violation.reason == "InvalidSpec"


@pytest.mark.parametrize(("field", "spec"), UNREADABLE_APPLICATIONS.values(), ids=UNREADABLE_APPLICATIONS)
def test_what_the_schema_refuses_is_refused_on_a_disk_too(field: str, spec: dict[str, Any]) -> None:
    assert {violation.field.partition("[")[0] for violation in violations(spec)} == {field.partition("[")[0]}


@pytest.mark.parametrize(
    "case",
    [*REFUSED_BEYOND_CEL, *SECRETS_REFUSED_BEYOND_CEL, *ROTATIONS_REFUSED_BEYOND_CEL, *WORKLOADS_REFUSED_BEYOND_CEL],
    ids=lambda case: case.name,
)
def test_what_cel_cannot_see_is_refused_with_what_to_write(case: Refused) -> None:
    (violation,) = violations(case.spec)
    assert violation.field == case.field
    assert case.says in violation.message


@pytest.mark.parametrize("spec", ACCEPTED_USERS.values(), ids=ACCEPTED_USERS)
def test_a_good_user_keeps_every_rule(spec: dict[str, Any]) -> None:
    assert user_violations(spec) == ()


@pytest.mark.parametrize("case", REFUSED_USERS, ids=lambda case: case.name)
def test_a_bad_user_is_refused_at_one_field_with_what_to_write(case: Refused) -> None:
    (violation,) = user_violations(case.spec)
    assert violation.field == case.field
    assert case.says in violation.message


@pytest.mark.parametrize(("field", "spec"), UNREADABLE_USERS.values(), ids=UNREADABLE_USERS)
def test_an_unreadable_user_is_refused_on_a_disk_too(field: str, spec: dict[str, Any]) -> None:
    assert [violation.field for violation in user_violations(spec)] == [field]


def test_every_registered_claim_has_a_case() -> None:
    refused = {claim for case in REFUSED_USERS for claim in case.spec.get("claims", {})}
    assert refused == set(REGISTERED_CLAIMS)


def test_claims_that_would_not_fit_into_a_token_are_refused() -> None:
    assert user_violations(user(claims={"bio": "x" * 8192})) == (
        Violation("spec.claims", "write at most 8192 bytes of claims"),
    )


@pytest.mark.parametrize("claims", [{"bio": "a\0b"}, {"roles": [{"name": "\0"}]}, {"\0": 1}])
def test_claims_with_a_character_that_no_database_keeps_are_refused(claims: dict[str, Any]) -> None:
    assert user_violations(user(claims=claims)) == (Violation("spec.claims", "remove the NUL characters (U+0000)"),)


def test_the_words_for_such_a_character_are_no_such_character() -> None:
    assert user_violations(user(claims={"bio": r"written as \u0000"})) == ()


def test_every_mistake_is_reported_and_not_only_the_first() -> None:
    spec = public(callbackURLs=["http://a.example", CALLBACK + "#x"], clientID="u_x", secret={}, pkce="Optional")
    assert [violation.field for violation in violations(spec)] == [
        "spec.clientID",
        "spec.callbackURLs[0]",
        "spec.callbackURLs[1]",
        "spec.secret",
        "spec.pkce",
    ]


def test_an_absolute_lifetime_below_its_bound_is_also_below_the_idle_one() -> None:
    short = violations(application(tokenLifetimes={"refreshTokenAbsolute": "59m59s"}))
    assert [violation.message for violation in short] == [
        "write a duration from 1h to 8760h, such as 90s, 10m or 1h30m (24h is a day)",
        "set refreshTokenIdle to at most refreshTokenAbsolute",
    ]


def test_an_unknown_field_is_named_and_its_value_is_not_repeated() -> None:
    (violation,) = violations(application(clientSecret="hunter2"))
    assert violation == Violation(
        "spec.clientSecret", "there is no such field: check its spelling and where it is indented"
    )


def test_a_field_is_read_by_its_name_in_manifests_only() -> None:
    assert [violation.field for violation in violations(application(display_name="Shop"))] == ["spec.display_name"]


@pytest.mark.parametrize("client_id", ["team-a.shop", "team-a.", "a.b.c"])
def test_a_client_id_may_not_begin_with_another_namespace(client_id: str) -> None:
    (violation,) = violations(application(clientID=client_id), namespace="team-b")
    assert (violation.field, violation.reason) == ("spec.clientID", "ClientIDNotAllowed")
    assert "begin with team-b. or use no dot" in violation.message


@pytest.mark.parametrize(
    "client_id", ["team-b.shop", "shop", "Team.shop", "team_a.shop", "-a.shop", "x" * 64 + ".shop"]
)
def test_a_client_id_may_begin_with_what_is_no_other_namespace(client_id: str) -> None:
    assert violations(application(clientID=client_id), namespace="team-b") == ()


def test_a_granted_prefix_may_be_used_from_another_namespace() -> None:
    spec = OAuthApplicationSpec.read(application(clientID="legacy.shop"))
    refused = application_rules.violations(spec, namespace="team-b", name="shop")
    granted = application_rules.violations(spec, namespace="team-b", name="shop", client_id_prefixes={"legacy"})
    assert (len(refused), granted) == (1, ())


@pytest.mark.parametrize("name", ["x" * 64, "Shop", "shop_1", "-shop", ""])
def test_a_name_that_kubernetes_or_a_client_id_cannot_hold_is_refused(name: str) -> None:
    assert [violation.field for violation in violations(application(), name=name)] == ["metadata.name"]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        (application(clientID="a"), application(clientID="b"), "spec.clientID"),
        (application(clientID="a"), application(), "spec.clientID"),
        (application(), application(clientID="a"), "spec.clientID"),
        (application(), public(), "spec.type"),
        (public(), application(type="Confidential"), "spec.type"),
    ],
)
def test_what_cannot_change_is_refused(old: dict[str, Any], new: dict[str, Any], field: str) -> None:
    refused = application_rules.changes_refused(OAuthApplicationSpec.read(old), OAuthApplicationSpec.read(new))
    assert [violation.field for violation in refused] == [field]


def test_all_else_may_change() -> None:
    old = OAuthApplicationSpec.read(application())
    new = OAuthApplicationSpec.read(ACCEPTED_APPLICATIONS["everything"] | {"clientID": None, "type": "Confidential"})
    assert application_rules.changes_refused(old, new) == ()


def test_everything_that_the_api_server_may_say_has_a_case() -> None:
    told = {violation.message for case in REFUSED_APPLICATIONS for violation in violations(case.spec)}
    told |= {violation.message for case in REFUSED_USERS for violation in user_violations(case.spec)}
    told |= {violation.message for _, spec in WRONG_POLICIES.values() for violation in read_policy(spec)[1]}
    told |= {immutable.message for immutable in application_rules.IMMUTABLES} | {NAME_TOO_LONG}
    messages = set()
    for definition in crd_files().values():
        messages |= set(_messages(yaml.safe_load(definition)))
    assert messages <= told


def _messages(node: Any) -> Iterator[str]:
    """Of every CEL rule below a node."""
    if isinstance(node, dict):
        yield from (rule["message"] for rule in node.get("x-kubernetes-validations", ()))
    for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _messages(part)
