"""A client as Keycloak represents it, and what becomes of each of its fields."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from ostiary_cli.importing.draft import Draft, GivenSecret
from ostiary_cli.importing.finding import Finding
from ostiary_cli.importing.reading import Fields
from ostiary_cli.importing.sources import keycloak_attributes, keycloak_mappers

_OWN: Final = frozenset(
    {"account", "account-console", "admin-cli", "broker", "realm-management", "security-admin-console"}
)
_MASKED: Final = "**********"
_BUILT_IN: Final = frozenset(  # client scopes that each realm has and that no application asks for
    {"acr", "basic", "microprofile-jwt", "organization", "role_list", "roles", "saml_organization", "service_account"}
    | {"web-origins"}
)
_AUTHENTICATORS: Final = {
    "client-jwt": "private_key_jwt",
}
_FLOWS: Final = {
    "standardFlowEnabled": ("authorization_code", "refresh_token"),
    "implicitFlowEnabled": ("implicit",),
    "directAccessGrantsEnabled": ("password", "refresh_token"),
    "serviceAccountsEnabled": ("client_credentials",),
}
_HANDLED: Final = frozenset(
    {"id", "clientId", "name", "description", "rootUrl", "adminUrl", "baseUrl", "enabled", "secret", "redirectUris"}
    | {"webOrigins", "bearerOnly", "consentRequired", "publicClient", "frontchannelLogout", "protocol", "attributes"}
    | {"protocolMappers", "defaultClientScopes", "optionalClientScopes", "clientAuthenticatorType", *_FLOWS}
    # what concerns Keycloak alone, and who may administer the client there
    | {"surrogateAuthRequired", "alwaysDisplayInConsole", "notBefore", "fullScopeAllowed", "access", "origin"}
    | {"nodeReRegistrationTimeout", "registeredNodes", "defaultRoles", "clientTemplate", "registrationAccessToken"}
)
_ELSEWHERE: Final = {
    "authenticationFlowBindingOverrides": ("there is one way to sign in: by password", "nothing"),
    "authorizationServicesEnabled": (
        "resources and policies of Keycloak are not served",
        "decide in the resource server",
    ),
    "authorizationSettings": ("resources and policies of Keycloak are not served", "decide in the resource server"),
    "clientRoles": ("there are no roles of a client", "give people groups, or a claim of their own such as roles"),
    "realmRoles": ("there are no roles of a realm", "give people groups, or a claim of their own such as roles"),
}


def draft(client: Fields, scopes: Mapping[str, Fields]) -> Draft | Finding:
    """`scopes`: the client scopes of its realm. A Finding for what is no client of OAuth. Raises ImportFailed."""
    client_id = client.text("clientId")
    if not client_id:
        raise client.failed("clientId", "this field is required")
    title = f"client {client_id}"
    if client.text("protocol") not in ("", "openid-connect"):
        return Finding(title, f"its protocol is {client.text('protocol')}", "move it to OpenID Connect first")
    if client.flag("bearerOnly"):
        return Finding(title, "it only checks tokens", "give it the issuer; it needs no client unless it introspects")
    made = Draft(title, None, client_id, client_id)
    _put_texts(made, client)
    _put_type(made, client)
    _put_addresses(made, client)
    _put_scopes(made, client, scopes)
    keycloak_attributes.put(made, client.part("attributes"), frontchannel=client.flag("frontchannelLogout"))
    mappers = [*client.parts("protocolMappers")]
    for name in client.texts("defaultClientScopes"):
        mappers += scopes[name].parts("protocolMappers") if name in scopes and _is_own_scope(name) else ()
    keycloak_mappers.put(made, mappers)
    for name, (why, instead) in _ELSEWHERE.items():
        if client.has(name) and client.content[name] is not False:
            made.report(name, why, instead)
    unknown = (name for name in client.content if name not in {*_HANDLED, *_ELSEWHERE} and client.has(name))
    made.report_unknown(name for name in unknown if client.content[name] is not False)
    return made


def is_its_own(client: Fields) -> bool:
    """Whether Keycloak makes it for itself in each realm."""
    client_id = client.text("clientId")
    return client_id in _OWN or client_id.endswith("-realm")


def _put_texts(made: Draft, client: Fields) -> None:
    name = client.text("name")
    if not name.startswith("${"):  # a key of Keycloak's translations
        made.put("displayName", name, "name")
    made.put("description", client.text("description"), "description")
    made.put("homepageURL", _absolute(client, client.text("baseUrl")), "baseUrl")
    made.put("enabled", None if client.flag("enabled", default=True) else False, "enabled")
    made.put("consent", None if client.flag("consentRequired") else "Skip", "consentRequired")


def _put_type(made: Draft, client: Fields) -> None:
    modes = [mode for flow, modes in _FLOWS.items() if _is_on(client, flow) for mode in modes]
    made.put("grantModes", list(dict.fromkeys(modes)), "flows")
    made.put("pkce", "Optional", "pkce.code.challenge.method")
    if client.flag("publicClient"):
        made.put("type", "Public", "publicClient")
        return
    if "password" in modes:
        why = "password is kept, and Keycloak turns this flow on by itself"
        made.report("directAccessGrantsEnabled", why, "remove password from grantModes unless it is in use")
    authenticator = client.text("clientAuthenticatorType")
    if authenticator in _AUTHENTICATORS:
        made.put("tokenEndpointAuthMethod", _AUTHENTICATORS[authenticator], "clientAuthenticatorType")
    elif authenticator not in ("", "client-secret"):
        made.report(f"clientAuthenticatorType: {authenticator}", "it is not served", "a client secret is used instead")
    elif client.flag("standardFlowEnabled", default=True) or client.flag("serviceAccountsEnabled"):
        made.report_either_method("clientAuthenticatorType", "Keycloak")
    secret = client.text("secret")
    if secret == _MASKED:
        made.secret = GivenSecret(source="secret", absent="the export masks it: export with kc.sh, which does not")
    elif secret.startswith(("${", "$(")):
        made.secret = GivenSecret(source="secret", absent="the export has a placeholder for it: fill that in first")
    else:
        made.secret = GivenSecret(plain=secret or None, source="secret", absent="the export does not have it")


def _put_addresses(made: Draft, client: Fields) -> None:
    redirects = tuple(_absolute(client, uri) for uri in client.texts("redirectUris"))
    made.put("callbackURLs", redirects, "redirectUris")
    origins = list[str]()
    for origin in client.texts("webOrigins"):
        if origin == "+":
            origins += (found for uri in redirects if "*" not in (found := _origin(uri)) and found)
        elif origin == "*":
            made.report("webOrigins: *", "no script of just any origin may call", "list the origins in corsOrigins")
        else:
            origins.append(origin.rstrip("/"))
    made.put("corsOrigins", list(dict.fromkeys(origins)), "webOrigins")


def _put_scopes(made: Draft, client: Fields, scopes: Mapping[str, Fields]) -> None:
    given = (*client.texts("defaultClientScopes"), *client.texts("optionalClientScopes"))
    if not given:
        return  # as in realms before client scopes: the default of a manifest
    made.put("scopes", ["openid", *(name for name in given if _is_own_scope(name))], "client scopes")
    for name in client.texts("defaultClientScopes"):
        if name in scopes and _is_own_scope(name) and name not in ("profile", "email", "phone", "address"):
            why = "Keycloak grants it without being asked"
            made.report(f"defaultClientScopes: {name}", why, "have the application ask for it where it needs it")


def _is_own_scope(name: str) -> bool:
    return name not in _BUILT_IN


def _is_on(client: Fields, flow: str) -> bool:
    return client.flag(flow, default=flow == "standardFlowEnabled")


def _absolute(client: Fields, address: str) -> str:
    """Keycloak puts the root before what begins with a slash."""
    return client.text("rootUrl").rstrip("/") + address if address.startswith("/") else address


def _origin(uri: str) -> str:
    try:
        address = urlsplit(uri)
    except ValueError:
        return ""
    return f"{address.scheme}://{address.netloc}" if address.scheme in ("http", "https") else ""
