"""Wrong values are refused before anything is rendered, with a line that names the value and what it should be."""

from __future__ import annotations

from typing import Any

import pytest

from tests.charts.installations import POSTGRES, WATCHING
from tests.charts.overlays import Values, merged, value_at
from tests.charts.rendering import CHART, Helm
from tests.cluster.build import Programs

TAKEN_AWAY = "missing property"
REFUSED: list[tuple[str, Any, str]] = [
    # Typing mistakes, on every level
    ("servr.replicas", 1, "additional properties 'servr' not allowed"),
    ("server.replicaCount", 1, "at '/server': additional properties 'replicaCount' not allowed"),
    ("server.resources.limit", {}, "at '/server/resources': additional properties 'limit' not allowed"),
    ("database.postgres.tls.ca", "x", "at '/database/postgres/tls': additional properties 'ca' not allowed"),
    # What templates rely on
    ("image.tag", None, TAKEN_AWAY),
    ("server", None, TAKEN_AWAY),
    # Types and ranges
    ("server.replicas", "2", "at '/server/replicas': got string, want"),
    ("server.replicas", -1, "at '/server/replicas': minimum: got -1, want 0"),
    ("server.service.port", 0, "at '/server/service/port': minimum: got 0, want 1"),
    ("server.databasePoolSize", 500, "at '/server/databasePoolSize': maximum: got 500, want 200"),
    ("server.accessLog", "no", "at '/server/accessLog': got string, want boolean"),
    ("server.podDisruptionBudget.maxUnavailable", "half", "'half' does not match pattern"),
    ("server.podLabels", {"a": 1}, "at '/server/podLabels/a': got number, want string"),
    ("server.podLabels", {"ostiary.dev/operator": "true"}, "invalid propertyName 'ostiary.dev/operator'"),
    ("commonLabels", {"app.kubernetes.io/name": "x"}, "invalid propertyName 'app.kubernetes.io/name'"),
    ("operator.resyncSeconds", 1, "at '/operator/resyncSeconds': minimum: got 1, want 5"),
    ("podSecurityContext.runAsUser", 0, "at '/podSecurityContext/runAsUser': minimum: got 0, want 1"),
    ("watchNamespaces", ["Shop"], "at '/watchNamespaces/0': 'Shop' does not match pattern"),
    ("watchNamespaces", "shop", "at '/watchNamespaces': got string, want array"),
    ("server.trustedProxies", ["proxy"], "at '/server/trustedProxies/0': 'proxy' does not match pattern"),
    ("image.server.digest", "sha256:1", "at '/image/server/digest': 'sha256:1' does not match pattern"),
    # Choices
    ("database.mode", "mysql", "at '/database/mode': value must be one of 'sqlite', 'postgres'"),
    ("exposure.kind", "Route", "at '/exposure/kind': value must be one of 'None', 'Ingress', 'HTTPRoute'"),
    ("server.logLevel", "trace", "at '/server/logLevel': value must be one of 'debug', 'info'"),
    ("image.pullPolicy", "always", "at '/image/pullPolicy': value must be one of 'IfNotPresent'"),
    # The default issuer
    ("issuer.address", "login.example.com", "at '/issuer/address': 'login.example.com' does not match pattern"),
    ("issuer.address", "https://Login.example.com", "at '/issuer/address': 'https://Login.example.com' does not match"),
    (
        "issuer.address",
        "https://login.example.com/",
        "at '/issuer/address': 'https://login.example.com/' does not match",
    ),
    ("issuer.address", "http://login.example.com", "must begin with https://; http is for 127.0.0.1"),
    ("issuer.address", "https://login.example.com.", "must be a host name without a dot at its end"),
    ("issuer.address", "https://login.example.com:0", "and, where needed, a port"),
]
TOGETHER: list[tuple[Values, str]] = [
    ({"server": {"replicas": 2}}, "at '/server/replicas': maximum: got 2, want 1"),
    ({"operator": {"replicas": 2}}, "at '/operator/replicas': maximum: got 2, want 1"),
    ({"server": {"replicas": 0}}, "at '/server/replicas': minimum: got 0, want 1"),
    ({"server": {"autoscaling": {"enabled": True}}}, "at '/server/autoscaling/enabled': value must be false"),
    ({"database": {"mode": "postgres"}}, "at '/database/postgres/urlSecret/name': minLength: got 0, want 1"),
    ({"exposure": {"kind": "HTTPRoute"}}, "at '/exposure/httpRoute/parentRefs': minItems: got 0, want 1"),
    ({"exposure": {"kind": "HTTPRoute", "httpRoute": {"parentRefs": None}}}, "missing property 'parentRefs'"),
    ({"networkPolicy": {"egress": {"enabled": True}}}, "at '/networkPolicy/egress/rules': minItems: got 0, want 1"),
    ({"server": {"serviceAccount": {"create": False}}}, "at '/server/serviceAccount/name': minLength: got 0, want 1"),
    ({"operator": {"serviceAccount": {"create": False}}}, "at '/operator/serviceAccount/name': minLength: got 0"),
    (
        merged(POSTGRES, {"server": {"autoscaling": {"enabled": True, "minReplicas": 11}}}),
        "server.autoscaling.minReplicas (11) must not be more than maxReplicas (10)",
    ),
    ({"watchNamespaces": ["shop"], "userNamespaces": ["people"]}, 'userNamespaces has "people", which watchNamespaces'),
]
ACCEPTED: list[Values] = [
    {"global": {"imageRegistry": "images.example.com"}},
    {"server": {"replicas": 1}, "operator": {"replicas": 1}},
    merged(POSTGRES, {"server": {"replicas": 0}, "operator": {"replicas": 0}}),
    {"issuer": {"address": "http://login.localhost:8080"}},
    {"issuer": {"address": "http://[::1]:8080"}},
    {"issuer": {"address": "https://login.example.com:8443"}},
    {"watchNamespaces": ["shop"], "userNamespaces": ["*", "ostiary"]},
    WATCHING,
    {"server": dict.fromkeys(("podLabels", "podAnnotations", "tolerations", "affinity", "extraEnv"))},
    {"commonLabels": None, "server": {"resources": None, "topologySpreadConstraints": None}},
    {"podSecurityContext": {"runAsUser": None, "runAsGroup": None, "fsGroup": None}},
]

each_helm = pytest.mark.parametrize("programs", [Programs.HELM, Programs.HELM_3], ids=["helm 4", "helm 3"])


@pytest.mark.parametrize(("path", "value", "said"), REFUSED)
def test_a_wrong_value_is_refused_by_name(path: str, value: object, said: str) -> None:
    assert said in Helm().refusal(value_at(path, value))


@each_helm
@pytest.mark.parametrize(("values", "said"), TOGETHER)
def test_values_that_contradict_each_other_are_refused(programs: Programs, values: Values, said: str) -> None:
    assert said in Helm(programs).refusal(values)


@pytest.mark.parametrize("values", ACCEPTED, ids=str)
def test_what_is_unusual_but_right_is_taken(values: Values) -> None:
    Helm().render(values)


def test_every_check_of_the_templates_has_a_row() -> None:
    said = [text for *_, text in (*REFUSED, *TOGETHER)]
    sentences = (CHART / "templates" / "checks.yaml").read_text().count("fail (printf")
    assert sentences == 4
    for begun in ("must begin with https", "must be a host name", "must not be more than", "userNamespaces has"):
        assert any(begun in each for each in said)
