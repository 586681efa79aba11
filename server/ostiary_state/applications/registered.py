"""A registered client as an application: its template, narrowed to what it asked for."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from ostiary_state.applications.application import Application
from ostiary_state.applications.openid import LogoutAddresses, OpenIDSettings
from ostiary_state.runtime.registration import Registration


def registered_application(template: Application, registration: Registration) -> Application:
    """What the manifest has withdrawn since the client registered is withdrawn from it, too."""
    metadata = registration.metadata
    scopes = metadata["scope"].split(" ") if metadata.get("scope") else ()
    confidential = registration.secret_digest is not None
    return replace(
        template,
        client_id=registration.client_id,
        display_name=metadata.get("client_name") or registration.client_id,
        logo_url=metadata.get("logo_uri"),
        homepage_url=metadata.get("client_uri"),
        policy_url=metadata.get("policy_uri"),
        terms_url=metadata.get("tos_uri"),
        confidential=confidential,
        callback_urls=tuple(metadata.get("redirect_uris", ())),
        post_logout_redirect_urls=tuple(metadata.get("post_logout_redirect_uris", ())),
        grant_modes=template.grant_modes & frozenset(metadata["grant_types"]),
        listed_response_types=frozenset(frozenset(written.split(" ")) for written in metadata["response_types"]),
        scopes=tuple(scope for scope in template.scopes if scope in scopes),
        # The specification's default for those that have a secret; the others need PKCE in its place.
        pkce_required=not confidential,
        consent_required=True,
        id_token_algorithm=metadata["id_token_signed_response_alg"],
        token_endpoint_auth_method=metadata["token_endpoint_auth_method"],
        secret_digests=(registration.secret_digest,) if registration.secret_digest is not None else (),
        openid=_settings(template.openid, metadata),
    )


def _settings(template: OpenIDSettings, metadata: Mapping[str, Any]) -> OpenIDSettings:
    jwks = metadata.get("jwks")
    return replace(
        template,
        registration=None,
        sector=metadata.get("sector"),
        id_token_claims_always=False,  # as OpenID Connect Core section 5.4 has it
        userinfo_algorithm=metadata.get("userinfo_signed_response_alg"),
        authorization_algorithm=metadata.get("authorization_signed_response_alg", "RS256"),
        default_max_age=metadata.get("default_max_age"),
        jwks=orjson.dumps(jwks) if jwks is not None else None,
        jwks_url=metadata.get("jwks_uri"),
        request_object_algorithm=metadata.get("request_object_signing_alg"),
        request_urls=tuple(metadata.get("request_uris", ())),
        logout=LogoutAddresses(
            metadata.get("backchannel_logout_uri"),
            metadata.get("frontchannel_logout_uri"),
            metadata.get("frontchannel_logout_session_required", False),
        ),
        initiate_login_url=metadata.get("initiate_login_uri"),
    )
