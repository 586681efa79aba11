"""What is said of clients that register or describe themselves, accepted and refused, as data."""

from typing import Any

from tests.state.cases import EC, Refused, application, at, public


def registered(**spec: Any) -> dict[str, Any]:
    """A client that registered itself, and what a case adds."""
    return application(registeredBy="clients", clientID="dyn_4GnJlQ", **spec)


def template(**registration: Any) -> dict[str, Any]:
    """For clients that register themselves."""
    return {"dynamicRegistration": {"maxClients": 10, **registration}}


ACCEPTED_CLIENTS: dict[str, dict[str, Any]] = {
    "template-for-clients-that-describe-themselves": {
        "type": "Public",
        "grantModes": ["authorization_code", "refresh_token"],
        "clientIDMetadata": {"allowedHosts": ["app.example.com", "*.example.org", "localhost:8080", "*"]},
    },
    "template-for-clients-that-register-themselves": {
        "grantModes": ["authorization_code", "implicit", "refresh_token", "client_credentials"],
        "dynamicRegistration": {"maxClients": 10, "unusedFor": "24h"},
    },
    "registration-with-software-statements": template(
        softwareStatementIssuers=[
            {"issuer": "https://directory.example.org", "jwksURL": "https://directory.example.org/jwks"},
            {"issuer": "directory", "jwks": {"keys": [EC]}},
        ],
        requireSoftwareStatement=True,
    ),
    "registration-with-defaults": {"dynamicRegistration": {"maxClients": 100}},
    "client-that-registered-itself": application(registeredBy="clients", clientID="dyn_4GnJlQ", pkce="Optional"),
    "public-client-that-registered-itself": public(registeredBy="clients", clientID="dyn_4GnJlQ", enabled=False),
}

REFUSED_CLIENTS: tuple[Refused, ...] = (
    *at(
        "spec.clientIDMetadata",
        "set type to Public",
        {
            "template-with-a-secret": {"clientIDMetadata": {"allowedHosts": ["a.example.com"]}},
            "template-with-callbacks": application(type="Public", clientIDMetadata={"allowedHosts": ["a.example.com"]}),
        },
    ),
    *at(
        "spec.clientIDMetadata",
        "anybody may write such a document",
        {
            "template-without-consent": {
                "type": "Public",
                "consent": "Skip",
                "clientIDMetadata": {"allowedHosts": ["a.example.com"]},
            },
            "template-with-implicit": {
                "type": "Public",
                "grantModes": ["authorization_code", "implicit"],
                "clientIDMetadata": {"allowedHosts": ["a.example.com"]},
            },
        },
    ),
    *at(
        "spec.clientIDMetadata.allowedHosts[0]",
        "write a host in lower case",
        {
            "host-with-scheme": {"type": "Public", "clientIDMetadata": {"allowedHosts": ["https://a.example.com"]}},
            "host-in-capitals": {"type": "Public", "clientIDMetadata": {"allowedHosts": ["A.example.com"]}},
            "star-inside": {"type": "Public", "clientIDMetadata": {"allowedHosts": ["a.*.com"]}},
        },
    ),
    *at(
        "spec.dynamicRegistration",
        "set type to Confidential",
        {
            "registration-without-a-token": {"type": "Public", "dynamicRegistration": {"maxClients": 1}},
            "registration-with-callbacks": application(dynamicRegistration={"maxClients": 1}),
        },
    ),
    *at(
        "spec.dynamicRegistration",
        "who registers such a client",
        {
            "registration-without-consent": {"consent": "Skip", "dynamicRegistration": {"maxClients": 1}},
            "registration-with-passwords": {
                "grantModes": ["authorization_code", "password"],
                "dynamicRegistration": {"maxClients": 1},
            },
        },
    ),
    *at(
        "spec.registeredBy",
        "or set clientID to that of a client that registered itself",
        {
            "registered-without-a-client-id": application(registeredBy="clients"),
            "registered-under-another-client-id": application(registeredBy="clients", clientID="shop"),
        },
    ),
    *at(
        "spec.clientID",
        "do not begin with dyn_",
        {"client-id-of-one-that-registered": application(clientID="dyn_4GnJlQ")},
    ),
    *at(
        "spec.registeredBy",
        "in the template only",
        {
            "registered-at-another-address": registered(authenticationAddress="https://login.example.com"),
            "registered-with-audiences": registered(audiences=["stock"]),
            "registered-for-groups": registered(allowedGroups=["staff"]),
            "registered-as-a-template": {
                "registeredBy": "clients",
                "clientID": "dyn_4GnJlQ",
                "dynamicRegistration": {"maxClients": 1},
            },
        },
    ),
    *at(
        "spec.registeredBy",
        "the client alone knows it",
        {
            "registered-with-a-secret": registered(secret={"name": "own"}),
            "registered-without-consent": registered(consent="Skip"),
            "registered-for-ever": registered(deletionPolicy="Orphan"),
        },
    ),
    *at(
        "spec.dynamicRegistration",
        "exactly one of jwks and jwksURL",
        {
            "statements-without-keys": template(softwareStatementIssuers=[{"issuer": "https://d.example"}]),
            "statements-with-two-sets-of-keys": template(
                softwareStatementIssuers=[
                    {"issuer": "https://d.example", "jwks": {"keys": [EC]}, "jwksURL": "https://d.example/jwks"}
                ]
            ),
        },
    ),
    *at(
        "spec.dynamicRegistration",
        "nobody could register",
        {"statements-of-nobody": template(requireSoftwareStatement=True)},
    ),
    *at(
        "spec.dynamicRegistration.unusedFor",
        "write a duration from 1h",
        {"registration-of-a-minute": {"dynamicRegistration": {"maxClients": 1, "unusedFor": "1m"}}},
    ),
    *at(
        "spec.tokenEndpointAuthMethod",
        "whose token is the secret of this object",
        {"template-that-signs": template() | {"tokenEndpointAuthMethod": "private_key_jwt", "jwks": {"keys": [EC]}}},
    ),
)

# What CEL cannot say.
CLIENTS_REFUSED_BEYOND_CEL: tuple[Refused, ...] = (
    *at(
        "spec.dynamicRegistration.softwareStatementIssuers[0].jwks",
        "only public keys",
        {
            "statements-with-a-private-key": template(
                softwareStatementIssuers=[{"issuer": "directory", "jwks": {"keys": [EC | {"d": EC["x"]}]}}]
            )
        },
    ),
    *at(
        "spec.tokenLifetimes",
        "the template clients says it",
        {"registered-with-lifetimes": registered(tokenLifetimes={"accessToken": "1h"})},
    ),
    *at(
        "spec.accessTokenFormat",
        "the template clients says it",
        {"registered-with-opaque-tokens": registered(accessTokenFormat="Opaque")},
    ),
)
