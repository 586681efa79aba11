"""Metadata of an issuer (RFC 8414, OpenID Connect Discovery 1.0): what its applications may use, taken together."""

from collections.abc import Iterable, Mapping, Sequence, Set
from hashlib import sha256
from typing import Any, Final

import orjson

from ostiary_server.protocol.authentication_context import SUPPORTED
from ostiary_server.protocol.authorization_checks import RESPONSE_TYPES
from ostiary_server.protocol.claims import STANDARD_CLAIMS
from ostiary_server.protocol.client_assertions import PRIVATE_KEY_JWT
from ostiary_server.protocol.client_authentication import ALL_METHODS, AUTHENTICATED
from ostiary_server.protocol.client_keys import ALGORITHMS
from ostiary_server.protocol.key_pair import SIGNING_ALGORITHMS
from ostiary_server.protocol.ports import Directory
from ostiary_server.protocol.registration import REGISTER_PATH
from ostiary_state.applications.application import Application
from ostiary_state.runtime.issuer import Issuer

ENDPOINTS: Final = {
    "authorization_endpoint": "/authorize",
    "token_endpoint": "/token",
    "userinfo_endpoint": "/userinfo",
    "introspection_endpoint": "/introspect",
    "revocation_endpoint": "/revoke",
    "jwks_uri": "/jwks",
    "end_session_endpoint": "/end-session",
    "check_session_iframe": "/check-session",
}
MOST_DOCUMENTS: Final = 1000  # issuers remembered at once, some 2 KiB each
CLAIMS: Final = (
    *("sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "c_hash", "sid"),
    *STANDARD_CLAIMS,
)
RESPONSE_MODES: Final = ("query", "fragment", "form_post", "jwt", "query.jwt", "fragment.jwt", "form_post.jwt")


class Discovery:
    """The encoded document of each issuer, made once for each set of applications."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._documents: dict[str, tuple[Sequence[Application], bytes, str]] = {}

    def document(self, issuer: Issuer) -> tuple[bytes, str]:
        """The JSON document and its entity tag; the same one at both well-known paths."""
        applications = self._directory.applications_of(issuer.id)  # the same object until something changes
        cached = self._documents.get(issuer.id)
        if cached is not None and cached[0] is applications:
            return cached[1], cached[2]
        document = orjson.dumps(metadata(issuer, applications))
        tag = f'"{sha256(document).hexdigest()[:32]}"'
        if len(self._documents) >= MOST_DOCUMENTS:
            self._documents.clear()
        self._documents[issuer.id] = (applications, document, tag)
        return document, tag


def metadata(issuer: Issuer, applications: Iterable[Application]) -> Mapping[str, Any]:
    """The union over the enabled applications.

    RS256 is always listed, since OpenID Connect Discovery section 3 asks for it; never HS*, `none` or
    client_secret_jwt. No list is empty (section 4.2): what is required although nobody uses it yet says `code`.
    """
    served = [application for application in applications if application.enabled]
    modes = frozenset().union(*(application.grant_modes for application in served))
    scopes = frozenset().union(*(application.scopes for application in served))
    methods = {application.token_endpoint_auth_method for application in served} or {"client_secret_basic"}
    registers = any(application.openid.registration is not None for application in served)
    if registers:
        methods |= {*ALL_METHODS}
    return {
        "issuer": issuer.origin,
        **{name: issuer.origin + path for name, path in ENDPOINTS.items()},
        **({"registration_endpoint": issuer.origin + REGISTER_PATH} if registers else {}),
        **({"scopes_supported": sorted(scopes)} if scopes else {}),
        "response_types_supported": _response_types(served, registers=registers),
        "response_modes_supported": list(RESPONSE_MODES),
        "grant_types_supported": sorted(modes) or ["authorization_code"],
        "acr_values_supported": list(SUPPORTED),
        "subject_types_supported": ["public", "pairwise"] if registers else _subject_types(served),
        "id_token_signing_alg_values_supported": list(SIGNING_ALGORITHMS),
        "userinfo_signing_alg_values_supported": list(SIGNING_ALGORITHMS),
        "authorization_signing_alg_values_supported": list(SIGNING_ALGORITHMS),
        **_authentication(methods),
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "display_values_supported": ["page"],
        "ui_locales_supported": ["en"],
        "claims_supported": _claims(served),
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": True,
        **_request_objects(served, registers=registers),
        "client_id_metadata_document_supported": any(application.openid.metadata_hosts for application in served),
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
    }


def _authentication(methods: Set[str]) -> dict[str, list[str]]:
    """RFC 8414 section 2: where JWTs are among the methods, the algorithms are, too."""
    accepted = {
        "token": sorted(methods),
        "revocation": sorted(methods),
        "introspection": [each for each in AUTHENTICATED if each in methods or each != PRIVATE_KEY_JWT],
    }
    listed = {f"{name}_endpoint_auth_methods_supported": each for name, each in accepted.items()}
    if PRIVATE_KEY_JWT in methods:
        listed |= {f"{name}_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS) for name in accepted}
    return listed


def _response_types(served: Sequence[Application], *, registers: bool) -> list[str]:
    """In the order of the specifications, each as it is written there; hybrid ones also where a client that registers
    itself could have them."""
    types = frozenset().union(*(application.response_types for application in served))
    if registers and {"code", "token"} <= {word for words in types for word in words}:
        return list(RESPONSE_TYPES)
    return [written for written in RESPONSE_TYPES if frozenset(written.split(" ")) in types] or ["code"]


def _subject_types(served: Sequence[Application]) -> list[str]:
    pairwise = any(application.openid.sector is not None for application in served)
    return ["public", "pairwise"] if pairwise else ["public"]


def _claims(served: Sequence[Application]) -> list[str]:
    mapped = {claim.name for application in served for claim in application.openid.claims}
    return [*CLAIMS, *sorted(mapped.difference(CLAIMS))]


def _request_objects(served: Sequence[Application], *, registers: bool) -> dict[str, Any]:
    """OpenID Connect Discovery section 3; what no application uses, and none could register for, is not offered."""
    used = [application.openid for application in served if application.openid.uses_request_objects]
    if not used and not registers:
        return {"request_parameter_supported": False, "request_uri_parameter_supported": False}
    return {
        "request_parameter_supported": True,
        "request_uri_parameter_supported": registers or any(settings.request_urls for settings in used),
        "require_request_uri_registration": True,
        "request_object_signing_alg_values_supported": list(ALGORITHMS),
    }
