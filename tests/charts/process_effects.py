"""Values that server and operator both have, and those of one of them."""

from __future__ import annotations

from collections.abc import Iterator

from tests.charts.effects import JOB, OPERATOR, POD, SERVER, TEST, Effect, row, sees, variable
from tests.charts.installations import POSTGRES
from tests.charts.manifests import ABSENT
from tests.charts.overlays import Values, merged

SCALED: Values = merged(POSTGRES, {"server": {"autoscaling": {"enabled": True}}})
AUTOSCALER = ("HorizontalPodAutoscaler", "try-ostiary-server")
SERVICE = ("Service", "try-ostiary-server")
SMALL = {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "300Mi"}}
TOLERATION = {"key": "identity", "operator": "Exists"}


def _of_each(process: str, workload: tuple[str, str]) -> Iterator[Effect]:
    name = workload[1]
    container = (*workload, *POD, "containers", process)
    yield row(f"{process}.replicas", 3, sees(3, *workload, "spec", "replicas"))
    yield row(f"{process}.podDisruptionBudget.enabled", False, sees(ABSENT, "PodDisruptionBudget", name))
    yield row(
        f"{process}.podDisruptionBudget.maxUnavailable",
        "50%",
        sees("50%", "PodDisruptionBudget", name, "spec", "maxUnavailable"),
    )
    account: Values = {process: {"serviceAccount": {"name": "mine"}}}
    yield row(
        f"{process}.serviceAccount.create",
        False,
        sees(ABSENT, "ServiceAccount", "mine"),
        given=merged(POSTGRES, account),
    )
    yield row(
        f"{process}.serviceAccount.name",
        "mine",
        sees("mine", "ServiceAccount", "mine", "metadata", "name"),
        sees("mine", *workload, *POD, "serviceAccountName"),
    )
    yield row(
        f"{process}.serviceAccount.annotations",
        {"example.com/identity": "me"},
        sees("me", "ServiceAccount", name, "metadata", "annotations", "example.com/identity"),
    )
    yield row(
        f"{process}.resources",
        SMALL,
        sees("50m", *container, "resources", "requests", "cpu"),
        sees("300Mi", *container, "resources", "limits", "memory"),
    )
    yield row(f"{process}.databasePoolSize", 7, variable("OSTIARY_DATABASE_POOL_SIZE", "7", workload))
    yield row(f"{process}.logLevel", "warning", variable("OSTIARY_LOG_LEVEL", "warning", workload))
    yield row(
        f"{process}.extraEnv",
        [{"name": "TZ", "valueFrom": {"configMapKeyRef": {"name": "places", "key": "zone"}}}],
        sees("places", *container, "env", "TZ", "valueFrom", "configMapKeyRef", "name"),
    )
    template = (*workload, "spec", "template", "metadata")
    yield row(
        f"{process}.podAnnotations", {"a.example.com": "b"}, sees({"a.example.com": "b"}, *template, "annotations")
    )
    yield row(f"{process}.podLabels", {"team": "identity"}, sees("identity", *template, "labels", "team"))
    yield row(f"{process}.nodeSelector", {"disk": "fast"}, sees({"disk": "fast"}, *workload, *POD, "nodeSelector"))
    yield row(f"{process}.tolerations", [TOLERATION], sees([TOLERATION], *workload, *POD, "tolerations"))
    affinity: Values = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}}
    yield row(f"{process}.affinity", affinity, sees(affinity, *workload, *POD, "affinity"))
    yield row(f"{process}.topologySpreadConstraints", [], sees(ABSENT, *workload, *POD, "topologySpreadConstraints"))
    yield row(f"{process}.priorityClassName", "urgent", sees("urgent", *workload, *POD, "priorityClassName"))


_SERVER = (
    row(
        "server.autoscaling.enabled",
        True,
        sees(ABSENT, *SERVER, "spec", "replicas"),
        sees(2, *AUTOSCALER, "spec", "minReplicas"),
    ),
    row("server.autoscaling.minReplicas", 4, sees(4, *AUTOSCALER, "spec", "minReplicas"), given=SCALED),
    row("server.autoscaling.maxReplicas", 40, sees(40, *AUTOSCALER, "spec", "maxReplicas"), given=SCALED),
    row(
        "server.autoscaling.targetCPUUtilizationPercentage",
        55,
        sees(55, *AUTOSCALER, "spec", "metrics", 0, "resource", "target", "averageUtilization"),
        given=SCALED,
    ),
    row("server.service.type", "LoadBalancer", sees("LoadBalancer", *SERVICE, "spec", "type")),
    row(
        "server.service.port",
        8443,
        sees(8443, *SERVICE, "spec", "ports", "http", "port"),
        sees("--server=http://try-ostiary-server.ostiary.svc:8443", *TEST, "spec", "containers", 0, "args", 2),
    ),
    row("server.service.annotations", {"a": "b"}, sees({"a": "b"}, *SERVICE, "metadata", "annotations")),
    row(
        "server.trustedProxies",
        ["10.0.0.0/8", "fd00::/8"],
        variable("OSTIARY_TRUSTED_PROXIES", "10.0.0.0/8,fd00::/8", SERVER),
    ),
    row(
        "server.clusterIssuer.enabled",
        True,
        variable("OSTIARY_CLUSTER_ISSUER_DISCOVERY", "https://kubernetes.default.svc", SERVER),
        variable("OSTIARY_CLUSTER_ISSUER_DISCOVERY", "https://kubernetes.default.svc", OPERATOR),
        variable("OSTIARY_CLUSTER_TOKEN_FILE", "/etc/ostiary/cluster-issuer/token", SERVER),
        sees(
            "system:service-account-issuer-discovery",
            *("ClusterRoleBinding", "try-ostiary-issuer-discovery"),
            *("roleRef", "name"),
        ),
    ),
    row(
        "server.outboundNetworks",
        ["10.96.0.0/12", "fd00::/8"],
        variable("OSTIARY_OUTBOUND_NETWORKS", "10.96.0.0/12,fd00::/8", SERVER),
    ),
    row(
        "server.drainDelaySeconds",
        12,
        variable("OSTIARY_DRAIN_DELAY", "12", SERVER),
        sees(37, *SERVER, *POD, "terminationGracePeriodSeconds"),
    ),
    row(
        "server.drainTimeoutSeconds",
        60,
        variable("OSTIARY_DRAIN_TIMEOUT", "60", SERVER),
        sees(70, *SERVER, *POD, "terminationGracePeriodSeconds"),
    ),
    row("server.passwordWorkers", 4, variable("OSTIARY_PASSWORD_WORKERS", "4", SERVER)),
    row("server.accessLog", False, variable("OSTIARY_ACCESS_LOG", "false", SERVER)),
)

_OPERATOR = (
    row("operator.parallelism", 8, variable("OSTIARY_PARALLELISM", "8", OPERATOR)),
    row("operator.resyncSeconds", 3600, variable("OSTIARY_RESYNC_SECONDS", "3600", OPERATOR)),
    row("operator.rotationSpacingSeconds", 60, variable("OSTIARY_ROTATION_SPACING_SECONDS", "60", OPERATOR)),
    row("operator.unusedAfterDays", 90, variable("OSTIARY_UNUSED_AFTER_DAYS", "90", OPERATOR)),
    row("operator.nodeSelector", {"disk": "fast"}, sees({"disk": "fast"}, *JOB, *POD, "nodeSelector")),
    row("operator.nodeSelector", {"disk": "fast"}, sees({"disk": "fast"}, *TEST, "spec", "nodeSelector")),
    row("operator.tolerations", [TOLERATION], sees([TOLERATION], *JOB, *POD, "tolerations")),
    row("server.nodeSelector", {"disk": "fast"}, sees({"disk": "fast"}, *TEST, "spec", "nodeSelector"), given={}),
)

ROWS = (*_of_each("server", SERVER), *_of_each("operator", OPERATOR), *_SERVER, *_OPERATOR)
