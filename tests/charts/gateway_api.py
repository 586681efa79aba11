"""The definition of HTTPRoute as the Gateway API releases it: a file in its Go module."""

from __future__ import annotations

from pathlib import Path

from tests.cluster.build import downloaded

MODULE = "sigs.k8s.io/gateway-api@v1.4.1"
CHECKSUM = "h1:NPxFutNkKNa8UfLd2CMlEuhIPMQgDQ6DXNKG9sHbJU8="


def http_route_definition() -> Path:
    """Its manifest, downloaded once."""
    return downloaded(MODULE, CHECKSUM) / "config" / "crd" / "standard" / "gateway.networking.k8s.io_httproutes.yaml"
