"""Whether an address is reachable, as whoever serves Ingresses or routes tells it in their status."""

from collections.abc import Mapping
from typing import Any, Protocol

from ostiary_operator.addresses.exposure import Exposure, has_name, object_name
from ostiary_operator.reconcile.conditions import Reason, Type
from ostiary_operator.reconcile.outcome import Condition, Truth

_OF_A_ROUTE = ("Accepted", "ResolvedRefs")


class Refusal(Protocol):
    """What the API said instead; its text is for people."""

    @property
    def status(self) -> int:
        """HTTP's."""


def condition(origin: str, exposure: Exposure, held: Mapping[str, Any] | None, refusal: Refusal | None) -> Condition:
    """AddressReady of the applications at an address. An object that is not there yet waits as one that is new."""
    named = f"{exposure.kind} {exposure.namespace}/{object_name(origin)}"
    if not has_name(origin):
        message = (
            f"an IP address cannot be the host of an {exposure.kind}: use a name, or lead it to the server yourself"
        )
        return _not(Reason.NOT_PUBLISHABLE, message)
    if refusal is not None:
        return _refused(named, exposure, refusal)
    problem = (_ingress if exposure.kind == "Ingress" else _route)(held or {})
    if problem:
        return _not(Reason.PENDING, f"{named}: {problem}")
    return Condition(Type.ADDRESS_READY, Truth.TRUE, Reason.PUBLISHED, named)


def _ingress(held: Mapping[str, Any]) -> str:
    if held.get("status", {}).get("loadBalancer", {}).get("ingress"):
        return ""
    return "no ingress controller has given it an address; does one serve its class? (some never say so, and serve it)"


def _route(held: Mapping[str, Any]) -> str:
    parents = held.get("status", {}).get("parents") or ()
    if not parents:
        return "no gateway has answered; do its parentRefs name one that admits routes of this namespace?"
    for parent in parents:
        told = {each["type"]: each for each in parent.get("conditions", ())}
        for type_ in _OF_A_ROUTE:
            if told.get(type_, {}).get("status") != "True":
                name = parent.get("parentRef", {}).get("name")
                return f"gateway {name}: {type_} is not True: {told.get(type_, {}).get('message', 'nothing said')}"
    return ""


def _refused(named: str, exposure: Exposure, refusal: Refusal) -> Condition:
    if refusal.status == 404 and exposure.kind == "HTTPRoute":
        return _not(Reason.NO_GATEWAY_API, "the cluster has no HTTPRoute: install the Gateway API, or choose Ingress")
    return _not(Reason.FORBIDDEN, f"the operator may not keep {named}: {refusal}")


def _not(reason: Reason, message: str) -> Condition:
    return Condition(Type.ADDRESS_READY, Truth.FALSE, reason, message)
