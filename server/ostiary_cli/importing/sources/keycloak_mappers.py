"""Protocol mappers of Keycloak: those of claims become `claims`, those of audiences become `audiences`."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ostiary_cli.importing.draft import Draft
from ostiary_cli.importing.reading import Fields

_PROPERTIES: Final = {  # a property of Keycloak's users: the claim of ours
    "username": "preferred_username",
    "email": "email",
    "emailVerified": "email_verified",
    "firstName": "given_name",
    "lastName": "family_name",
}
_USER: Final = ("oidc-usermodel-property-mapper", "oidc-usermodel-attribute-mapper")
_SAID_ANYWAY: Final = frozenset(  # by the scopes of OpenID Connect, or of no use outside Keycloak
    {
        "oidc-full-name-mapper",
        "oidc-address-mapper",
        "oidc-allowed-origins-mapper",
        "oidc-acr-mapper",
        "oidc-amr-mapper",
    }
    | {"oidc-sub-mapper", "oidc-nonce-backwards-compatible-mapper", "oidc-client-id-mapper"}
)
_SESSION_NOTES: Final = frozenset({"clientId", "client_id", "clientHost", "clientAddress", "AUTH_TIME"})
_STANDARD: Final = frozenset(  # OpenID Connect Core section 5.1: an OAuthUser has fields for them, which scopes open
    {"middle_name", "nickname", "profile", "picture", "website", "gender", "birthdate", "zoneinfo", "locale"}
    | {"updated_at", "phone_number", "phone_number_verified"}
)
_OTHERS: Final = ("oidc-group-membership-mapper", "oidc-hardcoded-claim-mapper")
_ROLES: Final = ("oidc-usermodel-realm-role-mapper", "oidc-usermodel-client-role-mapper")


def put(made: Draft, mappers: Iterable[Fields]) -> None:
    """Raises ImportFailed."""
    claims, audiences, in_access = dict[str, dict[str, Any]](), list[str](), list[str]()
    for mapper in mappers:
        config, kind = mapper.part("config"), mapper.text("protocolMapper")
        where = f"protocolMappers: {mapper.text('name') or kind}"
        if kind == "oidc-audience-mapper":
            audience = config.text("included.custom.audience") or config.text("included.client.audience")
            audiences += [audience] if audience else []
            continue
        claim = _claim(made, where, kind, config)
        if claim is None or claim["name"] in claims:
            continue
        claims[claim["name"]] = claim
        if config.flag("access.token.claim"):
            in_access.append(claim["name"])
    made.put("claims", list(claims.values()), "protocolMappers")
    made.put("audiences", list(dict.fromkeys(audiences)), "protocolMappers: audience")
    if in_access:
        why = f"access tokens do not say {', '.join(in_access)}: another resource server must not be told"
        instead = "add AccessToken to tokens of these claims, where all audiences begin with the namespace and a dot"
        made.report("protocolMappers: access.token.claim", why, instead)


def _claim(made: Draft, where: str, kind: str, config: Fields) -> dict[str, Any] | None:
    """An item of `claims`; None: it is said anyway, or reported."""
    name = config.text("claim.name")
    if kind in _USER and name in _STANDARD and config.text("user.attribute") not in _PROPERTIES:
        return None
    if kind in (*_USER, *_ROLES, *_OTHERS) and (not name or "." in name.replace("\\.", "")):
        made.report(where, "a claim within another is not served", "have the application read a claim of one name")
        return None
    source = _source(made, where, kind, config)
    if source is None or name == source.get("from"):
        return None
    in_id_token = config.flag("id.token.claim")
    in_userinfo = config.flag("userinfo.token.claim", default=True) or not in_id_token
    tokens = [token for token, wanted in (("IDToken", in_id_token), ("UserInfo", in_userinfo)) if wanted]
    return {"name": name.replace("\\.", "."), **source, "tokens": tokens}


def _source(made: Draft, where: str, kind: str, config: Fields) -> Mapping[str, Any] | None:
    if kind in _USER:
        attribute = config.text("user.attribute")
        if attribute in _PROPERTIES:
            return {"from": _PROPERTIES[attribute]}
        made.report(
            where, f"it takes the user's attribute {attribute}", f"write {attribute} into claims of each OAuthUser"
        )
        return {"from": attribute}
    if kind == "oidc-group-membership-mapper":
        if config.flag("full.path", default=True):
            made.report(
                where, "groups have no path here, and Keycloak says /parent/child", "name groups as they are to be"
            )
        _with_groups(made, where)
        return {"from": "groups"}
    if kind in _ROLES:
        made.report(where, "there are no roles", "write them into claims of each OAuthUser, or use groups")
        return {"from": "roles"}
    if kind == "oidc-hardcoded-claim-mapper":
        if config.text("jsonType.label") in ("", "String") and config.has("claim.value"):
            return {"value": config.text("claim.value")}
        made.report(where, "a constant claim is a text here", "have the application take a text")
    elif kind == "oidc-usersessionmodel-note-mapper" and config.text("user.session.note") in _SESSION_NOTES:
        pass
    elif kind not in _SAID_ANYWAY:
        made.report(where, f"{kind} has no equivalent", "write what it says into claims of each OAuthUser")
    return None


def _with_groups(made: Draft, where: str) -> None:
    """The scope without which groups are not told."""
    scopes = made.spec.setdefault("scopes", ["openid", "profile", "email"])
    if "groups" not in scopes:
        made.spec["scopes"] = [*scopes, "groups"]
        made.report(where, "groups are told only where the scope groups was granted", "have the application ask for it")
