"""What `spec.clientAuthentication` goes together with: as CEL and as Python, and what takes a parser of keys."""

from collections.abc import Iterator

from ostiary_state.applications.openid_rules import problem_of_keys
from ostiary_state.applications.rule import Rule
from ostiary_state.applications.spec import OAuthApplicationSpec
from ostiary_state.applications.workload_spec import FederatedIdentitySpec
from ostiary_state.kinds.violation import Violation

_ABSENT = "!has(self.clientAuthentication)"
_LISTED = "has(self.clientAuthentication.federated) && self.clientAuthentication.federated.size() > 0"

WORKLOAD_RULES = (
    Rule(
        "clientAuthentication",
        "remove clientAuthentication, or set type to Confidential: a Public application does not authenticate",
        f"self.type != 'Public' || {_ABSENT}",
        lambda spec: spec.type != "Public" or spec.client_authentication is None,
    ),
    Rule(
        "clientAuthentication",
        "give it serviceAccountRef or federated: it could not authenticate",
        f"{_ABSENT} || has(self.clientAuthentication.serviceAccountRef) || ({_LISTED})",
        lambda spec: (
            spec.client_authentication is None
            or spec.client_authentication.service_account_ref is not None
            or bool(spec.client_authentication.federated)
        ),
    ),
    Rule(
        "tokenEndpointAuthMethod",
        "remove tokenEndpointAuthMethod or clientAuthentication: an application authenticates in one way",
        f"{_ABSENT} || self.type == 'Public' || !has(self.tokenEndpointAuthMethod)"
        " || self.tokenEndpointAuthMethod == 'none'",
        # where one of the rules about the type or about none speaks, this one is silent
        lambda spec: (
            spec.client_authentication is None
            or spec.type == "Public"
            or spec.token_endpoint_auth_method in (None, "none")
        ),
    ),
    Rule(
        "clientAuthentication",
        "remove clientAuthentication, or dynamicRegistration, whose token is the secret of this object",
        f"{_ABSENT} || !has(self.dynamicRegistration)",
        lambda spec: spec.client_authentication is None or spec.dynamic_registration is None,
    ),
    Rule(
        "clientAuthentication",
        "remove it: a client that registered itself authenticates as it registered",
        f"{_ABSENT} || !has(self.registeredBy)",
        lambda spec: spec.client_authentication is None or spec.registered_by is None,
    ),
    Rule(
        "clientAuthentication",
        "give each of federated at most one of jwks and jwksURL: the keys come from one place",
        f"{_ABSENT} || !has(self.clientAuthentication.federated)"
        " || !self.clientAuthentication.federated.exists(each, has(each.jwks) && has(each.jwksURL))",
        lambda spec: all(each.jwks is None or each.jwks_url is None for each in _federated(spec)),
    ),
)


def workload_problems(spec: OAuthApplicationSpec) -> Iterator[Violation]:
    """Keys that nobody could verify a token with."""
    for index, each in enumerate(_federated(spec)):
        if each.jwks is not None and (problem := problem_of_keys(each.jwks)) is not None:
            yield Violation(f"spec.clientAuthentication.federated[{index}].jwks", problem)


def _federated(spec: OAuthApplicationSpec) -> tuple[FederatedIdentitySpec, ...]:
    return spec.client_authentication.federated if spec.client_authentication is not None else ()
