"""What an application or a user must keep under a policy. Each rule stands here once, as Python and as CEL.

The operator runs the Python, and a ValidatingAdmissionPolicy the CEL (`admission`), so that `kubectl apply` refuses
already. A rule finds what offends, as a list of short texts: nothing offends where it is kept. CEL sees `object`, with
the defaults filled in, the policy as `params`, and the variables of `admission`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from ostiary_state.applications.spec import OAuthApplicationSpec
from ostiary_state.kinds.checks import failed_checks
from ostiary_state.kinds.manifest import manifest_name
from ostiary_state.kinds.violation import Violation, violations_of
from ostiary_state.policies.callback_hosts import host_of, is_among
from ostiary_state.policies.spec import MaxLifetimesSpec, OAuthApplicationPolicySpec
from ostiary_state.users.spec import OAuthUserSpec


class PolicyReason(StrEnum):
    """Which rule refused."""

    NOT_SELECTED = "NotSelected"
    CALLBACK_HOST = "CallbackHostNotAllowed"
    ADDRESS = "AddressNotAllowed"
    GRANT_MODE = "GrantModeNotAllowed"
    SCOPE = "ScopeNotAllowed"
    AUDIENCE = "AudienceNotAllowed"
    ISSUER = "IssuerNotAllowed"
    LIFETIME = "LifetimeTooLong"
    PKCE = "PKCERequired"
    CONSENT = "ConsentRequired"
    TEMPLATE = "TemplateNotAllowed"
    TOO_MANY = "TooManyApplications"
    USERS = "UsersNotAllowed"
    GROUP = "GroupNotAllowed"


Spec = TypeVar("Spec")


@dataclass(frozen=True, slots=True)
class PolicyRule(Generic[Spec]):
    """One rule. `says` follows what offends; `field` is one of the manifest that is judged, "" for all of it."""

    reason: PolicyReason
    field: str
    says: str
    offends: Callable[[Spec, OAuthApplicationPolicySpec], list[str]]
    applies: str  # CEL: the policy says something about it
    cel: str  # CEL: the list of what offends


def _beyond(listed: str, field: str) -> str:
    """CEL: items of a list of the application that a list of the policy lacks."""
    return f"(has(object.spec.{field}) ? object.spec.{field} : []).filter(each, !(each in params.spec.{listed}))"


def _others(items: tuple[str, ...], allowed: tuple[str, ...] | None) -> list[str]:
    return [] if allowed is None else [each for each in items if each not in allowed]


def _hosts(spec: OAuthApplicationSpec, policy: OAuthApplicationPolicySpec) -> list[str]:
    if policy.callback_hosts is None:
        return []
    hosts = map(host_of, (*spec.callback_urls, *spec.post_logout_redirect_urls))
    return [host for host in dict.fromkeys(hosts) if not is_among(host, policy.callback_hosts)]


def _templates(spec: OAuthApplicationSpec, policy: OAuthApplicationPolicySpec) -> list[str]:
    hosts, pkce = policy.callback_hosts is not None, policy.require_pkce
    found = ["clientIDMetadata"] if spec.client_id_metadata is not None and hosts else []
    return found + (["dynamicRegistration"] if spec.dynamic_registration is not None and (hosts or pkce) else [])


def _address(spec: OAuthApplicationSpec, policy: OAuthApplicationPolicySpec) -> list[str]:
    address = spec.authentication_address
    return _others((address,), policy.authentication_addresses) if address is not None else []


def _federated(spec: OAuthApplicationSpec) -> tuple[str, ...]:
    authentication = spec.client_authentication
    return tuple(each.issuer for each in authentication.federated) if authentication is not None else ()


# What a lifetime concerns: modes of which an application needs one, or it never receives such a thing.
_CONCERNS = {
    "authorization_code": ("authorization_code",),
    "access_token": ("authorization_code", "implicit", "password", "refresh_token", "client_credentials"),
    "id_token": ("authorization_code", "implicit", "password", "refresh_token"),
    "refresh_token_idle": ("refresh_token",),
    "refresh_token_absolute": ("refresh_token",),
}


def _lifetimes(spec: OAuthApplicationSpec, policy: OAuthApplicationPolicySpec) -> list[str]:
    found = []
    for name, modes in _CONCERNS.items():
        limit = getattr(policy.max_lifetimes or MaxLifetimesSpec(), name)
        if limit is not None and getattr(spec.token_lifetimes, name) > limit and set(modes) & set(spec.grant_modes):
            found.append(manifest_name(name))
    return found


def _lifetimes_cel() -> str:
    parts = []
    for name, modes in _CONCERNS.items():
        field = manifest_name(name)
        limit, own = f"params.spec.maxLifetimes.{field}", f"object.spec.tokenLifetimes.{field}"
        concerned = "object.spec.grantModes.exists(mode, mode in ['" + "', '".join(modes) + "'])"
        parts.append(f"(has({limit}) && duration({own}) > duration({limit}) && {concerned} ? ['{field}'] : [])")
    return " + ".join(parts)


def _pkce(spec: OAuthApplicationSpec, policy: OAuthApplicationPolicySpec) -> list[str]:
    wrong = policy.require_pkce and spec.pkce != "Required" and "authorization_code" in spec.grant_modes
    return [spec.pkce] if wrong else []


def _consent(spec: OAuthApplicationSpec, policy: OAuthApplicationPolicySpec) -> list[str]:
    on_a_page = {"authorization_code", "implicit"} & set(spec.grant_modes)
    return [spec.consent] if policy.require_consent and spec.consent != "Prompt" and on_a_page else []


# In the order of the fields of a policy.
APPLICATION_RULES: tuple[PolicyRule[OAuthApplicationSpec], ...] = (
    PolicyRule(
        PolicyReason.CALLBACK_HOST,
        "callbackURLs",
        "not among the callbackHosts of callback and post-logout addresses",
        _hosts,
        "has(params.spec.callbackHosts)",
        "variables.hosts.filter(host, !params.spec.callbackHosts.exists(each,"
        " each.startsWith('*.') ? host.endsWith(each.substring(1)) : host == each))",
    ),
    PolicyRule(
        PolicyReason.TEMPLATE,
        "",
        "not allowed beside callbackHosts or requirePKCE, which cannot hold for the clients of a template",
        _templates,
        "has(params.spec.callbackHosts) || params.spec.requirePKCE",
        "(has(object.spec.clientIDMetadata) && has(params.spec.callbackHosts) ? ['clientIDMetadata'] : [])"
        " + (has(object.spec.dynamicRegistration) ? ['dynamicRegistration'] : [])",
    ),
    PolicyRule(
        PolicyReason.ADDRESS,
        "authenticationAddress",
        "not among the authenticationAddresses",
        _address,
        "has(params.spec.authenticationAddresses)",
        "(has(object.spec.authenticationAddress) ? [object.spec.authenticationAddress] : [])"
        ".filter(each, !(each in params.spec.authenticationAddresses))",
    ),
    PolicyRule(
        PolicyReason.GRANT_MODE,
        "grantModes",
        "not among the grantModes",
        lambda spec, policy: _others(spec.grant_modes, policy.grant_modes),
        "has(params.spec.grantModes)",
        _beyond("grantModes", "grantModes"),
    ),
    PolicyRule(
        PolicyReason.SCOPE,
        "scopes",
        "not among the scopes",
        lambda spec, policy: _others(spec.scopes, policy.scopes),
        "has(params.spec.scopes)",
        _beyond("scopes", "scopes"),
    ),
    PolicyRule(
        PolicyReason.AUDIENCE,
        "audiences",
        "not among the audiences",
        lambda spec, policy: _others(spec.audiences, policy.audiences),
        "has(params.spec.audiences)",
        _beyond("audiences", "audiences"),
    ),
    PolicyRule(
        PolicyReason.ISSUER,
        "clientAuthentication",
        "not among the federatedIssuers",
        lambda spec, policy: _others(_federated(spec), policy.federated_issuers),
        "has(params.spec.federatedIssuers)",
        "(has(object.spec.clientAuthentication) && has(object.spec.clientAuthentication.federated)"
        " ? object.spec.clientAuthentication.federated.map(each, each.issuer) : [])"
        ".filter(each, !(each in params.spec.federatedIssuers))",
    ),
    PolicyRule(
        PolicyReason.LIFETIME,
        "tokenLifetimes",
        "longer than in maxLifetimes",
        _lifetimes,
        "has(params.spec.maxLifetimes)",
        _lifetimes_cel(),
    ),
    PolicyRule(
        PolicyReason.PKCE,
        "pkce",
        "where requirePKCE demands Required",
        _pkce,
        "params.spec.requirePKCE",
        "object.spec.pkce != 'Required' && 'authorization_code' in object.spec.grantModes ? [object.spec.pkce] : []",
    ),
    PolicyRule(
        PolicyReason.CONSENT,
        "consent",
        "where requireConsent demands Prompt",
        _consent,
        "params.spec.requireConsent",
        "object.spec.consent != 'Prompt'"
        " && object.spec.grantModes.exists(mode, mode in ['authorization_code', 'implicit'])"
        " ? [object.spec.consent] : []",
    ),
)
USER_RULES: tuple[PolicyRule[OAuthUserSpec], ...] = (
    PolicyRule(
        PolicyReason.GROUP,
        "groups",
        "not among users.groups",
        lambda spec, policy: _others(spec.groups, policy.users.groups if policy.users is not None else None),
        "has(params.spec.users) && has(params.spec.users.groups)",
        _beyond("users.groups", "groups"),
    ),
)

VALUES_CEL = (
    "!has(self.namespaceSelector.matchExpressions) || !self.namespaceSelector.matchExpressions.exists(each,"
    " (each.operator in ['In', 'NotIn']) != (has(each.values) && each.values.size() > 0))"
)
VALUES_MESSAGE = "list values for the operators In and NotIn, and none for Exists and DoesNotExist"


def read_policy(written: Any) -> tuple[OAuthApplicationPolicySpec | None, tuple[Violation, ...]]:
    """What a manifest's spec says, or all that is wrong with it."""
    try:
        spec = OAuthApplicationPolicySpec.read(written)
        wrong = violations(spec)
    except ValidationError as error:
        wrong = violations_of(error)
    return (None, wrong) if wrong else (spec, ())


def violations(policy: OAuthApplicationPolicySpec) -> tuple[Violation, ...]:
    """Everything that is wrong with a policy by itself."""
    return (*failed_checks(policy), *_values(policy))


def _values(policy: OAuthApplicationPolicySpec) -> Iterator[Violation]:
    for each in policy.namespace_selector.match_expressions:
        if (each.operator in ("In", "NotIn")) != bool(each.values):
            yield Violation("spec.namespaceSelector", VALUES_MESSAGE)
            return
