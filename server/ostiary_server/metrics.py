"""Prometheus metrics of one replica, in a registry of their own: two replicas in one process do not mix.

Labels are bounded: routes are templates, methods and grants come from fixed lists, never from a request's text.
"""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

# From 0.5 ms, a token signed from memory, to 10 s, a sign-in behind many others.
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
GRANTS = frozenset({"authorization_code", "implicit", "password", "refresh_token", "client_credentials"})
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
UNMATCHED = "unmatched"


class Metrics:
    """What this replica counts. Gauges read the replica when they are scraped."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry = registry or CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)
        self._requests = Histogram(
            "ostiary_http_request_duration_seconds",
            "Time to answer requests.",
            ("method", "route", "status"),
            buckets=SECONDS,
            registry=registry,
        )
        self._request_children: dict[tuple[str, str, int], Histogram] = {}
        self._tokens = Counter(
            "ostiary_token_responses_total",
            "Answers of the token and authorization endpoints to requests for tokens: issued, or the OAuth error.",
            ("grant", "outcome"),
            registry=registry,
        )
        self._token_children: dict[tuple[str, str], Counter] = {}
        self.refresh_replays = Counter(
            "ostiary_refresh_token_replays_total",
            "Used refresh tokens that came back after their grace: each has revoked a family.",
            registry=registry,
        )
        self.code_replays = Counter(
            "ostiary_authorization_code_replays_total",
            "Used authorization codes that came back: each has revoked a grant.",
            registry=registry,
        )
        self.logouts = Counter(
            "ostiary_logout_deliveries_total",
            "Attempts to tell applications of a logout: delivered, retried, refused, given_up, or withdrawn with the"
            " application.",
            ("outcome",),
            registry=registry,
        )
        self.logouts_waiting = Gauge(
            "ostiary_logout_deliveries_waiting",
            "Logout tokens in the queue that all replicas share.",
            registry=registry,
        )
        self.swept = Counter(
            "ostiary_swept_rows_total", "Expired rows that this replica has removed.", ("table",), registry=registry
        )
        self.reloads = Counter(
            "ostiary_directory_reloads_total",
            "Times that everything was loaded again, beside what was served.",
            registry=registry,
        )
        self.listener_deaf = Gauge(
            "ostiary_notifications_deaf",
            "1 while notifications do not arrive and the replica polls instead, as behind a transaction-mode pooler.",
            registry=registry,
        )
        self.store_errors = Counter(
            "ostiary_store_unavailable_total", "Times that the database did not answer.", ("part",), registry=registry
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request; `route` is a template such as /token."""
        key = (method if method in METHODS else "other", route, status)
        child = self._request_children.get(key)
        if child is None:
            child = self._request_children[key] = self._requests.labels(*map(str, key))
        child.observe(seconds)

    def tokens(self, grant: str, outcome: str) -> None:
        """Count one answer to a request for tokens; `outcome` is `issued` or an OAuth error code."""
        key = (grant if grant in GRANTS else "unsupported", outcome)
        child = self._token_children.get(key)
        if child is None:
            child = self._token_children[key] = self._tokens.labels(*key)
        child.inc()

    def gauge(self, name: str, text: str, read: Callable[[], float]) -> None:
        """A gauge that calls `read` when it is scraped."""
        Gauge(name, text, registry=self.registry).set_function(read)
