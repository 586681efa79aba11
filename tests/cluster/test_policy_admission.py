"""A real API server, given the chart's ValidatingAdmissionPolicies, refuses what the rules refuse, in their words."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.charts.rendering import Helm
from tests.cluster.access import Access, KubectlFailed
from tests.cluster.operating import application, eventually
from tests.state.manifests import application as good_application
from tests.state.policy_manifests import ALLOWED, REFUSED, SELECTIONS, WRONG_POLICIES

ADMISSION = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
LABEL = "tests.ostiary.dev/case"


def policy(name: str, **spec: Any) -> dict[str, Any]:
    """A manifest."""
    return {
        "apiVersion": "ostiary.dev/v1alpha1",
        "kind": "OAuthApplicationPolicy",
        "metadata": {"name": name},
        "spec": spec,
    }


def namespace_manifest(name: str, **labels: str) -> dict[str, Any]:
    """A manifest."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


@dataclass(frozen=True)
class Admission:
    """The API server, with policies in force."""

    kube: Access
    prefix: str

    def refusal(self, kind: str, spec: dict[str, Any], namespace: str, name: str = "web") -> str:
        """Why it is not admitted; empty where it is. Nothing is kept."""
        body = {"apiVersion": "ostiary.dev/v1alpha1", "kind": kind, "metadata": {"name": name, "namespace": namespace}}
        manifest = json.dumps({**body, "spec": spec})
        try:
            self.kube.kubectl("create", "--dry-run=server", "-f", "-", stdin=manifest)
        except KubectlFailed as failed:
            return str(failed)
        return ""

    def tell(self, *objects: dict[str, Any]) -> None:
        """Apply, and wait until the last of these policies counts: admission hears of them by a watch."""
        probe = f"{self.prefix}-probe-{uuid.uuid4().hex[:6]}"
        labels = {LABEL: probe}
        self.kube.apply(
            *objects,
            policy(probe, namespaceSelector={"matchLabels": labels}, grantModes=[]),
            namespace_manifest(probe, **labels),
        )
        eventually(lambda: f"policy {probe}:" in self.refusal("OAuthApplication", good_application(), probe))
        self.kube.kubectl("delete", "namespace", probe, "--wait=false")
        self.kube.kubectl("delete", "oauthapplicationpolicy", probe)


@pytest.fixture(scope="module")
def admission(crds: Access) -> Iterator[Admission]:
    """With the chart's two policies of admission."""
    prefix = f"admit-{uuid.uuid4().hex[:6]}"
    objects = json.dumps(
        {
            "apiVersion": "v1",
            "kind": "List",
            "items": Helm(release=prefix, namespace="default").render({}).of(*ADMISSION),
        }
    )
    crds.kubectl("apply", "-f", "-", stdin=objects)
    yield Admission(crds, prefix)
    crds.kubectl("delete", "oauthapplicationpolicies", "--all")
    crds.kubectl("delete", "-f", "-", stdin=objects)
    told = crds.kubectl("get", "namespaces", "-o", "name")
    crds.kubectl("delete", "--wait=false", *(each for each in told.split() if each.startswith(f"namespace/{prefix}")))


@pytest.fixture(scope="module")
def cases(admission: Admission) -> dict[str, str]:
    """A namespace for each case, with a policy of its own."""
    every = {each.name: each.policy for each in REFUSED} | {name: rules for name, (rules, _, _) in ALLOWED.items()}
    namespaces = {name: f"{admission.prefix}-{number}" for number, name in enumerate(every)}
    objects = []
    for name, rules in every.items():
        labels = {LABEL: namespaces[name]}
        objects.append(namespace_manifest(namespaces[name], **labels))
        objects.append(policy(f"{admission.prefix}-{name}", namespaceSelector={"matchLabels": labels}, **rules))
    admission.tell(*objects)
    return namespaces


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_kubectl_apply_is_refused_in_the_words_of_the_condition(
    admission: Admission, cases: dict[str, str], case: Any
) -> None:
    told = admission.refusal(case.kind, case.spec, cases[case.name])
    assert f"denied request: policy {admission.prefix}-{case.name}: {case.says}" in told


@pytest.mark.parametrize("name", ALLOWED)
def test_kubectl_apply_passes_where_nothing_speaks_against_it(
    admission: Admission, cases: dict[str, str], name: str
) -> None:
    _, spec, kind = ALLOWED[name]
    assert admission.refusal(kind, spec, cases[name]) == ""


def test_a_selector_means_the_same_to_the_api_server(admission: Admission) -> None:
    objects = []
    for number, (selector, labels, _) in enumerate(SELECTIONS.values()):
        objects.append(namespace_manifest(f"{admission.prefix}-s{number}", **labels, **{LABEL: f"s{number}"}))
        limited = {**selector, "matchLabels": {**selector.get("matchLabels", {}), LABEL: f"s{number}"}}
        objects.append(policy(f"{admission.prefix}-s{number}", namespaceSelector=limited, grantModes=[]))
    admission.tell(*objects)
    found = {
        name: admission.refusal("OAuthApplication", good_application(), f"{admission.prefix}-s{number}") != ""
        for number, name in enumerate(SELECTIONS)
    }
    assert found == {name: selected for name, (_, _, selected) in SELECTIONS.items()}


def test_what_is_there_already_can_be_labelled_and_deleted_and_not_changed(admission: Admission) -> None:
    namespace = f"{admission.prefix}-before"
    admission.kube.apply(namespace_manifest(namespace, **{LABEL: namespace}), application("web", namespace))
    finalizer = '{"metadata": {"finalizers": ["tests.ostiary.dev/wait"]}}'
    web = ("oauthapplication", "web", "--namespace", namespace)
    admission.kube.kubectl("patch", *web, "--type=merge", "-p", finalizer)
    admission.tell(policy(namespace, namespaceSelector={"matchLabels": {LABEL: namespace}}, grantModes=[]))
    with pytest.raises(KubectlFailed, match=r"spec\.grantModes: authorization_code: not among the grantModes"):
        admission.kube.kubectl("patch", *web, "--type=merge", "-p", '{"spec": {"displayName": "Shop"}}')
    admission.kube.kubectl("label", *web, "team=a")
    admission.kube.kubectl("delete", *web, "--wait=false")
    admission.kube.kubectl("patch", *web, "--type=merge", "-p", '{"metadata": {"finalizers": null}}')
    assert admission.kube.kubectl("get", "oauthapplications", "--namespace", namespace, "-o", "name") == ""


@pytest.mark.parametrize(("field", "spec"), WRONG_POLICIES.values(), ids=WRONG_POLICIES)
def test_a_wrong_policy_is_refused_at_its_field(crds: Access, field: str, spec: dict[str, Any]) -> None:
    with pytest.raises(KubectlFailed) as refused:
        crds.kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(policy("wrong", **spec)))
    assert field.partition("[")[0] in str(refused.value)
