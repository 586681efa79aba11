"""A client that registered itself, as an OAuthApplication and as it is served: its template, narrowed to its own part.

The metadata of RFC 7591 becomes a spec, with or without an object that holds it. Where there is an object, that is what
counts, except for an update of the client's own that has not reached it yet.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from ostiary_state.applications.application import Application
from ostiary_state.applications.credentials import ClientCredential, first_credentials
from ostiary_state.applications.openid import OpenIDSettings
from ostiary_state.applications.registration import Registration
from ostiary_state.applications.spec import OAuthApplicationSpec
from ostiary_state.kinds.custom_resource import MAX_NAME_LENGTH

# Metadata that a field of the spec has as it is.
FIELDS: Final[Mapping[str, str]] = {
    "client_name": "displayName",
    "logo_uri": "logoURL",
    "client_uri": "homepageURL",
    "policy_uri": "policyURL",
    "tos_uri": "termsURL",
    "contacts": "contacts",
    "redirect_uris": "callbackURLs",
    "post_logout_redirect_uris": "postLogoutRedirectURLs",
    "grant_types": "grantModes",
    "response_types": "responseTypes",
    "token_endpoint_auth_method": "tokenEndpointAuthMethod",
    "token_endpoint_auth_signing_alg": "tokenEndpointAuthSigningAlg",
    "id_token_signed_response_alg": "idTokenSignedResponseAlg",
    "userinfo_signed_response_alg": "userinfoSignedResponseAlg",
    "authorization_signed_response_alg": "authorizationSignedResponseAlg",
    "request_object_signing_alg": "requestObjectSigningAlg",
    "sector_identifier_uri": "sectorIdentifierURL",
    "jwks": "jwks",
    "jwks_uri": "jwksURL",
    "request_uris": "requestURLs",
    "backchannel_logout_uri": "backChannelLogoutURL",
    "frontchannel_logout_uri": "frontChannelLogoutURL",
    "frontchannel_logout_session_required": "frontChannelLogoutSessionRequired",
    "initiate_login_uri": "initiateLoginURL",
}
_SUFFIX: Final = 10  # hexadecimal digits by which the names of a template's clients differ


def object_name_of(template: str, client_id: str) -> str:
    """Name of the OAuthApplication of a client that registered itself by the template of this name."""
    digest = hashlib.sha256(client_id.encode()).hexdigest()[:_SUFFIX]
    return f"{template[: MAX_NAME_LENGTH - _SUFFIX - 1].rstrip('-.')}-{digest}"


def registered_spec(registration: Registration) -> dict[str, Any]:
    """What its OAuthApplication says, in the form of a manifest."""
    metadata = registration.metadata
    said = {field: metadata[member] for member, field in FIELDS.items() if metadata.get(member) not in (None, [])}
    confidential = metadata["token_endpoint_auth_method"] != "none"
    spec = said | {
        "registeredBy": registration.application_id.rpartition("/")[2],
        "clientID": registration.client_id,
        "type": "Confidential" if confidential else "Public",
        "displayName": metadata.get("client_name") or registration.client_id,
        "scopes": metadata["scope"].split(" ") if metadata.get("scope") else [],
        # The specification's default for those that have a secret; the others need PKCE in its place.
        "pkce": "Optional" if confidential else "Required",
        "idTokenClaims": "AsRequested",  # as OpenID Connect Core section 5.4 has it
        "subjectType": str(metadata.get("subject_type", "public")).capitalize(),
    }
    if metadata.get("default_max_age") is not None:
        spec["defaultMaxAge"] = f"{metadata['default_max_age']}s"
    return spec


def registered_application(
    template: Application, registration: Registration, declared: Application | None = None
) -> Application:
    """What the template has withdrawn since the client registered is withdrawn from it, too.

    `declared`: as its OAuthApplication is stored. It has the template's id and incarnation all the same: what it is
    granted hangs on those, so that nothing ends in the moment in which its object comes into being.
    """
    own = declared
    if own is None or registration.pending:
        own = Application.from_spec(
            OAuthApplicationSpec.read(registered_spec(registration)),
            id=template.id,
            incarnation=template.incarnation,
            revision=template.revision,
            client_id=registration.client_id,
            issuer_id=template.issuer_id,
            not_before=0.0,
            credentials=(),
        )
    declared = declared or own
    return replace(
        own,
        id=template.id,
        incarnation=template.incarnation,
        revision=max(template.revision, own.revision),
        issuer_id=template.issuer_id,
        enabled=template.enabled and declared.enabled,
        not_before=max(template.not_before, declared.not_before),
        cors_origins=template.cors_origins,
        grant_modes=template.grant_modes & own.grant_modes,
        scopes=tuple(scope for scope in template.scopes if scope in own.scopes),
        audiences=template.audiences,
        allowed_groups=template.allowed_groups,
        pkce_required=own.pkce_required or declared.pkce_required,
        consent_required=True,
        lifetimes=template.lifetimes,
        opaque_access_tokens=template.opaque_access_tokens,
        signing_algorithm=template.signing_algorithm,
        credentials=_credentials_of(registration),
        openid=_settings(template.openid, own.openid),
    )


def _settings(template: OpenIDSettings, own: OpenIDSettings) -> OpenIDSettings:
    return replace(
        own,
        registration=None,
        registered_by=None,
        metadata_hosts=(),
        claims=template.claims,
        compatibility=template.compatibility,
        optional_scopes=template.optional_scopes,
        scope_descriptions=template.scope_descriptions,
    )


def _credentials_of(registration: Registration) -> tuple[ClientCredential, ...]:
    digest = registration.secret_digest
    return first_credentials(() if digest is None else (digest,), registration.created_at)
