"""Policies, and what each refuses, as data: the rules and a real API server read the same."""

from dataclasses import dataclass
from typing import Any

from tests.state.manifests import application, public
from tests.state.user_manifests import user


@dataclass(frozen=True)
class Case:
    """A policy without its selector, and a good manifest that it refuses, with what is told of it."""

    name: str
    policy: dict[str, Any]
    spec: dict[str, Any]
    reason: str
    says: str
    kind: str = "OAuthApplication"


def _callbacks(*urls: str, **more: Any) -> dict[str, Any]:
    return application(callbackURLs=list(urls), **more)


TEMPLATE = "not allowed beside callbackHosts or requirePKCE, which cannot hold for the clients of a template"
HOSTS = "not among the callbackHosts of callback and post-logout addresses"
REFUSED = (
    Case(
        "another-host",
        {"callbackHosts": ["shop.example.com", "*.apps.example.com"]},
        _callbacks("https://shop.example.com/cb", "https://apps.example.com/cb"),
        "CallbackHostNotAllowed",
        f"spec.callbackURLs: apps.example.com: {HOSTS}",
    ),
    Case(
        "no-host-at-all",
        {"callbackHosts": []},
        _callbacks("https://shop.example.com/cb"),
        "CallbackHostNotAllowed",
        f"spec.callbackURLs: shop.example.com: {HOSTS}",
    ),
    Case(
        "host-of-the-address-after-signing-out",
        {"callbackHosts": ["shop.example.com"]},
        _callbacks("https://shop.example.com/cb", postLogoutRedirectURLs=["https://www.example.com/"]),
        "CallbackHostNotAllowed",
        f"spec.callbackURLs: www.example.com: {HOSTS}",
    ),
    Case(
        "a-suffix-is-whole-labels",
        {"callbackHosts": ["*.example.com"]},
        _callbacks("https://evilexample.com/cb"),
        "CallbackHostNotAllowed",
        f"spec.callbackURLs: evilexample.com: {HOSTS}",
    ),
    Case(
        "loopback-has-to-be-listed",
        {"callbackHosts": ["*.example.com"]},
        public(callbackURLs=["http://[::1]:8080/cb"]),
        "CallbackHostNotAllowed",
        f"spec.callbackURLs: [::1]: {HOSTS}",
    ),
    Case(
        "another-private-use-scheme",
        {"callbackHosts": ["com.example.app:"]},
        public(callbackURLs=["com.example.app:/cb", "org.example.app:/cb"]),
        "CallbackHostNotAllowed",
        f"spec.callbackURLs: org.example.app:: {HOSTS}",
    ),
    Case(
        "template-by-metadata",
        {"callbackHosts": ["*.example.com"]},
        public(callbackURLs=[], clientIDMetadata={"allowedHosts": ["*.example.com"]}),
        "TemplateNotAllowed",
        f"spec: clientIDMetadata: {TEMPLATE}",
    ),
    Case(
        "template-by-registration",
        {"requirePKCE": True},
        application(callbackURLs=[], dynamicRegistration={"maxClients": 5}),
        "TemplateNotAllowed",
        f"spec: dynamicRegistration: {TEMPLATE}",
    ),
    Case(
        "another-address",
        {"authenticationAddresses": ["https://login.team-a.example.com"]},
        application(authenticationAddress="https://login.team-b.example.com"),
        "AddressNotAllowed",
        "spec.authenticationAddress: https://login.team-b.example.com: not among the authenticationAddresses",
    ),
    Case(
        "grant-modes",
        {"grantModes": ["authorization_code"]},
        application(grantModes=["authorization_code", "refresh_token", "client_credentials"]),
        "GrantModeNotAllowed",
        "spec.grantModes: refresh_token, client_credentials: not among the grantModes",
    ),
    Case(
        "default-scopes",
        {"scopes": ["openid", "email"]},
        application(),
        "ScopeNotAllowed",
        "spec.scopes: profile: not among the scopes",
    ),
    Case(
        "audience",
        {"audiences": ["https://api.example.com"]},
        application(audiences=["https://api.example.com", "https://ledger.example.com"]),
        "AudienceNotAllowed",
        "spec.audiences: https://ledger.example.com: not among the audiences",
    ),
    Case(
        "federated-issuer",
        {"federatedIssuers": ["https://token.actions.githubusercontent.com"]},
        application(
            clientAuthentication={
                "federated": [
                    {"issuer": "https://token.actions.githubusercontent.com", "subject": "repo:example/shop"},
                    {"issuer": "https://issuer.example.net", "subject": "shop"},
                ]
            }
        ),
        "IssuerNotAllowed",
        "spec.clientAuthentication: https://issuer.example.net: not among the federatedIssuers",
    ),
    Case(
        "lifetimes",
        {"maxLifetimes": {"accessToken": "15m", "refreshTokenAbsolute": "720h"}},
        application(grantModes=["authorization_code", "refresh_token"], tokenLifetimes={"accessToken": "1h"}),
        "LifetimeTooLong",
        "spec.tokenLifetimes: accessToken, refreshTokenAbsolute: longer than in maxLifetimes",
    ),
    Case(
        "without-pkce",
        {"requirePKCE": True},
        application(pkce="Optional"),
        "PKCERequired",
        "spec.pkce: Optional: where requirePKCE demands Required",
    ),
    Case(
        "without-consent",
        {"requireConsent": True},
        application(consent="Skip"),
        "ConsentRequired",
        "spec.consent: Skip: where requireConsent demands Prompt",
    ),
    Case(
        "group",
        {"users": {"groups": ["staff"]}},
        user(groups=["staff", "admins"]),
        "GroupNotAllowed",
        "spec.groups: admins: not among users.groups",
        kind="OAuthUser",
    ),
)
STRICT: dict[str, Any] = {
    "callbackHosts": ["*.example.com", "[::1]", "com.example.app:"],
    "authenticationAddresses": [],
    "grantModes": ["authorization_code", "refresh_token", "client_credentials"],
    "scopes": ["openid", "profile", "email"],
    "audiences": [],
    "federatedIssuers": [],
    "maxLifetimes": {"accessToken": "10m", "idToken": "10m", "refreshTokenIdle": "1h"},
    "requirePKCE": True,
    "requireConsent": True,
    "maxApplications": 1,
    "users": {"groups": []},
}
ALLOWED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "the-smallest": ({}, application(), "OAuthApplication"),
    "within-a-strict-one": (STRICT, _callbacks("https://Shop.Example.com:8443/cb"), "OAuthApplication"),
    "private-use-scheme-and-loopback": (
        STRICT,
        public(callbackURLs=["com.example.app:/cb", "http://[::1]:9/cb"]),
        "OAuthApplication",
    ),
    "what-does-not-concern-a-machine": (
        STRICT,
        {"grantModes": ["client_credentials"], "consent": "Skip", "pkce": "Optional"},
        "OAuthApplication",
    ),
    "service-account-of-its-own-namespace": (
        STRICT,
        _callbacks("https://shop.example.com/cb") | {"clientAuthentication": {"serviceAccountRef": {"name": "shop"}}},
        "OAuthApplication",
    ),
    "templates-where-nothing-speaks-against-them": (
        {"requireConsent": True},
        application(callbackURLs=[], dynamicRegistration={"maxClients": 5}),
        "OAuthApplication",
    ),
    "metadata-documents-use-pkce": (
        {"requirePKCE": True},
        public(callbackURLs=[], clientIDMetadata={"allowedHosts": ["*.example.com"]}),
        "OAuthApplication",
    ),
    "user-without-groups": (STRICT, user(), "OAuthUser"),
    "user-where-nothing-is-said-of-groups": ({"users": {}}, user(groups=["admins"]), "OAuthUser"),
}
# A selector, labels of a namespace, and whether it is selected.
SELECTIONS: dict[str, tuple[dict[str, Any], dict[str, str], bool]] = {
    "everything": ({}, {}, True),
    "label": ({"matchLabels": {"tier": "gold"}}, {"tier": "gold"}, True),
    "other-value": ({"matchLabels": {"tier": "gold"}}, {"tier": "silver"}, False),
    "no-label": ({"matchLabels": {"tier": "gold"}}, {}, False),
    "in": ({"matchExpressions": [{"key": "tier", "operator": "In", "values": ["a", "b"]}]}, {"tier": "b"}, True),
    "not-in-those": ({"matchExpressions": [{"key": "tier", "operator": "In", "values": ["a"]}]}, {"tier": "b"}, False),
    "in-without": ({"matchExpressions": [{"key": "tier", "operator": "In", "values": ["a"]}]}, {}, False),
    "not-in": ({"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["a"]}]}, {"tier": "b"}, True),
    "not-in-absent": ({"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["a"]}]}, {}, True),
    "not-in-but-is": (
        {"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["a"]}]},
        {"tier": "a"},
        False,
    ),
    "exists": ({"matchExpressions": [{"key": "tier", "operator": "Exists"}]}, {"tier": ""}, True),
    "exists-not": ({"matchExpressions": [{"key": "tier", "operator": "Exists"}]}, {}, False),
    "absent": ({"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}, {}, True),
    "absent-not": ({"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}, {"tier": "a"}, False),
    "both": (
        {"matchLabels": {"team": "x"}, "matchExpressions": [{"key": "tier", "operator": "Exists"}]},
        {"team": "x"},
        False,
    ),
}
WRONG_POLICIES: dict[str, tuple[str, dict[str, Any]]] = {
    "no-selector": ("spec.namespaceSelector", {}),
    "values-missing": (
        "spec.namespaceSelector",
        {"namespaceSelector": {"matchExpressions": [{"key": "tier", "operator": "In"}]}},
    ),
    "values-too-many": (
        "spec.namespaceSelector",
        {"namespaceSelector": {"matchExpressions": [{"key": "tier", "operator": "Exists", "values": ["a"]}]}},
    ),
    "key-of-a-label": (
        "spec.namespaceSelector.matchExpressions[0].key",
        {"namespaceSelector": {"matchExpressions": [{"key": "a b", "operator": "Exists"}]}},
    ),
    "value-of-a-label": (
        "spec.namespaceSelector.matchExpressions[0].values[0]",
        {"namespaceSelector": {"matchExpressions": [{"key": "tier", "operator": "In", "values": ["a b"]}]}},
    ),
    "host-with-a-port": ("spec.callbackHosts[0]", {"namespaceSelector": {}, "callbackHosts": ["a.example.com:8080"]}),
    "host-in-the-middle": ("spec.callbackHosts[0]", {"namespaceSelector": {}, "callbackHosts": ["a.*.example.com"]}),
    "address-with-a-path": (
        "spec.authenticationAddresses[0]",
        {"namespaceSelector": {}, "authenticationAddresses": ["https://login.example.com/a"]},
    ),
    "lifetime": ("spec.maxLifetimes.accessToken", {"namespaceSelector": {}, "maxLifetimes": {"accessToken": "1s"}}),
    "unknown-grant-mode": ("spec.grantModes[0]", {"namespaceSelector": {}, "grantModes": ["device_code"]}),
    "negative-quota": ("spec.maxApplications", {"namespaceSelector": {}, "maxApplications": -1}),
}
