"""What applications say of OpenID Connect, accepted and refused, as data."""

from typing import Any

from tests.state.cases import Refused, application, at, public

EC = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
BOTH = ["authorization_code", "implicit"]


def registered(**spec: Any) -> dict[str, Any]:
    """A client that registered itself, and what a case adds."""
    return application(registeredBy="clients", clientID="dyn_4GnJlQ", **spec)


def template(**registration: Any) -> dict[str, Any]:
    """For clients that register themselves."""
    return {"dynamicRegistration": {"maxClients": 10, **registration}}


ACCEPTED_OPENID: dict[str, dict[str, Any]] = {
    "all-of-openid": application(
        grantModes=BOTH,
        responseTypes=[
            "code",
            "token",
            "id_token",
            "id_token token",
            "code id_token",
            "code token",
            "code id_token token",
        ],
        scopes=["openid", "profile", "email", "phone", "address", "groups", "orders"],
        optionalScopes=["orders", "phone"],
        scopeDescriptions=[{"scope": "orders", "description": "See your orders"}],
        claims=[
            {"name": "roles", "from": "groups"},
            {"name": "https://example.com/tenant", "value": "acme", "tokens": ["IDToken"]},
            {"name": "tags", "values": ["a", "b"], "tokens": ["UserInfo"]},
        ],
        subjectType="Pairwise",
        sectorIdentifierURL="https://shop.example.com/sector.json",
        idTokenSignedResponseAlg="ES256",
        userinfoSignedResponseAlg="RS256",
        authorizationSignedResponseAlg="EdDSA",
        idTokenClaims="AsRequested",
        defaultMaxAge="1h",
        jwks={"keys": [EC, {"kty": "OKP", "crv": "Ed25519", "x": EC["x"]}]},
        requestObjectSigningAlg="ES256",
        requestURLs=["https://shop.example.com/request.jwt"],
        backChannelLogoutURL="https://shop.example.com/logged-out?by=ostiary",
        frontChannelLogoutURL="https://shop.example.com/frame",
        frontChannelLogoutSessionRequired=True,
        initiateLoginURL="https://shop.example.com/login",
        compatibility=["authing"],
    ),
    "keys-at-an-address": application(
        jwksURL="https://shop.example.com/jwks", requestURLs=["https://shop.example.com/r"]
    ),
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
    "sign-in-each-time": application(defaultMaxAge="0s"),
    "pairwise-of-one-host": application(
        callbackURLs=["https://shop.example.com/a", "https://SHOP.example.com/b"], subjectType="Pairwise"
    ),
    "claim-for-own-resources": application(
        audiences=["default.orders"], claims=[{"name": "roles", "from": "groups", "tokens": ["AccessToken"]}]
    ),
}

REFUSED_OPENID: tuple[Refused, ...] = (
    *at(
        "spec.responseTypes",
        "add authorization_code",
        {"hybrid-without-code": application(grantModes=["implicit"], responseTypes=["code token", "token"])},
    ),
    *at(
        "spec.responseTypes",
        "add implicit",
        {
            "hybrid-without-implicit": application(responseTypes=["code", "code id_token"]),
            "token-without-implicit": application(responseTypes=["token"]),
        },
    ),
    *at(
        "spec.optionalScopes",
        "list only scopes that are in scopes",
        {
            "optional-openid": application(optionalScopes=["openid"]),
            "optional-undeclared": application(optionalScopes=["orders"]),
        },
    ),
    *at(
        "spec.claims",
        "exactly one of",
        {
            "claim-from-nowhere": application(claims=[{"name": "roles"}]),
            "claim-from-two": application(claims=[{"name": "roles", "from": "groups", "value": "x"}]),
            "claim-of-two-constants": application(claims=[{"name": "roles", "value": "x", "values": ["y"]}]),
            "claim-of-all": application(claims=[{"name": "roles", "from": "groups", "value": "x", "values": ["y"]}]),
        },
    ),
    *at(
        "spec.claims[0].name",
        "by this claim tokens are checked",
        {
            "claim-sub": application(claims=[{"name": "sub", "from": "preferred_username"}]),
            "claim-private": application(claims=[{"name": "ost", "value": "x"}]),
        },
    ),
    *at(
        "spec.claims[0].name",
        "printable ASCII",
        {"claim-with-space": application(claims=[{"name": "my roles", "from": "groups"}])},
    ),
    *at(
        "spec.jwksURL",
        "from one place",
        {"keys-twice": application(jwks={"keys": [EC]}, jwksURL="https://shop.example.com/jwks")},
    ),
    *at("spec.jwksURL", "remove the fragment", {"keys-fragment": application(jwksURL="https://shop.example.com/j#a")}),
    *at(
        "spec.frontChannelLogoutURL",
        "remove the fragment",
        {"frame-fragment": application(frontChannelLogoutURL="https://shop.example.com/frame#a")},
    ),
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
        "spec.requestURLs",
        "add jwks or jwksURL",
        {"requests-without-keys": application(requestURLs=["https://shop.example.com/r"])},
    ),
    *at(
        "spec.defaultMaxAge",
        "write a duration from 0s",
        {"max-age-of-years": application(defaultMaxAge="8761h")},
    ),
)

# What CEL cannot say: `ostiary check` and the operator refuse it, the API server does not.
REFUSED_BEYOND_CEL: tuple[Refused, ...] = (
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
    *at(
        "spec.sectorIdentifierURL",
        "several hosts",
        {
            "pairwise-of-two-hosts": application(
                callbackURLs=["https://a.example.com/", "https://b.example.com/"], subjectType="Pairwise"
            )
        },
    ),
    *at(
        "spec.sectorIdentifierURL",
        "the host of one of the callbackURLs",
        {
            "somebody-elses-sector": application(
                subjectType="Pairwise", sectorIdentifierURL="https://bank.example.com/sector.json"
            )
        },
    ),
    *at(
        "spec.frontChannelLogoutURL",
        "one of the callbackURLs",
        {
            "frame-of-another-host": application(frontChannelLogoutURL="https://evil.example/frame"),
            "frame-of-another-port": application(frontChannelLogoutURL="https://shop.example.com:8443/frame"),
        },
    ),
    *at(
        "spec.jwks",
        "write a JWK Set",
        {"keys-of-no-shape": application(jwks={"kty": "RSA"}), "keys-of-text": application(jwks={"keys": ["a"]})},
    ),
    *at(
        "spec.jwks",
        "only public keys",
        {
            "private-key": application(jwks={"keys": [EC | {"d": EC["x"]}]}),
            "shared-key": application(jwks={"keys": [{"kty": "oct", "k": "AAAA"}]}),
        },
    ),
    *at("spec.jwks", "at most 16 keys", {"many-keys": application(jwks={"keys": [EC] * 17})}),
    *at("spec.jwks", "cannot be read", {"broken-key": application(jwks={"keys": [{"kty": "EC", "crv": "P-256"}]})}),
    *at(
        "spec.claims[0].tokens",
        "list only audiences that begin with default.",
        {
            "claim-for-foreign-resources": application(
                audiences=["default.orders", "https://api.example.com"],
                claims=[{"name": "roles", "from": "groups", "tokens": ["IDToken", "AccessToken"]}],
            ),
            "claim-for-the-issuer": application(
                claims=[{"name": "roles", "from": "groups", "tokens": ["AccessToken"]}],
            ),
        },
    ),
)
