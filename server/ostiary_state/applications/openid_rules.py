"""What OpenID Connect asks of a manifest: as CEL and as Python, and what CEL cannot say."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from ostiary_state.applications.client_templates import SoftwareStatementIssuerSpec
from ostiary_state.applications.openid import callback_hosts, sector_of
from ostiary_state.applications.rule import Rule
from ostiary_state.applications.spec import OAuthApplicationSpec
from ostiary_state.kinds.violation import Violation

PREFIX = "dyn_"  # of the client ids of clients that registered themselves
OF_THE_TEMPLATE = (
    *("authenticationAddress", "corsOrigins", "optionalScopes", "scopeDescriptions", "claims", "audiences"),
    *("allowedGroups", "clientIDMetadata", "dynamicRegistration", "compatibility"),
)
_DEFAULTED_OF_THE_TEMPLATE = ("tokenLifetimes", "accessTokenFormat", "signingAlgorithm")
LONGEST_JWKS = 16_384  # characters as JSON
MOST_KEYS = 16

_NOT_BY_KEY = "!has(self.tokenEndpointAuthMethod) || self.tokenEndpointAuthMethod != 'private_key_jwt'"
_NEED_CODE = ("code", "code id_token", "code token", "code id_token token")
_NEED_IMPLICIT = ("token", "id_token", "id_token token", "code id_token", "code token", "code id_token token")

OPENID_RULES = (
    Rule(
        "responseTypes",
        "add authorization_code to grantModes, or remove the response types with code",
        "!has(self.responseTypes) || 'authorization_code' in self.grantModes"
        f" || !self.responseTypes.exists(type, type in {list(_NEED_CODE)})",
        lambda spec: "authorization_code" in spec.grant_modes or not {*_NEED_CODE} & {*spec.response_types},
    ),
    Rule(
        "responseTypes",
        "add implicit to grantModes, or remove the response types with token or id_token",
        "!has(self.responseTypes) || 'implicit' in self.grantModes"
        f" || !self.responseTypes.exists(type, type in {list(_NEED_IMPLICIT)})",
        lambda spec: "implicit" in spec.grant_modes or not {*_NEED_IMPLICIT} & {*spec.response_types},
    ),
    Rule(
        "optionalScopes",
        "list only scopes that are in scopes, and not openid, which says that a person signs in",
        "!has(self.optionalScopes) || !self.optionalScopes.exists(scope, scope == 'openid' || !(scope in self.scopes))",
        lambda spec: not {*spec.optional_scopes} - ({*spec.scopes} - {"openid"}),
    ),
    Rule(
        "claims",
        "give each claim exactly one of from, value and values",
        "!has(self.claims) || !self.claims.exists(claim, (has(claim.from) == (has(claim.value) || has(claim.values)))"
        " || (has(claim.value) && has(claim.values)))",
        lambda spec: all(
            [claim.from_ is not None, claim.value is not None, bool(claim.values)].count(True) == 1
            for claim in spec.claims
        ),
    ),
    Rule(
        "clientIDMetadata",
        "set type to Public and remove callbackURLs: clients that describe themselves bring theirs, and have no secret",
        "!has(self.clientIDMetadata) || (self.type == 'Public'"
        " && (!has(self.callbackURLs) || self.callbackURLs.size() == 0))",
        lambda spec: spec.client_id_metadata is None or (spec.type == "Public" and not spec.callback_urls),
    ),
    Rule(
        "clientIDMetadata",
        "remove implicit from grantModes, and consent: Skip: anybody may write such a document",
        "!has(self.clientIDMetadata) || (self.consent == 'Prompt' && !('implicit' in self.grantModes))",
        lambda spec: (
            spec.client_id_metadata is None or (spec.consent == "Prompt" and "implicit" not in spec.grant_modes)
        ),
    ),
    Rule(
        "dynamicRegistration",
        "set type to Confidential, and remove callbackURLs and clientIDMetadata: it is only a template, with a token",
        "!has(self.dynamicRegistration) || (self.type == 'Confidential' && !has(self.clientIDMetadata)"
        " && (!has(self.callbackURLs) || self.callbackURLs.size() == 0))",
        lambda spec: (
            spec.dynamic_registration is None
            or (spec.type == "Confidential" and spec.client_id_metadata is None and not spec.callback_urls)
        ),
    ),
    Rule(
        "dynamicRegistration",
        "remove password from grantModes, and consent: Skip: who registers such a client is not known",
        "!has(self.dynamicRegistration) || (self.consent == 'Prompt' && !('password' in self.grantModes))",
        lambda spec: (
            spec.dynamic_registration is None or (spec.consent == "Prompt" and "password" not in spec.grant_modes)
        ),
    ),
    Rule(
        "clientID",
        f"do not begin with {PREFIX}, by which the client ids of clients that registered themselves begin",
        f"has(self.registeredBy) || !has(self.clientID) || !self.clientID.startsWith('{PREFIX}')",
        lambda spec: spec.registered_by is not None or not (spec.client_id or "").startswith(PREFIX),
    ),
    Rule(
        "registeredBy",
        "remove it, or set clientID to that of a client that registered itself",
        f"!has(self.registeredBy) || (has(self.clientID) && self.clientID.startsWith('{PREFIX}'))",
        lambda spec: spec.registered_by is None or (spec.client_id or "").startswith(PREFIX),
    ),
    Rule(
        "registeredBy",
        f"say {', '.join(OF_THE_TEMPLATE)} in the template only: they are the same for each of its clients",
        f"!has(self.registeredBy) || ({' && '.join(f'!has(self.{name})' for name in OF_THE_TEMPLATE)})",
        lambda spec: spec.registered_by is None or not {*OF_THE_TEMPLATE} & spec.canonical().keys(),
    ),
    Rule(
        "registeredBy",
        "remove secret: the client alone knows it; and consent: Skip and deletionPolicy: Orphan or Disable, since who"
        " registered it is not known",
        "!has(self.registeredBy) || (!has(self.secret) && self.consent == 'Prompt' && self.deletionPolicy == 'Delete')",
        lambda spec: (
            spec.registered_by is None
            or (spec.secret is None and spec.consent == "Prompt" and spec.deletion_policy == "Delete")
        ),
    ),
    Rule(
        "dynamicRegistration",
        "give each of softwareStatementIssuers exactly one of jwks and jwksURL",
        "!has(self.dynamicRegistration) || !has(self.dynamicRegistration.softwareStatementIssuers)"
        " || !self.dynamicRegistration.softwareStatementIssuers.exists(each, has(each.jwks) == has(each.jwksURL))",
        lambda spec: all((each.jwks is None) is not (each.jwks_url is None) for each in _statement_issuers(spec)),
    ),
    Rule(
        "dynamicRegistration",
        "list softwareStatementIssuers, or remove requireSoftwareStatement: nobody could register",
        "!has(self.dynamicRegistration) || !self.dynamicRegistration.requireSoftwareStatement"
        " || (has(self.dynamicRegistration.softwareStatementIssuers)"
        " && self.dynamicRegistration.softwareStatementIssuers.size() > 0)",
        lambda spec: (
            spec.dynamic_registration is None
            or not spec.dynamic_registration.require_software_statement
            or bool(_statement_issuers(spec))
        ),
    ),
    Rule(
        "jwksURL",
        "remove jwks or jwksURL: the keys come from one place",
        "!has(self.jwks) || !has(self.jwksURL)",
        lambda spec: spec.jwks is None or spec.jwks_url is None,
    ),
    Rule(
        "tokenEndpointAuthMethod",
        "add jwks or jwksURL, or remove private_key_jwt: its JWTs are verified with the application's keys",
        f"{_NOT_BY_KEY} || has(self.jwks) || has(self.jwksURL)",
        lambda spec: not spec.signs_by_itself or spec.jwks is not None or spec.jwks_url is not None,
    ),
    Rule(
        "tokenEndpointAuthMethod",
        "remove private_key_jwt, or dynamicRegistration, whose token is the secret of this object",
        f"{_NOT_BY_KEY} || !has(self.dynamicRegistration)",
        lambda spec: not spec.signs_by_itself or spec.dynamic_registration is None,
    ),
    Rule(
        "tokenEndpointAuthSigningAlg",
        "remove it, or set tokenEndpointAuthMethod to private_key_jwt: nothing else is signed there",
        f"!has(self.tokenEndpointAuthSigningAlg) || !({_NOT_BY_KEY})",
        lambda spec: spec.token_endpoint_auth_signing_alg is None or spec.signs_by_itself,
    ),
    Rule(
        "requestURLs",
        "add jwks or jwksURL, or remove requestURLs: a request object is verified with the application's keys",
        "!has(self.requestURLs) || self.requestURLs.size() == 0 || has(self.jwks) || has(self.jwksURL)",
        lambda spec: not spec.request_urls or spec.jwks is not None or spec.jwks_url is not None,
    ),
)


def beyond_cel(
    spec: OAuthApplicationSpec, namespace: str, verified_sector: str | None, *, callbacks_known: bool = True
) -> Iterator[Violation]:
    """What takes a parser of addresses or of keys, or the namespace.

    `verified_sector`: a sectorIdentifierURL whose document was read and lists the callback URLs.
    `callbacks_known`: False where hosts of routes join those of callbackURLs later.
    """
    if spec.registered_by is not None:
        written = spec.canonical()
        for name in _DEFAULTED_OF_THE_TEMPLATE:
            if name in written:
                yield Violation(f"spec.{name}", f"remove it: the template {spec.registered_by} says it")
    if callbacks_known:
        yield from _sector(spec, verified_sector)
    if (
        callbacks_known
        and spec.front_channel_logout_url
        and not _origins(spec).issuperset({_origin(spec.front_channel_logout_url)})
    ):
        # OpenID Connect Front-Channel Logout section 2.
        message = "use the scheme, host and port of one of the callbackURLs"
        yield Violation("spec.frontChannelLogoutURL", message)
    if spec.jwks is not None and (problem := problem_of_keys(spec.jwks)) is not None:
        yield Violation("spec.jwks", problem)
    for index, issuer in enumerate(_statement_issuers(spec)):
        if issuer.jwks is not None and (problem := problem_of_keys(issuer.jwks)) is not None:
            yield Violation(f"spec.dynamicRegistration.softwareStatementIssuers[{index}].jwks", problem)
    own = spec.audiences and all(audience.startswith(f"{namespace}.") for audience in spec.audiences)
    for index, claim in enumerate(spec.claims):
        if "AccessToken" in claim.tokens and not own:
            message = f"remove AccessToken, or list only audiences that begin with {namespace}."
            yield Violation(f"spec.claims[{index}].tokens", message)


def _sector(spec: OAuthApplicationSpec, verified: str | None) -> Iterator[Violation]:
    if spec.subject_type == "Public" or not spec.callback_urls:
        return
    if verified is not None and spec.sector_identifier_url == verified:
        return
    hosts = callback_hosts(spec)
    if spec.sector_identifier_url is None and len(hosts) > 1:
        message = "set it for a Pairwise application whose callbackURLs have several hosts"
        yield Violation("spec.sectorIdentifierURL", message)
    if spec.sector_identifier_url is not None and sector_of(spec) not in hosts:
        # Another host would make this application see the subjects of somebody else's sector.
        yield Violation("spec.sectorIdentifierURL", "use the host of one of the callbackURLs")


def problem_of_keys(jwks: dict[str, Any]) -> str | None:
    """What is wrong with a JWK Set of public keys; None: nothing."""
    keys = jwks.get("keys")
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        return "write a JWK Set: an object with the list keys (RFC 7517 section 5)"
    if len(keys) > MOST_KEYS or len(str(jwks)) > LONGEST_JWKS:
        return f"list at most {MOST_KEYS} keys of at most {LONGEST_JWKS} characters in all"
    if any(key.get("kty") == "oct" or "d" in key for key in keys):
        return "remove what is secret: only public keys of the types RSA, EC and OKP belong here"
    try:
        KeySet.import_key_set({"keys": keys})
    except (JoseError, ValueError, TypeError, KeyError) as error:
        return f"one of the keys cannot be read: {error}"
    return None


def _statement_issuers(spec: OAuthApplicationSpec) -> tuple[SoftwareStatementIssuerSpec, ...]:
    return spec.dynamic_registration.software_statement_issuers if spec.dynamic_registration is not None else ()


def _origins(spec: OAuthApplicationSpec) -> frozenset[tuple[str, str]]:
    return frozenset(map(_origin, spec.callback_urls))


def _origin(url: str) -> tuple[str, str]:
    address = urlsplit(url)
    return address.scheme, address.netloc.lower()
