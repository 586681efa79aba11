"""Routes whose hosts are callback URLs of an application, as its manifest names them."""

from typing import Annotated

from pydantic import Field

from ostiary_state.applications.spec_types import CallbackPath
from ostiary_state.applications.texts import ObjectName
from ostiary_state.kinds.manifest import Manifest


class RouteRefSpec(Manifest):
    """A route of this application's own namespace."""

    name: ObjectName
    """Name of the object. Always one of this object's own namespace."""


class CallbackSourceSpec(Manifest):
    """One route, and where below each of its hosts the callback is."""

    http_route_ref: RouteRefSpec | None = None
    """An HTTPRoute of the Gateway API: its spec.hostnames, once a gateway has accepted it. The hostnames of the
    gateway's listeners are not followed: the gateway is somebody else's."""

    ingress_ref: RouteRefSpec | None = None
    """An Ingress: the hosts of its spec.rules."""

    path: CallbackPath
    """The callback below each host, such as /oauth2/callback, compared character by character like callbackURLs."""


# Replaced as a whole by whoever applies it: it has no scalar key, and server-side apply refuses a set of objects.
CallbackSources = Annotated[
    tuple[CallbackSourceSpec, ...], Field(max_length=16, json_schema_extra={"x-kubernetes-list-type": "atomic"})
]
