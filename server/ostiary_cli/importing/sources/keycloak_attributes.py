"""Attributes of a Keycloak client: texts by name, most of them settings of OpenID Connect."""

import json
from typing import Any, Final

from ostiary_cli.importing.draft import Draft
from ostiary_cli.importing.reading import Fields

_SEPARATOR: Final = "##"
_ADDRESSES: Final = {
    "logoUri": "logoURL",
    "policyUri": "policyURL",
    "tosUri": "termsURL",
    "backchannel.logout.url": "backChannelLogoutURL",
}
_LIFETIMES: Final = {
    "access.token.lifespan": "accessToken",
    "client.session.idle.timeout": "refreshTokenIdle",
    "client.session.max.lifespan": "refreshTokenAbsolute",
}
_ALGORITHMS: Final = {
    "access.token.signed.response.alg": "signingAlgorithm",
    "id.token.signed.response.alg": "idTokenSignedResponseAlg",
    "user.info.response.signature.alg": "userinfoSignedResponseAlg",
    "request.object.signature.alg": "requestObjectSigningAlg",
    "token.endpoint.auth.signing.alg": "tokenEndpointAuthSigningAlg",
}
_SERVED: Final = frozenset({"ES256", "RS256", "EdDSA"})
_WITHOUT_MEANING: Final = frozenset(
    {"client.secret.creation.time", "realm_client", "client.use.lightweight.access.token.enabled", "login_theme"}
    | {"display.on.consent.screen", "consent.screen.text", "backchannel.logout.session.required", "gui.order"}
    | {"backchannel.logout.revoke.offline.tokens", "acr.loa.map", "use.refresh.tokens", "use.jwks.string"}
    | {"exclude.session.state.from.auth.response", "frontchannel.logout.url", "frontchannel.logout.session.required"}
    | {"use.jwks.url", "jwks.url", "jwks.string", "post.logout.redirect.uris", "pkce.code.challenge.method"}
    | {"request.uris"}
)
_REPORTED: Final = {
    "oauth2.device.authorization.grant.enabled": "the device grant is not served",
    "oidc.ciba.grant.enabled": "CIBA is not served",
    "standard.token.exchange.enabled": "token exchange is not served",
    "require.pushed.authorization.requests": "pushed authorization requests are not served",
    "tls.client.certificate.bound.access.tokens": "tokens are not bound to certificates",
    "dpop.bound.access.tokens": "tokens are not bound to keys (DPoP)",
    "jwt.credential.certificate": "keys are taken from a JWK Set, and not from a certificate",
}
_NOTHING: Final = ("", "false", "-1", "any", "none", "0")


def put(made: Draft, attributes: Fields, *, frontchannel: bool) -> None:
    """`frontchannel`: whether it is told so that a person signed out. Raises ImportFailed."""
    for name, field in _ADDRESSES.items():
        made.put(field, attributes.text(name), name)
    _put_logout(made, attributes, frontchannel=frontchannel)
    if attributes.text("pkce.code.challenge.method") == "S256":
        made.put("pkce", "Required", "pkce.code.challenge.method")
    for name, field in _LIFETIMES.items():
        seconds = attributes.number(name)
        made.lifetime(field, seconds if seconds and seconds > 0 else None, name)
    for name, field in _ALGORITHMS.items():
        _put_algorithm(made, name, field, attributes.text(name))
    if attributes.flag("use.jwks.url"):
        made.put("jwksURL", attributes.text("jwks.url"), "jwks.url")
    if attributes.flag("use.jwks.string"):
        made.put("jwks", _keys(attributes), "jwks.string")
    made.put("requestURLs", tuple(filter(None, attributes.text("request.uris").split(_SEPARATOR))), "request.uris")
    _report(made, attributes)


def _put_logout(made: Draft, attributes: Fields, *, frontchannel: bool) -> None:
    given = tuple(filter(None, attributes.text("post.logout.redirect.uris").split(_SEPARATOR)))
    addresses = [uri for each in given for uri in (made.spec.get("callbackURLs", []) if each == "+" else [each])]
    made.put("postLogoutRedirectURLs", [uri for uri in addresses if uri != "-"], "post.logout.redirect.uris")
    if frontchannel and (url := attributes.text("frontchannel.logout.url")):
        made.put("frontChannelLogoutURL", url, "frontchannel.logout.url")
        session = attributes.flag("frontchannel.logout.session.required", default=True) or None
        made.put("frontChannelLogoutSessionRequired", session, "frontchannel.logout.session.required")


def _put_algorithm(made: Draft, name: str, field: str, algorithm: str) -> None:
    if algorithm in _SERVED:
        made.put(field, algorithm, name)
    elif algorithm.lower() not in _NOTHING:
        made.report(f"{name}: {algorithm}", "this algorithm is not served", "the default of a manifest was taken")


def _keys(attributes: Fields) -> Any:
    try:
        return json.loads(attributes.text("jwks.string"))
    except ValueError:
        raise attributes.failed("jwks.string", "expected JSON") from None


def _report(made: Draft, attributes: Fields) -> None:
    for name, value in attributes.content.items():
        if str(value or "").lower() in _NOTHING:
            continue
        if name in _REPORTED:
            made.report(f"attributes: {name}", _REPORTED[name], "see whether the application can do without it")
        elif name not in {*_ADDRESSES, *_LIFETIMES, *_ALGORITHMS, *_WITHOUT_MEANING} and not name.startswith("saml"):
            made.report_unknown([name], "attributes: ")
