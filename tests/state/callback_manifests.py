"""What is said of routes whose hosts are callbacks, accepted and refused, as data."""

from typing import Any

from tests.state.cases import Refused, application, at

ROUTE = {"httpRouteRef": {"name": "shop"}, "path": "/oauth2/callback"}
EDGE = {"ingressRef": {"name": "shop"}, "path": "/oauth2/callback"}


def following(*sources: dict[str, Any], **spec: Any) -> dict[str, Any]:
    """An application whose callbacks are those of routes alone."""
    return {"callbackURLsFrom": list(sources or (ROUTE,)), **spec}


ACCEPTED_CALLBACKS: dict[str, dict[str, Any]] = {
    "callbacks-of-a-route": following(),
    "callbacks-of-an-ingress": following(EDGE),
    "callbacks-of-a-single-page-app": following(type="Public"),
    "callbacks-listed-and-of-routes": application(callbackURLsFrom=[ROUTE, EDGE, ROUTE | {"path": "/other"}]),
    "callbacks-of-most-routes": following(*(ROUTE | {"path": f"/{number}"} for number in range(16))),
    "callbacks-of-a-route-twice": following(ROUTE, EDGE, ROUTE),
    "callback-of-a-route-with-a-query": following(ROUTE | {"path": "/index.php?auth=%2Fhome;v=1/@x"}),
    "callback-of-a-route-at-its-root": following(ROUTE | {"path": "/"}),
    "no-callbacks-of-routes": application(callbackURLsFrom=[]),
    "routes-nobody-signs-in-by": following(grantModes=["client_credentials"]),
    "front-channel-logout-at-a-route": following(frontChannelLogoutURL="https://shop.example.com/bye"),
    "pairwise-with-a-sector-of-its-own": following(
        subjectType="Pairwise", sectorIdentifierURL="https://shop.example.com/sector"
    ),
}

_PATHS = {
    "without-a-slash": ("oauth2/callback", "begin with /"),
    "of-another-host": ("https://evil.example/cb", "begin with /"),
    "with-a-port": (":8443/cb", "begin with /"),
    "with-a-space": ("/a b", "RFC 3986"),
    "with-a-line-break": ("/cb\n", "RFC 3986"),
    "with-a-fragment": ("/cb#x", "remove the fragment"),
    "with-a-wildcard": ("/cb/*", "no wildcards"),
    "with-dots": ("/a/../cb", "without the segments"),
    "with-encoded-dots": ("/a/%2e%2e/cb", "without encoded slashes"),
}

REFUSED_CALLBACKS: tuple[Refused, ...] = (
    *(
        Refused(f"callback-{name}", "spec.callbackURLsFrom[0].path", says, following(ROUTE | {"path": path}))
        for name, (path, says) in _PATHS.items()
    ),
    *at(
        "spec.callbackURLsFrom",
        "exactly one of httpRouteRef and ingressRef",
        {
            "callbacks-of-no-route": following({"path": "/cb"}),
            "callbacks-of-two-routes-in-one": following(ROUTE | EDGE),
            "callbacks-of-a-good-and-a-bad-route": following(ROUTE, {"path": "/cb"}),
        },
    ),
    *at(
        "spec.callbackURLsFrom",
        "bring their callback URLs",
        {
            "template-with-routes": following(dynamicRegistration={"maxClients": 1}),
            "metadata-template-with-routes": following(clientIDMetadata={"allowedHosts": ["*"]}, type="Public"),
            "registered-with-routes": following(clientID="dyn_1", registeredBy="template"),
        },
    ),
    *at(
        "spec.callbackURLsFrom",
        "set deletionPolicy to Delete or Disable",
        {"routes-that-outlive-the-object": following(deletionPolicy="Orphan")},
    ),
    *at(
        "spec.callbackURLsFrom",
        "set sectorIdentifierURL",
        {
            "pairwise-by-a-route": following(subjectType="Pairwise"),
            "pairwise-by-a-route-beside-a-list": application(subjectType="Pairwise", callbackURLsFrom=[ROUTE]),
        },
    ),
    *at(
        "spec.callbackURLsFrom[0].httpRouteRef.name",
        "write the name of a Kubernetes object",
        {"route-of-another-namespace": following(ROUTE | {"httpRouteRef": {"name": "other/shop"}})},
    ),
    *at(
        "spec.callbackURLs",
        "or a route in callbackURLsFrom",
        {"neither-listed-nor-of-routes": {"callbackURLsFrom": []}, "public-by-nothing": {"type": "Public"}},
    ),
)
