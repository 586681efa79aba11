"""A real API server takes every object, and Pod Security lets every pod in. Nothing is kept but service accounts."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import pytest

from tests.charts.gateway_api import http_route_definition
from tests.charts.installations import INSTALLATIONS
from tests.charts.manifests import TEMPLATES, Manifest, Manifests
from tests.charts.overlays import Values, merged
from tests.charts.rendering import Helm
from tests.cluster.access import Access, KubectlFailed

RESTRICTED = "pod-security.kubernetes.io/enforce=restricted"
STRICT = (
    "apply",
    "--server-side",
    "--force-conflicts",
    "--validate=strict",
    "--warnings-as-errors",
    "--dry-run=server",
)

each_installation = pytest.mark.parametrize("values", INSTALLATIONS.values(), ids=INSTALLATIONS)


@pytest.fixture(scope="module")
def home(crds: Access) -> Iterator[str]:
    """A namespace for releases, in which pods must be restricted."""
    name = f"chart-{uuid.uuid4().hex[:8]}"
    crds.kubectl("create", "namespace", name)
    crds.kubectl("label", "namespace", name, RESTRICTED)
    yield name
    crds.kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture(scope="module")
def gateway(kube: Access) -> Iterator[None]:
    """HTTPRoute is served."""
    definition = http_route_definition()
    kube.kubectl("apply", "--server-side", "-f", definition)
    # Not --for=condition: that fails while there are no conditions at all.
    established = '--for=jsonpath={.status.conditions[?(@.type=="Established")].status}=True'
    kube.kubectl("wait", established, "--timeout=30s", "-f", definition)
    yield
    kube.kubectl("delete", "--wait=false", "-f", definition)


@pytest.mark.usefixtures("gateway")
@each_installation
def test_every_object_and_every_pod_is_admitted(kube: Access, home: str, values: Values) -> None:
    rendered = _rendered(kube, home, values)
    objects = [each for each in rendered.documents if each["kind"] != "CustomResourceDefinition"]  # `crds` has them
    told = kube.kubectl(*STRICT, "-f", "-", stdin=_list([*objects, *_pods(rendered)]))
    assert told.count("(server dry run)") == len(objects) + len(rendered.pods)


def test_pod_security_is_asked(kube: Access, home: str) -> None:
    rendered = _rendered(kube, home, INSTALLATIONS["postgres"])
    (pod, *_) = _pods(rendered)
    pod["spec"]["securityContext"]["runAsNonRoot"] = False
    with pytest.raises(KubectlFailed, match="violates PodSecurity"):
        kube.kubectl(*STRICT, "-f", "-", stdin=_list([pod]))


def _rendered(kube: Access, home: str, values: Values) -> Manifests:
    if "watchNamespaces" in values:  # they have to exist
        values = merged(values, {"watchNamespaces": ["default"], "userNamespaces": [home]})
    rendered = Helm(namespace=home).render(values)
    kube.kubectl("apply", "-f", "-", stdin=_list(rendered.of("ServiceAccount")))  # no pod is admitted without its own
    return rendered


def _pods(rendered: Manifests) -> list[Manifest]:
    pods = []
    for number, owner in enumerate(rendered.of(*TEMPLATES)):
        template = owner
        for step in TEMPLATES[owner["kind"]]:
            template = template[step]
        about = {
            "name": f"pod-{number}",
            "namespace": owner["metadata"]["namespace"],
            "labels": template["metadata"]["labels"],
        }
        pods.append(
            {"apiVersion": "v1", "kind": "Pod", "metadata": about, "spec": json.loads(json.dumps(template["spec"]))}
        )
    return pods


def _list(items: list[Manifest]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
