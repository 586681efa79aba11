"""Typical installations, rendered by both majors of Helm."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from tests.charts.installations import EVERYTHING, INSTALLATIONS
from tests.charts.overlays import Values
from tests.charts.rendering import CHART, ROOT, Helm, Refused
from tests.cluster.build import Programs

DEFINITIONS = sorted((ROOT / "crds").glob("*.yaml"))
KEEP = {"helm.sh/resource-policy": "keep"}

each_installation = pytest.mark.parametrize("values", INSTALLATIONS.values(), ids=INSTALLATIONS)
each_helm = pytest.mark.parametrize("programs", [Programs.HELM, Programs.HELM_3], ids=["helm 4", "helm 3"])


@each_installation
def test_both_majors_of_helm_make_the_same(values: Values) -> None:
    new, old = (Helm(programs).render(values).documents for programs in (Programs.HELM, Programs.HELM_3))
    assert sorted(new, key=str) == sorted(old, key=str)


@each_installation
def test_rendering_twice_makes_the_same(values: Values) -> None:
    """Argo CD and Flux compare renderings: what differs each time would be applied each time."""
    assert Helm().render(values).text == Helm().render_again(values).text


@each_installation
def test_no_two_objects_are_the_same_one(values: Values) -> None:
    names = [
        (each["kind"], each["metadata"]["name"], each["metadata"].get("namespace"))
        for each in Helm().render(values).documents
    ]
    assert len(names) == len(set(names))


@each_installation
def test_every_object_says_whose_it_is(values: Values) -> None:
    for each in Helm().render(values).documents:
        if each["kind"] != "CustomResourceDefinition":
            labels = each["metadata"]["labels"]
            assert labels["app.kubernetes.io/instance"] == "try"
            assert labels["app.kubernetes.io/managed-by"] == "Helm"
            assert labels["app.kubernetes.io/component"]
            if not each["kind"].startswith(("ClusterRole", "ValidatingAdmission")):
                assert each["metadata"]["namespace"]


@each_helm
@pytest.mark.parametrize("values", [INSTALLATIONS["sqlite"], EVERYTHING], ids=["sqlite", "everything"])
def test_helm_finds_no_fault(programs: Programs, values: Values) -> None:
    assert "[WARNING]" not in Helm(programs).lint(values)


@each_helm
def test_a_kubernetes_that_is_too_old_is_refused(programs: Programs) -> None:
    Helm(programs, kubernetes="1.30.0").render({})
    with pytest.raises(Refused, match=r"requires kubeVersion: >=1\.30"):
        Helm(programs, kubernetes="1.29.9").render({})


@pytest.mark.parametrize("file", DEFINITIONS, ids=lambda file: file.stem)
def test_definitions_are_the_generated_ones_and_stay(file: Path) -> None:
    assert (CHART / "files" / "crds" / file.name).read_text() == file.read_text(), "run: just crds"
    definition = yaml.safe_load(file.read_text())
    name = definition["metadata"]["name"]
    for values in INSTALLATIONS.values():
        rendered = Helm().render(values).at("CustomResourceDefinition", name)
        assert rendered["metadata"] == {**definition["metadata"], "annotations": KEEP}
        assert rendered["spec"] == definition["spec"]


def test_the_chart_has_every_definition_and_no_other() -> None:
    assert sorted(file.name for file in (CHART / "files" / "crds").iterdir()) == [file.name for file in DEFINITIONS]
    for values in INSTALLATIONS.values():
        assert len(Helm().render(values).of("CustomResourceDefinition")) == len(DEFINITIONS)


def test_the_chart_makes_no_object_of_its_own_kinds() -> None:
    """Their kinds may not be served yet when it is installed."""
    for values in INSTALLATIONS.values():
        assert [each for each in Helm().render(values).documents if "ostiary.dev" in each["apiVersion"]] == []


@pytest.mark.parametrize(("release", "namespace"), [("1e3", "0123"), ("true", "null"), ("x" * 53, "n" * 63)])
def test_names_that_yaml_takes_for_something_else_stay_texts(release: str, namespace: str) -> None:
    for values in (INSTALLATIONS["sqlite"], EVERYTHING):
        rendered = Helm(release=release, namespace=namespace).render(values)
        for each in rendered.documents:
            about = each["metadata"]
            assert isinstance(about["name"], str)
            assert len(about["name"]) <= 63 or each["kind"] == "CustomResourceDefinition"
            assert about.get("namespace", namespace) == namespace
            assert about.get("labels", {}).get("app.kubernetes.io/instance", release) == release
            assert all(isinstance(value, str) for value in about.get("labels", {}).values())
        assert {subject["namespace"] for each in rendered.of("RoleBinding") for subject in each["subjects"]} == {
            namespace
        }


@each_installation
def test_nothing_is_left_of_a_template(values: Values) -> None:
    rendered = Helm().render(values)
    assert not re.search(r"<no value>|%!|map\[", rendered.text)
    for each in rendered.documents:
        assert ": null" not in json.dumps(each), "a list or map without anything in it"
