"""Dex: staticClients of its configuration, also where that lies in a Secret or ConfigMap, and its OAuth2Client objects.

    kubectl get oauth2clients.dex.coreos.com -n dex -o yaml

What an object of Dex's may do is said for all of them in the configuration; alone, the defaults of Dex hold.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from ostiary_cli.importing.draft import Draft, GivenSecret
from ostiary_cli.importing.finding import Finding
from ostiary_cli.importing.lifetimes import go_seconds
from ostiary_cli.importing.reading import Fields, parse
from ostiary_cli.importing.sources.secret_objects import value_of

_RESOURCE: Final = "dex.coreos.com/OAuth2Client"
_FILES: Final = ("config.yaml", "config")
_SCOPES: Final = ("openid", "profile", "email", "groups", "offline_access")
_RESPONSE_TYPES: Final = {"code": "authorization_code", "token": "implicit", "id_token": "implicit"}
_HANDLED: Final = frozenset(
    {"id", "idEnv", "secret", "secretEnv", "name", "redirectURIs", "trustedPeers", "public", "logoURL"}
    | {"apiVersion", "kind", "metadata"}
)
_REMARKS: Final = {
    "connectors": ("there are no identity providers behind Ostiary", "declare people as OAuthUser objects"),
    "staticPasswords": ("people are OAuthUser objects, whose passwords are set anew", "declare those who sign in"),
}


def drafts(objects: Iterable[Fields]) -> Iterator[Draft | Finding]:
    """Raises ImportFailed."""
    for each in objects:
        if each.kind == _RESOURCE:
            yield _draft(each, Fields({}, each.file, each.document))
        elif each.kind in ("/Secret", "/ConfigMap"):
            yield from _in_object(each)
        elif each.kind:
            raise each.failed("kind", "expected an OAuth2Client of dex.coreos.com, or what holds Dex's config.yaml")
        else:
            yield from _configuration(each)


def _in_object(each: Fields) -> Iterator[Draft | Finding]:
    if each.kind == "/Secret":
        name, text = value_of(each, _FILES)
    else:
        data = each.part("data")
        name = next((name for name in _FILES if data.has(name)), "")
        text = data.text(name) if name else ""
    if not name:
        raise each.failed("data", "has no config.yaml")
    for configuration in parse(text, each, name):
        yield from _configuration(configuration)


def _configuration(configuration: Fields) -> Iterator[Draft | Finding]:
    if "staticClients" not in configuration.content:
        raise configuration.failed("staticClients", "this field is required: expected Dex's configuration")
    for client in configuration.parts("staticClients"):
        yield _draft(client, configuration)
    for name, (why, instead) in _REMARKS.items():
        if configuration.has(name):
            yield Finding(name, why, instead)
    if configuration.has("issuer"):
        why = "an issuer is an origin without a path here, and its name is in what applications are configured with"
        yield Finding("issuer", why, "set --authentication-address, and give applications the new issuer")


def _draft(client: Fields, configuration: Fields) -> Draft:
    if not client.has("id") and client.has("idEnv"):
        draft = Draft(f"client {client.text('name') or client.at}", None, "client", "")
        draft.refused = Finding("idEnv", "the client id is in an environment variable of Dex", "write it into id")
        return draft
    client_id = client.text("id")
    if not client_id:
        raise client.failed("id", "this field is required")
    metadata = client.part("metadata")
    draft = Draft(f"client {client_id}", metadata.text("namespace") or None, client_id, client_id)
    draft.put("displayName", client.text("name"), "name")
    draft.put("logoURL", client.text("logoURL"), "logoURL")
    draft.put("callbackURLs", client.texts("redirectURIs"), "redirectURIs")
    draft.put("scopes", _SCOPES, "scopes")
    _put_grants(draft, configuration.part("oauth2"))
    _put_lifetimes(draft, configuration.part("expiry"))
    _put_type(draft, client)
    if client.has("trustedPeers"):
        why = f"{', '.join(client.texts('trustedPeers'))} may not ask for tokens that name this client"
        draft.report("trustedPeers", why, "give them audiences, which their access tokens then name")
    draft.report_unknown(name for name in client.content if name not in _HANDLED and client.has(name))
    return draft


def _put_type(draft: Draft, client: Fields) -> None:
    secret = client.text("secret")
    if client.flag("public"):
        draft.put("type", "Public", "public")
        if not client.has("redirectURIs"):
            why = "Dex lets a public client without any return to each port of localhost"
            draft.report("redirectURIs", why, "list http://127.0.0.1/ and the path; its port is free here, too")
        return
    draft.report_either_method("secret", "Dex")
    if client.has("secretEnv"):
        absent = "it is in an environment variable of Dex: write it into secret, or set secret.mode to Require"
        draft.secret = GivenSecret(source="secretEnv", absent=absent)
    else:
        draft.secret = GivenSecret(plain=secret or None, source="secret", absent="there is none")


def _put_grants(draft: Draft, oauth2: Fields) -> None:
    """Dex says for all clients at once what they may do."""
    types = oauth2.texts("responseTypes") or ("code",)
    parts = dict.fromkeys(part for each in types for part in each.split())
    unknown = next((part for part in parts if part not in _RESPONSE_TYPES), None)
    if unknown is not None:
        raise oauth2.failed("responseTypes", "expected code, token and id_token")
    modes = [_RESPONSE_TYPES[part] for part in parts]
    if "authorization_code" in modes:
        modes.append("refresh_token")
    if oauth2.has("passwordConnector"):
        modes.append("password")
    if allowed := oauth2.texts("grantTypes"):
        modes = [mode for mode in modes if mode in allowed]
    draft.put("grantModes", modes, "oauth2.grantTypes")
    draft.put("responseTypes", types, "oauth2.responseTypes")
    draft.put("consent", "Skip" if oauth2.flag("skipApprovalScreen") else None, "oauth2.skipApprovalScreen")
    draft.put("pkce", "Required" if oauth2.part("pkce").flag("enforce") else "Optional", "PKCE")


def _put_lifetimes(draft: Draft, expiry: Fields) -> None:
    """An access token of Dex lives as long as its ID tokens."""
    refresh = expiry.part("refreshTokens")
    for name, fields, source in (
        ("accessToken", expiry, "idTokens"),
        ("idToken", expiry, "idTokens"),
        ("refreshTokenIdle", refresh, "validIfNotUsedFor"),
        ("refreshTokenAbsolute", refresh, "absoluteLifetime"),
    ):
        draft.lifetime(name, _seconds(fields, source), ".".join(filter(None, (fields.at, source))))


def _seconds(fields: Fields, name: str) -> int | None:
    if not fields.has(name):
        return None
    try:
        return go_seconds(fields.text(name))
    except ValueError as error:
        raise fields.failed(name, str(error)) from None
