"""The definition of HTTPRoute as the Gateway API releases it: a file in its Go module."""

from __future__ import annotations

from pathlib import Path

from tests.cluster.build import downloaded

MODULE = "sigs.k8s.io/gateway-api@v1.5.1"
CHECKSUM = "h1:RqVRIlkhLhUO8wOHKTLnTJA6o/1un4po4/6M1nRzdd0="


def http_route_definition() -> Path:
    """Its manifest, downloaded once."""
    return downloaded(MODULE, CHECKSUM) / "config" / "crd" / "standard" / "gateway.networking.k8s.io_httproutes.yaml"
