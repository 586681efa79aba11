"""What the object for an address should be."""

import hashlib
import ipaddress
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from ostiary_state.kinds.custom_resource import GROUP

LABEL = f"{GROUP}/address"  # = "true"
ADDRESS = f"{GROUP}/address"  # annotation: the origin
_APPLIED = f"{GROUP}/applied"  # annotation: digest of all that we say, so that what we say no more is noticed
_READABLE = 42  # characters of the host that a name shows; with prefix and digest it fits into a DNS label

AddressKind = Literal["Ingress", "HTTPRoute"]


@dataclass(frozen=True, slots=True)
class Exposure:
    """How addresses are made reachable."""

    kind: AddressKind
    namespace: str  # the operator's own
    service: str
    port: int
    annotations: Mapping[str, str]
    ingress_class: str  # empty: the cluster's default
    tls: bool  # an Ingress names a Secret <its name>-tls, for cert-manager to fill
    parent_refs: Sequence[Mapping[str, Any]]  # an HTTPRoute's

    @property
    def collection(self) -> str:
        """Where the API has them."""
        group, plural = _PATHS[self.kind]
        return f"/apis/{group}/v1/namespaces/{self.namespace}/{plural}"

    def body(self, origin: str) -> dict[str, Any]:
        """The whole of what we say about the object; others may add to it."""
        name, host = object_name(origin), urlsplit(origin).hostname
        metadata: dict[str, Any] = {
            "name": name,
            "namespace": self.namespace,
            "labels": {"app.kubernetes.io/managed-by": "ostiary", LABEL: "true"},
            "annotations": self.annotations,
        }
        group, _ = _PATHS[self.kind]
        spec = self._ingress(name, host) if self.kind == "Ingress" else self._route(host)
        body: dict[str, Any] = {"apiVersion": f"{group}/v1", "kind": self.kind, "metadata": metadata, "spec": spec}
        metadata["annotations"] = {**self.annotations, ADDRESS: origin, _APPLIED: _digest(body)}
        return body

    def _ingress(self, name: str, host: str | None) -> dict[str, Any]:
        backend = {"service": {"name": self.service, "port": {"number": self.port}}}
        spec: dict[str, Any] = {
            "rules": [{"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]
        }
        if self.ingress_class:
            spec["ingressClassName"] = self.ingress_class
        if self.tls:
            spec["tls"] = [{"hosts": [host], "secretName": f"{name}-tls"}]
        return spec

    def _route(self, host: str | None) -> dict[str, Any]:
        rule = {
            "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
            "backendRefs": [{"name": self.service, "port": self.port}],
        }
        return {"parentRefs": list(self.parent_refs), "hostnames": [host], "rules": [rule]}


_PATHS: dict[str, tuple[str, str]] = {
    "Ingress": ("networking.k8s.io", "ingresses"),
    "HTTPRoute": ("gateway.networking.k8s.io", "httproutes"),
}


def object_name(origin: str) -> str:
    """The same for the same origin, another for another, and readable."""
    host = re.sub(r"[^a-z0-9]+", "-", urlsplit(origin).hostname or "").strip("-")[:_READABLE].rstrip("-")
    return f"ostiary-{host}-{hashlib.sha256(origin.encode()).hexdigest()[:8]}"


def is_public(origin: str) -> bool:
    """https, and not loopback, which is a laptop's own."""
    host, number = urlsplit(origin).hostname or "", _number(origin)
    loopback = number.is_loopback if number is not None else f".{host}".endswith(".localhost")
    return origin.startswith("https://") and not loopback


def has_name(origin: str) -> bool:
    """Neither an Ingress nor a route has an IP address for a host."""
    return _number(origin) is None


def says(wanted: Mapping[str, Any], held: Mapping[str, Any]) -> bool:
    """Whether what the API has says all that is wanted; what defaults and others added does not matter."""
    return all(_within(value, held.get(key)) for key, value in wanted.items())


def _number(origin: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(urlsplit(origin).hostname or "")
    except ValueError:
        return None


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]


def _within(wanted: Any, held: Any) -> bool:
    if isinstance(wanted, Mapping):
        return isinstance(held, Mapping) and says(wanted, held)
    if isinstance(wanted, Sequence) and not isinstance(wanted, str):
        return isinstance(held, Sequence) and len(wanted) == len(held) and all(map(_within, wanted, held))
    return bool(wanted == held)
