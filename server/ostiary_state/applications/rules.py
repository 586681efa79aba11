"""What a manifest must keep that no single field can say. Each rule stands here once, as CEL and as Python.

The API server refuses by the CEL. The operator and `ostiary check` run the Python, because a manifest may have
been admitted under an older CRD and because a file on disk meets no API server.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from ostiary_state.applications.addresses import PRIVATE_USE
from ostiary_state.applications.callback_rules import CALLBACK_RULES
from ostiary_state.applications.openid_rules import OPENID_RULES, beyond_cel
from ostiary_state.applications.rotation_rules import ROTATION_RULES, rotation_problems
from ostiary_state.applications.rule import Rule
from ostiary_state.applications.secret_rules import SECRET_RULES, secret_problems
from ostiary_state.applications.spec import OAuthApplicationSpec
from ostiary_state.applications.texts import NAME
from ostiary_state.applications.workload_rules import WORKLOAD_RULES, workload_problems
from ostiary_state.kinds.checks import failed_checks
from ostiary_state.kinds.custom_resource import MAX_NAME_LENGTH, NAME_TOO_LONG
from ostiary_state.kinds.violation import Violation

CLIENT_ID_NOT_ALLOWED = "ClientIDNotAllowed"
_DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_PRIVATE_USE = re.compile(PRIVATE_USE, re.ASCII)


@dataclass(frozen=True, slots=True)
class Immutable:
    """A field that keeps what it had when the object was made, absence included."""

    field: str
    message: str
    value: Callable[[OAuthApplicationSpec], object]

    @property
    def cel(self) -> str:
        """On the spec and not on the field, where removing it and setting it anew would pass."""
        new, old = f"self.{self.field}", f"oldSelf.{self.field}"
        return f"has({new}) == has({old}) && (!has({new}) || {new} == {old})"


# First what the type decides, since it is the field that one gets wrong first; then the grants; then their details.
RULES = (
    Rule(
        "secret",
        "remove secret, or set type to Confidential: a Public application cannot keep a secret",
        "self.type != 'Public' || !has(self.secret)",
        lambda spec: spec.type != "Public" or spec.secret is None,
    ),
    Rule(
        "tokenEndpointAuthMethod",
        "set tokenEndpointAuthMethod to none or remove it: a Public application has no secret to send",
        "self.type != 'Public' || !has(self.tokenEndpointAuthMethod) || self.tokenEndpointAuthMethod == 'none'",
        lambda spec: spec.type != "Public" or spec.token_endpoint_auth_method in (None, "none"),
    ),
    Rule(
        "tokenEndpointAuthMethod",
        "set tokenEndpointAuthMethod to client_secret_basic, client_secret_post or private_key_jwt, or type to Public",
        "self.type != 'Confidential' || !has(self.tokenEndpointAuthMethod) || self.tokenEndpointAuthMethod != 'none'",
        lambda spec: spec.type != "Confidential" or spec.token_endpoint_auth_method != "none",
    ),
    Rule(
        "grantModes",
        "remove client_credentials and password from grantModes, or set type to Confidential:"
        " nobody can tell a Public application from another",
        "self.type != 'Public' || !self.grantModes.exists(mode, mode in ['client_credentials', 'password'])",
        lambda spec: spec.type != "Public" or not {"client_credentials", "password"} & set(spec.grant_modes),
    ),
    Rule(
        "pkce",
        "set pkce to Required: without it anyone on a Public application's device can use its codes",
        "self.type != 'Public' || !('authorization_code' in self.grantModes) || self.pkce == 'Required'",
        lambda spec: spec.type != "Public" or "authorization_code" not in spec.grant_modes or spec.pkce == "Required",
    ),
    Rule(
        "grantModes",
        "add authorization_code or password to grantModes, or remove refresh_token: nothing else yields one",
        "!('refresh_token' in self.grantModes)"
        " || self.grantModes.exists(mode, mode in ['authorization_code', 'password'])",
        lambda spec: (
            "refresh_token" not in spec.grant_modes or bool({"authorization_code", "password"} & set(spec.grant_modes))
        ),
    ),
    Rule(
        "callbackURLs",
        "list at least one callback URL, or a route in callbackURLsFrom, or remove authorization_code and implicit from"
        " grantModes",
        "!self.grantModes.exists(mode, mode in ['authorization_code', 'implicit']) || has(self.clientIDMetadata)"
        " || has(self.dynamicRegistration) || (has(self.callbackURLs) && self.callbackURLs.size() > 0)"
        " || (has(self.callbackURLsFrom) && self.callbackURLsFrom.size() > 0)",
        lambda spec: (
            not {"authorization_code", "implicit"} & set(spec.grant_modes)
            or spec.client_id_metadata is not None
            or spec.dynamic_registration is not None
            or bool(spec.callback_urls)
            or bool(spec.callback_urls_from)
        ),
    ),
    Rule(
        "callbackURLs",
        "use https callback URLs, or set type to Public: only an app on a device has a private-use scheme",
        f"self.type == 'Public' || !has(self.callbackURLs)"
        f' || !self.callbackURLs.exists(url, url.matches(r"{PRIVATE_USE}"))',
        lambda spec: spec.type == "Public" or not any(map(_PRIVATE_USE.match, spec.callback_urls)),
    ),
    Rule(
        "postLogoutRedirectURLs",
        "use https addresses, or set type to Public: only an app on a device has a private-use scheme",
        f"self.type == 'Public' || !has(self.postLogoutRedirectURLs)"
        f' || !self.postLogoutRedirectURLs.exists(url, url.matches(r"{PRIVATE_USE}"))',
        lambda spec: spec.type == "Public" or not any(map(_PRIVATE_USE.match, spec.post_logout_redirect_urls)),
    ),
    Rule(
        "tokenLifetimes",
        "set refreshTokenIdle to at most refreshTokenAbsolute",
        "duration(self.tokenLifetimes.refreshTokenIdle) <= duration(self.tokenLifetimes.refreshTokenAbsolute)",
        lambda spec: spec.token_lifetimes.refresh_token_idle <= spec.token_lifetimes.refresh_token_absolute,
    ),
    *CALLBACK_RULES,
    *SECRET_RULES,
    *ROTATION_RULES,
    *OPENID_RULES,
    *WORKLOAD_RULES,
)

IMMUTABLES = (
    Immutable(
        "clientID",
        "clientID cannot be changed, set or removed later: make a new object with the clientID that you want",
        lambda spec: spec.client_id,
    ),
    Immutable(
        "registeredBy",
        "registeredBy cannot be changed, set or removed later: delete the object to end the client",
        lambda spec: spec.registered_by,
    ),
    Immutable(
        "type",
        "type cannot be changed: make a new object with the type that you want",
        lambda spec: spec.type,
    ),
)


def violations(
    spec: OAuthApplicationSpec,
    *,
    namespace: str,
    name: str,
    client_id_prefixes: Collection[str] = (),
    verified_sector: str | None = None,
    callbacks_known: bool = False,
) -> tuple[Violation, ...]:
    """Everything that is wrong with a spec by itself; empty where it can be served.

    `client_id_prefixes`: first labels of client ids, beside its own namespace, that this object may use.
    `verified_sector`: a sectorIdentifierURL that may be of any host, since its document lists the callback URLs.
    `callbacks_known`: callbackURLs holds what callbackURLsFrom came to, so that other fields can be held against it.
    """
    return (
        *failed_checks(spec),
        *(Violation(f"spec.{rule.field}", rule.message) for rule in RULES if not rule.holds(spec)),
        *beyond_cel(spec, namespace, verified_sector, callbacks_known=callbacks_known or not spec.callback_urls_from),
        *secret_problems(spec),
        *workload_problems(spec),
        *rotation_problems(spec),
        *_names(spec, namespace, name, client_id_prefixes),
    )


def changes_refused(old: OAuthApplicationSpec, new: OAuthApplicationSpec) -> tuple[Violation, ...]:
    """What an object may not change after it was made."""
    return tuple(
        Violation(f"spec.{immutable.field}", immutable.message)
        for immutable in IMMUTABLES
        if immutable.value(old) != immutable.value(new)
    )


def _names(spec: OAuthApplicationSpec, namespace: str, name: str, prefixes: Collection[str]) -> tuple[Violation, ...]:
    """What only the object's own name and namespace decide; CEL cannot see a namespace."""
    if len(name) > MAX_NAME_LENGTH:
        return (Violation("metadata.name", NAME_TOO_LONG),)
    if (message := NAME.failure(name)) is not None:
        return (Violation("metadata.name", message),)
    if spec.client_id is None:
        return ()
    first, dot, _ = spec.client_id.partition(".")
    if dot and first != namespace and first not in prefixes and _DNS_LABEL.fullmatch(first):
        message = f"begin with {namespace}. or use no dot: {first}. belongs to another namespace"
        return (Violation("spec.clientID", message, CLIENT_ID_NOT_ALLOWED),)
    return ()
