"""`ostiary check` over policies, and over what breaks them in the same files."""

from pathlib import Path

import pytest

from tests.cli.manifests import application, policy, user
from tests.cli.test_check import problems

EVERYBODY = "namespaceSelector: {}"
TEAM = "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: team}}"
OTHERS = "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: others}}"
LABELLED = "namespaceSelector: {matchLabels: {tier: gold}}"
MODES = "grantModes: [authorization_code]"


def test_a_good_policy_is_right(tmp_path: Path) -> None:
    assert problems(tmp_path, policy(spec=f"{EVERYBODY}, callbackHosts: ['*.example.com'], users: {{}}")) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (policy(spec=MODES), "a.yaml:5: spec.namespaceSelector: this field is required"),
        (policy(spec=f"{EVERYBODY}, callbackHosts: ['https://a.example']"), "a.yaml:5: spec.callbackHosts[0]: write a"),
        (policy(spec=f"{EVERYBODY}, callbackHost: []"), "a.yaml:5: spec.callbackHost: there is no such field"),
        (
            policy(spec=EVERYBODY).replace("name: base", "name: base\n  namespace: team"),
            "a.yaml:5: metadata.namespace: remove it: a policy belongs to the cluster",
        ),
    ],
)
def test_a_wrong_policy_is_told_at_its_line(tmp_path: Path, text: str, problem: str) -> None:
    found = problems(tmp_path, text)
    assert [each[: len(problem)] for each in found] == [problem]


@pytest.mark.parametrize("selector", [EVERYBODY, TEAM])
def test_an_application_that_a_policy_of_the_same_files_refuses_is_told(tmp_path: Path, selector: str) -> None:
    found = problems(tmp_path, policy(spec=f"{selector}, {MODES}"), application())
    text = "policy base: spec.grantModes: client_credentials: not among the grantModes"
    assert found == [f"b.yaml:7: spec.grantModes: {text}"]


@pytest.mark.parametrize("selector", [OTHERS, LABELLED])
def test_a_namespace_whose_labels_no_file_knows_is_left_to_the_cluster(tmp_path: Path, selector: str) -> None:
    assert problems(tmp_path, policy(spec=f"{selector}, {MODES}"), application()) == []


def test_users_are_held_against_policies_too(tmp_path: Path) -> None:
    grouped = user().replace("  passwordSecretRef:\n    name: alice-password\n", "  groups: [admins]\n")
    found = problems(tmp_path, policy(spec=f"{EVERYBODY}, users: {{groups: [staff]}}"), grouped)
    assert found == ["b.yaml:8: spec.groups: policy base: spec.groups: admins: not among users.groups"]
