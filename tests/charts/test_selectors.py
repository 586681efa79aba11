"""Services, budgets and policies choose the pods that they are for, and no other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.charts.installations import INSTALLATIONS
from tests.charts.manifests import Manifest, Manifests, PodOf
from tests.charts.overlays import Values, merged
from tests.charts.rendering import Helm

EMBEDDED = "Deployment/try-ostiary"
SERVER = "Deployment/try-ostiary-server"
OPERATOR = "Deployment/try-ostiary-operator"

each_installation = pytest.mark.parametrize("values", INSTALLATIONS.values(), ids=INSTALLATIONS)


@each_installation
def test_what_is_for_a_process_chooses_its_pods(values: Values) -> None:
    rendered = Helm().render(values)
    for chooser, labels in _choosers(rendered):
        process = "operator" if "operator" in chooser["metadata"]["name"] else "server"
        expected = {EMBEDDED} if rendered.at("Deployment", "try-ostiary", "kind") == "Deployment" else {
            SERVER if process == "server" else OPERATOR
        }  # fmt: skip
        assert {pod.owner for pod in rendered.pods if _chosen(pod, labels)} == expected, chooser["metadata"]["name"]


@each_installation
def test_a_deployment_chooses_its_own_pods(values: Values) -> None:
    rendered = Helm().render(values)
    for workload in rendered.of("Deployment"):
        labels = workload["spec"]["selector"]["matchLabels"]
        assert [pod.owner for pod in rendered.pods if _chosen(pod, labels)] == [
            f"Deployment/{workload['metadata']['name']}"
        ]
        for spread in workload["spec"]["template"]["spec"].get("topologySpreadConstraints", ()):
            assert (
                spread["labelSelector"]["matchLabels"].items()
                <= workload["spec"]["template"]["metadata"]["labels"].items()
            )


def test_a_choice_does_not_depend_on_values_that_change() -> None:
    """A Deployment's selector cannot be changed: an upgrade would fail."""
    plain = Helm().render(INSTALLATIONS["postgres"])
    more = {"podLabels": {"a": "b"}}
    changed = merged(
        INSTALLATIONS["everything"],
        {"server": more, "operator": more, "image": {"tag": "2"}, "commonLabels": {"c": "d"}},
    )
    for name in ("try-ostiary-server", "try-ostiary-operator"):
        where = ("Deployment", name, "spec", "selector")
        assert plain.at(*where) == Helm().render(changed).at(*where)


@each_installation
def test_two_releases_in_a_namespace_do_not_choose_each_others_pods(values: Values) -> None:
    mine, other = Helm().render(values), Helm(release="other").render(values)
    for _, labels in _choosers(mine):
        assert not any(_chosen(pod, labels) for pod in other.pods)


@each_installation
def test_a_service_leads_to_a_port_that_its_pods_open(values: Values) -> None:
    rendered = Helm().render(values)
    for service in rendered.of("Service"):
        pods = [pod for pod in rendered.pods if _chosen(pod, service["spec"]["selector"])]
        opened = {port["name"] for pod in pods for each in pod.containers for port in each.get("ports", ())}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= opened


@each_installation
def test_policies_open_every_port_that_a_service_leads_to(values: Values) -> None:
    rendered = Helm().render(values)
    opened = {
        port["port"]
        for policy in rendered.of("NetworkPolicy")
        for rule in policy["spec"]["ingress"]
        for port in rule["ports"]
    }
    assert opened == {port["targetPort"] for service in rendered.of("Service") for port in service["spec"]["ports"]}


def test_the_operator_and_the_test_of_a_release_may_reach_the_server_where_a_policy_lists_who_may() -> None:
    rendered = Helm().render(INSTALLATIONS["everything"])
    peers = rendered.at("NetworkPolicy", "try-ostiary-server", "spec", "ingress", 0, "from")
    chosen = [each["podSelector"]["matchLabels"] for each in peers if "podSelector" in each]
    assert {pod.owner for pod in rendered.pods if any(_chosen(pod, labels) for labels in chosen)} == {
        "Deployment/try-ostiary-operator",
        "Pod/try-ostiary-test",
    }


def _choosers(rendered: Manifests) -> Iterator[tuple[Manifest, dict[str, str]]]:
    for each in rendered.of("Service"):
        yield each, each["spec"]["selector"]
    for each in rendered.of("PodDisruptionBudget"):
        yield each, each["spec"]["selector"]["matchLabels"]
    for each in rendered.of("NetworkPolicy"):
        yield each, each["spec"]["podSelector"]["matchLabels"]


def _chosen(pod: PodOf, labels: dict[str, str]) -> bool:
    return labels.items() <= pod.labels.items()
