"""A route as it is held: its hosts, and whether a gateway leads them to it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ostiary_operator.objects import version_of
from ostiary_operator.reconcile.route_port import Admission, Route, RouteKind

_MOST = 65  # hosts that are held: one more than an application may have callbacks


@dataclass(frozen=True, slots=True)
class HeldRoute:
    """One object of a watch."""

    name: str
    version: str  # "<uid>/<resourceVersion>"
    route: Route


def parser_of(kind: RouteKind) -> Callable[[Mapping[str, Any]], HeldRoute]:
    """Bodies may be large, and their status changes often; what does not concern us is dropped here."""
    read = _http_route if kind == "HTTPRoute" else _ingress

    def parse(body: Mapping[str, Any]) -> HeldRoute:
        metadata = body["metadata"]
        return HeldRoute(metadata["name"], version_of(body), read(body))

    return parse


def _ingress(body: Mapping[str, Any]) -> Route:
    """Controllers do not say whether they serve a rule, so each counts."""
    rules = body.get("spec", {}).get("rules") or ()
    return Route(_hosts(rule.get("host", "") for rule in rules))


def _http_route(body: Mapping[str, Any]) -> Route:
    hosts = _hosts(body.get("spec", {}).get("hostnames") or ())
    admission, told = _admission(body)
    return Route(hosts, admission, told)


def _admission(body: Mapping[str, Any]) -> tuple[Admission, str]:
    """By any of its gateways, of what the route says now: an answer to an earlier generation says nothing of it."""
    generation, refusals = body["metadata"].get("generation", 0), []
    for parent in (body.get("status") or {}).get("parents") or ():
        name = parent.get("parentRef", {}).get("name")
        for told in parent.get("conditions") or ():
            if told["type"] != "Accepted" or told.get("observedGeneration", generation) < generation:
                continue
            if told["status"] == "True":
                return Admission.ADMITTED, ""
            if told["status"] == "False":
                refusals.append(f"gateway {name} does not accept it: {told.get('message') or told.get('reason')}")
    if refusals:
        return Admission.REFUSED, "; ".join(refusals)
    return Admission.PENDING, "no gateway has accepted it yet; do its parentRefs name one that is there?"


def _hosts(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(found))[:_MOST])
