"""Routes whose hosts are callback URLs of an application, as its manifest names them."""

from pydantic import ConfigDict

from ostiary_state.applications.spec_types import CallbackPath
from ostiary_state.applications.texts import ObjectName
from ostiary_state.kinds.manifest import Manifest


class RouteRefSpec(Manifest):
    """A route of this application's own namespace."""

    name: ObjectName
    """Name of the object. Always one of this object's own namespace."""


class CallbackSourceSpec(Manifest):
    """One route, and where below each of its hosts the callback is."""

    # the API server compares such a list item by item, for which an item has to be one value
    model_config = ConfigDict(json_schema_extra={"x-kubernetes-map-type": "atomic"})

    http_route_ref: RouteRefSpec | None = None
    """An HTTPRoute of the Gateway API: its spec.hostnames, once a gateway has accepted it. The hostnames of the
    gateway's listeners are not followed: the gateway is somebody else's."""

    ingress_ref: RouteRefSpec | None = None
    """An Ingress: the hosts of its spec.rules."""

    path: CallbackPath
    """The callback below each host, such as /oauth2/callback, compared character by character like callbackURLs."""

    def __repr__(self) -> str:
        named = {"httpRouteRef": self.http_route_ref, "ingressRef": self.ingress_ref}
        refs = [f"{kind} {ref.name}" for kind, ref in named.items() if ref is not None]
        return f"{' and '.join(refs) or 'no route'} at {self.path}"
