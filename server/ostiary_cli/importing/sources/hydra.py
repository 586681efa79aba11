"""Ory Hydra itself: what its admin API tells of clients, and rows of its table, which hold a hash of the secret, too.

    hydra list clients --format json
    psql -At -c 'select row_to_json(hydra_client) from hydra_client'

A row has a column for each field of the API, except that lists are JSON in a text, or texts between bars before
Hydra 2, and lifetimes are nanoseconds.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from ostiary_cli.importing.draft import Draft, GivenSecret
from ostiary_cli.importing.finding import Finding
from ostiary_cli.importing.lifetimes import go_seconds
from ostiary_cli.importing.reading import Fields
from ostiary_cli.importing.sources import ory

_TEXTS: Final = {  # field of a manifest: field of the API
    "displayName": "client_name",
    "homepageURL": "client_uri",
    "logoURL": "logo_uri",
    "policyURL": "policy_uri",
    "termsURL": "tos_uri",
    "jwksURL": "jwks_uri",
    "sectorIdentifierURL": "sector_identifier_uri",
    "backChannelLogoutURL": "backchannel_logout_uri",
    "frontChannelLogoutURL": "frontchannel_logout_uri",
}
_LISTS: Final = {
    "grantModes": "grant_types",
    "responseTypes": "response_types",
    "callbackURLs": "redirect_uris",
    "postLogoutRedirectURLs": "post_logout_redirect_uris",
    "corsOrigins": "allowed_cors_origins",
    "contacts": "contacts",
    "requestURLs": "request_uris",
}
_IGNORED: Final = frozenset(  # of no meaning to a client, or the same everywhere
    {"created_at", "updated_at", "pk", "nid", "pk_deprecated", "registration_access_token_signature"}
    | {"registration_client_uri", "registration_access_token", "backchannel_logout_session_required", "public"}
)
_OTHERS: Final = frozenset(
    {"client_id", "id", "client_secret", "client_secret_expires_at", "scope", "audience", "owner", "subject_type"}
    | {"jwks", "token_endpoint_auth_method", "token_endpoint_auth_signing_alg", "request_object_signing_alg"}
    | {"userinfo_signed_response_alg", "frontchannel_logout_session_required", "metadata", "access_token_strategy"}
    | {"skip_consent", "skip_logout_consent", "rotated_secrets"}
)


def drafts(objects: Iterable[Fields]) -> Iterator[Draft | Finding]:
    """Raises ImportFailed."""
    for each in objects:
        clients = each.parts("items") if "items" in each.content else (each,)
        for client in clients:
            yield _draft(client)


def _draft(client: Fields) -> Draft:
    is_row = "client_id" not in client.content
    client_id = client.text("id" if is_row else "client_id")
    if not client_id:
        raise client.failed("client_id", "this field is required: expected a client of Hydra, or a row of hydra_client")
    draft = Draft(f"client {client_id}", None, client.text("client_name") or client_id, client_id)
    _put_secret(draft, client, is_row)
    for name, source in _TEXTS.items():
        draft.put(name, client.text(source), source)
    for name, source in _LISTS.items():
        draft.put(name, _list(client, source), source)
    ory.put_scopes(draft, client.text("scope").split(), "scope")
    ory.note_audiences(draft, _list(client, "audience"), "audience")
    ory.put_type(draft, client.text("token_endpoint_auth_method"), "token_endpoint_auth_method")
    _put_openid(draft, client)
    lifetimes = {name: name for name in client.content if name.endswith("_lifespan") and client.has(name)}
    ory.put_lifetimes(draft, {name: seconds for name in lifetimes if (seconds := _seconds(client, name)) > 0})
    _report(draft, client, lifetimes.keys())
    return draft


def _put_secret(draft: Draft, client: Fields, is_row: bool) -> None:
    text = client.text("client_secret")
    draft.secret = GivenSecret(
        source="client_secret", absent="Hydra tells no secret; rows of its table hold a hash, which could be kept"
    )
    if text and (is_row or text.startswith("$")):
        draft.secret = replace(draft.secret, hashed=text)
    elif text:
        draft.secret = replace(draft.secret, plain=text)


def _put_openid(draft: Draft, client: Fields) -> None:
    draft.put("consent", "Skip" if client.flag("skip_consent") else None, "skip_consent")
    draft.put("accessTokenFormat", "Opaque" if client.text("access_token_strategy") == "opaque" else None, "")
    session = client.flag("frontchannel_logout_session_required") or None
    draft.put("frontChannelLogoutSessionRequired", session, "frontchannel_logout_session_required")
    jwks = _json(client, "jwks")
    draft.put("jwks", jwks if isinstance(jwks, dict) and jwks.get("keys") else None, "jwks")
    if client.text("subject_type") == "pairwise":
        draft.put("subjectType", "Pairwise", "subject_type")
        draft.report("subject_type", "pairwise subjects are computed anew", "expect users to be new to the application")
    if client.text("token_endpoint_auth_method") == "private_key_jwt":
        algorithm = client.text("token_endpoint_auth_signing_alg")
        draft.put("tokenEndpointAuthSigningAlg", algorithm, "token_endpoint_auth_signing_alg")
    draft.put("requestObjectSigningAlg", client.text("request_object_signing_alg"), "request_object_signing_alg")
    algorithm = client.text("userinfo_signed_response_alg")
    draft.put("userinfoSignedResponseAlg", algorithm if algorithm != "none" else "", "userinfo_signed_response_alg")


def _report(draft: Draft, client: Fields, lifetimes: Iterable[str]) -> None:
    if client.has("owner"):
        draft.report("owner", "an application has no owner beside its namespace", "write it into contacts or a label")
    if _json(client, "metadata"):
        instead = "write it into annotations, or into claims if a consent page put it into tokens"
        draft.report("metadata", "an application has no data of its own", instead)
    if client.number("client_secret_expires_at"):
        draft.report("client_secret_expires_at", "a secret has no end of its own here", "replace it at that time")
    if _list(client, "rotated_secrets"):
        draft.report("rotated_secrets", "one secret of a client moves", "see that no one uses the former ones")
    if client.flag("skip_logout_consent"):
        draft.report("skip_logout_consent", "signing out asks by the rules of the specification", "nothing")
    handled = {*_IGNORED, *_OTHERS, *_TEXTS.values(), *_LISTS.values(), *lifetimes}
    draft.report_unknown(name for name in client.content if name not in handled and client.has(name))


def _list(client: Fields, name: str) -> tuple[str, ...]:
    """As the API, Hydra 2 or Hydra 1 write it."""
    value = client.content.get(name)
    if not isinstance(value, str):
        return client.texts(name)
    if not value.startswith("["):
        return tuple(filter(None, value.split("|")))
    return Fields({name: _json(client, name)}, client.file, client.document, client.at).texts(name)


def _json(client: Fields, name: str) -> Any:
    value = client.content.get(name)
    if not isinstance(value, str) or not value:
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise client.failed(name, "expected JSON") from None


def _seconds(client: Fields, name: str) -> int:
    value = client.content[name]
    if isinstance(value, int) and not isinstance(value, bool):
        return value // 1_000_000_000
    try:
        return go_seconds(client.text(name))
    except ValueError as error:
        raise client.failed(name, str(error)) from None
