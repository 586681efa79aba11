"""Prometheus metrics. Labels are kinds, outcomes and reasons, never objects: their number must not grow."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """What this operator counts, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)
        self.reconciles = Counter(
            "ostiary_reconciles_total", "Reconciles.", ("kind", "outcome"), registry=registry
        )  # outcome: stored | refused | waiting | gone | failed
        self.errors = Counter(
            "ostiary_reconcile_errors_total",
            "Reconciles that failed and are tried again.",
            ("reason",),
            registry=registry,
        )
        self._depth = Gauge("ostiary_worklist_depth", "Objects waiting or being reconciled.", registry=registry)
        self._latency = Histogram(
            "ostiary_worklist_latency_seconds",
            "From a change being seen to its first attempt.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.apply_to_serving = Histogram(
            "ostiary_apply_to_serving_seconds",
            "From a change being seen to every live replica serving it.",
            ("kind",),
            buckets=_SECONDS,
            registry=registry,
        )
        self.unused = Gauge(
            "ostiary_unused_applications", "Applications to which no token was issued for long.", registry=registry
        )
        self.leading = Gauge("ostiary_leading", "1 while this operator holds the Lease.", registry=registry)
        self.status_writes = Counter("ostiary_status_writes_total", "Writes to status.", registry=registry)
        self.events_dropped = Counter(
            "ostiary_events_dropped_total", "Kubernetes Events that were not posted.", registry=registry
        )

    def depth(self, entries: int) -> None:
        """As the worklist reports it."""
        self._depth.set(entries)

    def started(self, waited: float) -> None:
        """As the worklist reports it."""
        self._latency.observe(waited)
