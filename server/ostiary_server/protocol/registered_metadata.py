"""Between the metadata of RFC 7591 and the OAuthApplication that comes of it."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson
from pydantic import ValidationError

from ostiary_server.protocol.authorization_checks import RESPONSE_TYPES
from ostiary_server.protocol.errors import InvalidClientMetadata
from ostiary_state.applications.application import Application
from ostiary_state.applications.registered import FIELDS, object_name_of, registered_spec
from ostiary_state.applications.registration import Registration
from ostiary_state.applications.rules import violations
from ostiary_state.applications.spec import OAuthApplicationSpec
from ostiary_state.kinds.violation import violations_of

_MEMBERS: Final = {field: member for member, field in FIELDS.items()} | {"defaultMaxAge": "default_max_age"}
_ALWAYS: Final = frozenset({"grant_types", "response_types", "scope"})  # told also where they are empty


def refuse_unfit(registration: Registration) -> None:
    """Raise InvalidClientMetadata where no OAuthApplication could hold it: those have rules and limits of their own."""
    namespace, _, template = registration.application_id.rpartition("/")
    try:
        spec = OAuthApplicationSpec.read(registered_spec(registration))
    except ValidationError as error:
        wrong = violations_of(error)
    else:
        wrong = violations(
            spec,
            namespace=namespace,
            name=object_name_of(template, registration.client_id),
            verified_sector=registration.metadata.get("sector_identifier_uri"),
        )
    for violation in wrong:
        field, _, rest = violation.field.removeprefix("spec.").partition("[")
        member = _MEMBERS.get(field, field)
        raise InvalidClientMetadata(f"{member}{'[' if rest else ''}{rest}: {violation.message}")


def metadata_of(application: Application, registration: Registration) -> Mapping[str, Any]:
    """What is served of a registered client, in the names of RFC 7591: its object may say otherwise than it did."""
    registered = registration.metadata
    openid = application.openid
    told: dict[str, Any] = {
        "client_name": application.display_name,
        "logo_uri": application.logo_url,
        "client_uri": application.homepage_url,
        "policy_uri": application.policy_url,
        "tos_uri": application.terms_url,
        "redirect_uris": list(application.callback_urls),
        "post_logout_redirect_uris": list(application.post_logout_redirect_urls),
        "grant_types": _in_order(application.grant_modes, registered["grant_types"]),
        "response_types": [each for each in RESPONSE_TYPES if frozenset(each.split(" ")) in application.response_types],
        "scope": " ".join(application.scopes),
        "token_endpoint_auth_method": application.token_endpoint_auth_method,
        "token_endpoint_auth_signing_alg": openid.assertion_algorithm,
        "id_token_signed_response_alg": application.id_token_algorithm,
        "userinfo_signed_response_alg": openid.userinfo_algorithm,
        "authorization_signed_response_alg": openid.authorization_algorithm,
        "request_object_signing_alg": openid.request_object_algorithm,
        "default_max_age": openid.default_max_age,
        "jwks": None if openid.jwks is None else orjson.loads(openid.jwks),
        "jwks_uri": openid.jwks_url,
        "request_uris": list(openid.request_urls),
        "backchannel_logout_uri": openid.logout.back_channel,
        "frontchannel_logout_uri": openid.logout.front_channel,
        "frontchannel_logout_session_required": openid.logout.front_channel_session,
        "initiate_login_uri": openid.initiate_login_url,
    }
    implied = {
        "client_name": registration.client_id,
        "authorization_signed_response_alg": "RS256",
        "frontchannel_logout_session_required": False,
    }
    for member, value in list(told.items()):
        absent = value in (None, []) or value == implied.get(member)
        if value is None or (absent and member not in registered and member not in _ALWAYS):
            del told[member]
    return {member: value for member, value in registered.items() if member not in told and member in _KEPT} | told


# Members that no field of an application holds: they are told as they were registered.
_KEPT: Final = frozenset(
    {
        *("application_type", "contacts", "subject_type", "sector_identifier_uri", "require_auth_time"),
        *("default_acr_values", "backchannel_logout_session_required", "software_id", "software_version"),
        "software_statement",
    }
)


def _in_order(values: Iterable[str], known: list[str]) -> list[str]:
    """Those that were registered in that order, then what was added."""
    present = set(values)
    return [each for each in known if each in present] + sorted(present - set(known))
