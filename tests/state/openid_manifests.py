"""What applications say of OpenID Connect, accepted and refused, as data."""

from typing import Any

from tests.state.cases import EC, Refused, application, at
from tests.state.client_manifests import ACCEPTED_CLIENTS, CLIENTS_REFUSED_BEYOND_CEL, REFUSED_CLIENTS

BOTH = ["authorization_code", "implicit"]


ACCEPTED_OPENID: dict[str, dict[str, Any]] = ACCEPTED_CLIENTS | {
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
    "authenticates-by-its-key": application(
        tokenEndpointAuthMethod="private_key_jwt", tokenEndpointAuthSigningAlg="ES256", jwks={"keys": [EC]}
    ),
    "sign-in-each-time": application(defaultMaxAge="0s"),
    "pairwise-of-one-host": application(
        callbackURLs=["https://shop.example.com/a", "https://SHOP.example.com/b"], subjectType="Pairwise"
    ),
    "claim-for-own-resources": application(
        audiences=["default.orders"], claims=[{"name": "roles", "from": "groups", "tokens": ["AccessToken"]}]
    ),
}

REFUSED_OPENID: tuple[Refused, ...] = (
    *REFUSED_CLIENTS,
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
        "spec.tokenEndpointAuthMethod",
        "add jwks or jwksURL, or remove private_key_jwt",
        {"signs-without-keys": application(tokenEndpointAuthMethod="private_key_jwt")},
    ),
    *at(
        "spec.tokenEndpointAuthSigningAlg",
        "nothing else is signed there",
        {"algorithm-of-a-secret": application(tokenEndpointAuthSigningAlg="ES256")},
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
    *CLIENTS_REFUSED_BEYOND_CEL,
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
