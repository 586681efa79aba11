"""Values of what watches the release."""

from __future__ import annotations

from tests.charts.effects import row, sees
from tests.charts.installations import POSTGRES
from tests.charts.overlays import Values, merged

MONITORED: Values = merged(
    POSTGRES,
    {
        "metrics": {
            "serviceMonitor": {"enabled": True},
            "prometheusRule": {"enabled": True},
            "dashboard": {"enabled": True},
        }
    },
)
MONITOR = ("ServiceMonitor", "try-ostiary-server")
ALERTS = ("PrometheusRule", "try-ostiary")
BOARD = ("ConfigMap", "try-ostiary-dashboard")

ROWS = (
    row(
        "metrics.serviceMonitor.enabled",
        True,
        sees("metrics", *MONITOR, "spec", "endpoints", 0, "port"),
        sees("metrics", "ServiceMonitor", "try-ostiary-operator", "spec", "endpoints", 0, "port"),
    ),
    row(
        "metrics.serviceMonitor.interval",
        "15s",
        sees("15s", *MONITOR, "spec", "endpoints", 0, "interval"),
        given=MONITORED,
    ),
    row(
        "metrics.serviceMonitor.labels",
        {"release": "prometheus"},
        sees("prometheus", *MONITOR, "metadata", "labels", "release"),
        given=MONITORED,
    ),
    row(
        "metrics.prometheusRule.enabled",
        True,
        sees("OstiaryServerDown", *ALERTS, "spec", "groups", 0, "rules", 0, "alert"),
    ),
    row(
        "metrics.prometheusRule.labels",
        {"release": "prometheus"},
        sees("prometheus", *ALERTS, "metadata", "labels", "release"),
        given=MONITORED,
    ),
    row(
        "metrics.prometheusRule.runbookURL",
        "https://runbooks.example.com/",
        sees(
            "https://runbooks.example.com/#ostiaryserverdown",
            *(*ALERTS, "spec", "groups", 0, "rules", 0, "annotations", "runbook_url"),
        ),
        given=MONITORED,
    ),
    row("metrics.dashboard.enabled", True, sees("1", *BOARD, "metadata", "labels", "grafana_dashboard")),
    row(
        "metrics.dashboard.labels",
        {"folder": "identity"},
        sees("identity", *BOARD, "metadata", "labels", "folder"),
        given=MONITORED,
    ),
    row(
        "metrics.dashboard.annotations",
        {"folder": "identity"},
        sees("identity", *BOARD, "metadata", "annotations", "folder"),
        given=MONITORED,
    ),
)
