"""What a client may register (RFC 7591 section 2, OpenID Connect Dynamic Client Registration 1.0 section 2).

Each member is read by a line of the tables below. What is not understood is ignored, and not in the answer; what its
template does not permit is left out, as section 3.2.1 allows, and refused only where nothing would be left.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, cast
from urllib.parse import urlsplit

from ostiary_server.protocol.authorization_checks import RESPONSE_TYPES
from ostiary_server.protocol.client_assertions import PRIVATE_KEY_JWT
from ostiary_server.protocol.client_keys import ALGORITHMS
from ostiary_server.protocol.errors import InvalidClientMetadata, InvalidRedirectURI
from ostiary_server.protocol.key_pair import SIGNING_ALGORITHMS
from ostiary_server.protocol.software_statements import MEMBER
from ostiary_state.applications.addresses import ENDPOINT, PAGE, PRIVATE_USE, REDIRECT_URI
from ostiary_state.applications.application import Application
from ostiary_state.applications.openid_rules import problem_of_keys
from ostiary_state.applications.texts import TEXT
from ostiary_state.kinds.checks import Check

Read = Callable[[str, Any], Any]

METHODS: Final = ("client_secret_basic", "client_secret_post", PRIVATE_KEY_JWT, "none")
MOST_URIS: Final = 32
LONGEST: Final = 2048
_PRIVATE_USE: Final = Check(PRIVATE_USE, "")


def _wrong(member: str, why: str) -> InvalidClientMetadata:
    return InvalidClientMetadata(f"{member}: {why}")


def _failure(uri: object, checks: tuple[Check, ...]) -> str | None:
    if not isinstance(uri, str) or len(uri) > LONGEST:
        return f"write a text of at most {LONGEST} characters"
    return next((check.message for check in checks if not check.passes(uri)), None)


def _uri(checks: tuple[Check, ...]) -> Read:
    def read(member: str, value: Any) -> str:
        if (why := _failure(value, checks)) is not None:
            raise _wrong(member, why)
        return str(value)

    return read


def _uris(checks: tuple[Check, ...]) -> Read:
    def read(member: str, value: Any) -> list[str]:
        if not isinstance(value, list) or len(value) > MOST_URIS:
            raise _wrong(member, f"write a list of at most {MOST_URIS} addresses")
        for uri in value:
            if (why := _failure(uri, checks)) is not None:
                raise InvalidRedirectURI(why) if member == "redirect_uris" else _wrong(member, why)
        return list(dict.fromkeys(value))

    return read


def _request_uris(member: str, value: Any) -> list[str]:
    """A fragment is a hash of the content (section 2), and no part of what a request_uri is compared with."""
    bare = (
        [uri.partition("#")[0] if isinstance(uri, str) else uri for uri in value] if isinstance(value, list) else value
    )
    return cast("list[str]", _uris(ENDPOINT)(member, bare))


def _one_of(choices: tuple[str, ...]) -> Read:
    def read(member: str, value: Any) -> str:
        if value not in choices:
            raise _wrong(member, f"supported are {', '.join(choices)}")
        return str(value)

    return read


def _text(member: str, value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 256 or TEXT.failure(value) is not None:
        raise _wrong(member, "write one line of text of at most 256 characters")
    return value


def _texts(member: str, value: Any) -> list[str]:
    if not isinstance(value, list) or len(value) > MOST_URIS:
        raise _wrong(member, f"write a list of at most {MOST_URIS} texts")
    return [_text(member, each) for each in value]


def _flag(member: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong(member, "write true or false")
    return value


def _seconds(member: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 10**9:
        raise _wrong(member, "write a number of seconds")
    return value


def _keys(member: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(member, "write a JWK Set")
    # A suite's or a library's keys carry what only they need: the public half is what counts.
    if (problem := problem_of_keys(value)) is not None:
        raise _wrong(member, problem)
    return value


MEMBERS: Final[Mapping[str, Read]] = {
    "redirect_uris": _uris(REDIRECT_URI),
    "client_name": _text,
    "client_uri": _uri(PAGE),
    "logo_uri": _uri(PAGE),
    "policy_uri": _uri(PAGE),
    "tos_uri": _uri(PAGE),
    "contacts": _texts,
    "application_type": _one_of(("web", "native")),
    "token_endpoint_auth_method": _one_of(METHODS),
    "token_endpoint_auth_signing_alg": _one_of(ALGORITHMS),
    "id_token_signed_response_alg": _one_of(SIGNING_ALGORITHMS),
    "userinfo_signed_response_alg": _one_of(SIGNING_ALGORITHMS),
    "authorization_signed_response_alg": _one_of(SIGNING_ALGORITHMS),
    "request_object_signing_alg": _one_of(ALGORITHMS),
    "request_uris": _request_uris,
    "subject_type": _one_of(("public", "pairwise")),
    "sector_identifier_uri": _uri(ENDPOINT),
    "jwks": _keys,
    "jwks_uri": _uri(ENDPOINT),
    "default_max_age": _seconds,
    "require_auth_time": _flag,
    "default_acr_values": _texts,
    "initiate_login_uri": _uri(PAGE),
    "post_logout_redirect_uris": _uris(REDIRECT_URI),
    "backchannel_logout_uri": _uri(ENDPOINT),
    "backchannel_logout_session_required": _flag,
    "frontchannel_logout_uri": _uri(ENDPOINT),
    "frontchannel_logout_session_required": _flag,
    "software_id": _text,
    "software_version": _text,
}
DEFAULTS: Final[Mapping[str, Any]] = {
    "application_type": "web",
    "token_endpoint_auth_method": "client_secret_basic",
    "id_token_signed_response_alg": "RS256",
    "subject_type": "public",
}
# Members that would promise what is not done here.
REFUSED: Final = (
    *("id_token_encrypted_response_alg", "userinfo_encrypted_response_alg", "request_object_encryption_alg"),
    *("authorization_encrypted_response_alg", "tls_client_certificate_bound_access_tokens"),
)


def read_metadata(sent: Mapping[str, Any], template: Application) -> dict[str, Any]:
    """What is registered, in the names of the specifications; the sector identifier is still to be verified.

    A software statement has been verified and heeded already. Raises InvalidRedirectURI and InvalidClientMetadata.
    """
    for member in REFUSED:
        if sent.get(member):
            raise _wrong(member, "this is not supported")
    read = dict(DEFAULTS) | {
        member: reader(member, sent[member]) for member, reader in MEMBERS.items() if sent.get(member) is not None
    }
    read |= _grants(sent, template)
    read["scope"] = _scope(sent, template)
    if sent.get(MEMBER) is not None:
        read[MEMBER] = sent[MEMBER]  # section 3.2.1: returned as it came
    for check in CHECKS:
        check(read)
    return read


def _grants(sent: Mapping[str, Any], template: Application) -> dict[str, Any]:
    asked = _texts("grant_types", _sent_or(sent, "grant_types", ["authorization_code"]))
    grants = [grant for grant in dict.fromkeys(asked) if grant in template.grant_modes]
    if not grants:
        raise _wrong("grant_types", f"permitted are {', '.join(sorted(template.grant_modes))}")
    implied = ["code"] if "authorization_code" in grants else []
    wanted = _texts("response_types", _sent_or(sent, "response_types", implied))
    types = [written for each in wanted if (written := _permitted(each, grants)) is not None]
    if wanted and not types:
        raise _wrong("response_types", "none of them goes with the grant_types that are permitted")
    return {"grant_types": grants, "response_types": list(dict.fromkeys(types))}


def _sent_or(sent: Mapping[str, Any], member: str, default: list[str]) -> Any:
    """A member that is null counts as left out (RFC 7592 section 2.2)."""
    value = sent.get(member)
    return default if value is None else value


def _permitted(asked: str, grants: list[str]) -> str | None:
    words = frozenset(asked.split(" "))
    for written in RESPONSE_TYPES:
        if frozenset(written.split(" ")) == words:
            front = words - {"code"}
            fits = ("code" not in words or "authorization_code" in grants) and (not front or "implicit" in grants)
            return written if fits else None
    return None


def _scope(sent: Mapping[str, Any], template: Application) -> str:
    asked = sent.get("scope")
    if asked is None:
        return " ".join(template.scopes)
    words = _text("scope", asked).split(" ")
    return " ".join(scope for scope in template.scopes if scope in words)


def _redirects(read: Mapping[str, Any]) -> None:
    uris = read.get("redirect_uris", [])
    if read["response_types"] and not uris:
        raise InvalidRedirectURI("List at least one of redirect_uris.")
    confidential = read["token_endpoint_auth_method"] != "none"
    for uri in uris:
        if confidential and _PRIVATE_USE.passes(uri):
            raise InvalidRedirectURI("A client with a secret has no redirect URI of a private-use scheme.")
        implicit = read["application_type"] == "web" and "implicit" in read["grant_types"]
        if implicit and (urlsplit(uri).scheme != "https" or _is_this_device(urlsplit(uri).hostname or "")):
            # OpenID Connect Dynamic Client Registration section 2, application_type.
            raise InvalidRedirectURI("A web client of the implicit grant has https redirect URIs only.")


def _is_this_device(host: str) -> bool:
    return host in {"127.0.0.1", "::1"} or f".{host}".endswith(".localhost")


def _one_source_of_keys(read: Mapping[str, Any]) -> None:
    sources = {"jwks", "jwks_uri"} & read.keys()
    if len(sources) > 1:
        raise _wrong("jwks", "send jwks or jwks_uri, not both")
    if sources:
        return
    if read.get("request_uris"):
        raise _wrong("request_uris", "a request object is verified with jwks or jwks_uri, which are missing")
    if read["token_endpoint_auth_method"] == PRIVATE_KEY_JWT:
        raise _wrong("token_endpoint_auth_method", "private_key_jwt needs jwks or jwks_uri")


def _authentication(read: dict[str, Any]) -> None:
    if read["token_endpoint_auth_method"] != PRIVATE_KEY_JWT:
        read.pop("token_endpoint_auth_signing_alg", None)  # OpenID Connect Registration section 2: of JWTs only
    if read["token_endpoint_auth_method"] == "none" and "client_credentials" in read["grant_types"]:
        raise _wrong("grant_types", "client_credentials needs a client with a secret")


def _front_channel_at_home(read: Mapping[str, Any]) -> None:
    address = read.get("frontchannel_logout_uri")
    origins = {urlsplit(uri)[:2] for uri in read.get("redirect_uris", [])}
    if address is not None and urlsplit(address)[:2] not in origins:
        raise _wrong("frontchannel_logout_uri", "use the scheme, host and port of one of the redirect_uris")


def _https_where_it_is_demanded(read: Mapping[str, Any]) -> None:
    for member in ("initiate_login_uri", "sector_identifier_uri", "jwks_uri"):
        if member in read and not read[member].startswith("https://"):
            raise _wrong(member, "use https")


CHECKS: Final = (
    _redirects,
    _one_source_of_keys,
    _authentication,
    _front_channel_at_home,
    _https_where_it_is_demanded,
)
