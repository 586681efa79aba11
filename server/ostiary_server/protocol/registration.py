"""Dynamic client registration and its management (RFC 7591, RFC 7592, OpenID Connect Registration 1.0)."""

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from ostiary_server.protocol.client_assertions import PRIVATE_KEY_JWT
from ostiary_server.protocol.client_authentication import matching
from ostiary_server.protocol.errors import InvalidClientMetadata, InvalidToken, MissingToken, TemporarilyUnavailable
from ostiary_server.protocol.ports import Directory, FetchFailed, Outbound, Registrations
from ostiary_server.protocol.registered_metadata import metadata_of, refuse_unfit
from ostiary_server.protocol.registration_metadata import read_metadata
from ostiary_server.protocol.requests import ProtocolRequest
from ostiary_server.protocol.software_statements import MEMBER, SoftwareStatements
from ostiary_server.protocol.tokens import digest_of, random_id, random_token
from ostiary_state.applications.application import Application
from ostiary_state.applications.openid_rules import PREFIX
from ostiary_state.applications.registration import Registration

REGISTER_PATH: Final = "/register"
_BEARER: Final = re.compile(r"bearer +([A-Za-z0-9\-._~+/]+=*)", re.IGNORECASE)
REFUSED: Final = "The token is not one that permits this."


@dataclass(frozen=True, slots=True)
class Registered:
    """What a client is told; the secret only when it is made."""

    body: Mapping[str, Any]
    created: bool


class ClientRegistration:
    """Registers and manages clients. Switched on by a template in a manifest, whose secret permits it."""

    def __init__(
        self,
        directory: Directory,
        registrations: Registrations,
        outbound: Outbound,
        statements: SoftwareStatements,
        *,
        new_token: Callable[[], str] = random_token,
        new_id: Callable[[], str] = random_id,
    ) -> None:
        self._directory = directory
        self._registrations = registrations
        self._outbound = outbound
        self._statements = statements
        self._new_token = new_token
        self._new_id = new_id

    async def register(self, request: ProtocolRequest, sent: Mapping[str, Any]) -> Registered:
        """Raises InvalidToken, InvalidRedirectURI, InvalidClientMetadata, InvalidSoftwareStatement,
        UnapprovedSoftwareStatement, TemporarilyUnavailable and StoreUnavailable.
        """
        template = self._template(request)
        limits = template.openid.registration
        assert limits is not None  # noqa: S101 - what makes it a template
        metadata = await self._metadata(await self._statements.heeded(sent, limits, request.now), template)
        secret = self._new_token() if _proof(metadata) == "secret" else None
        access_token = self._new_token()
        registration = Registration(
            client_id=f"{PREFIX}{self._new_id()}",
            issuer_id=template.issuer_id,
            application_id=template.id,
            application_incarnation=template.incarnation,
            metadata=metadata,
            secret_digest=digest_of(secret) if secret is not None else None,
            access_digest=digest_of(access_token),
            created_at=request.now,
            used_at=request.now,
            expires_at=request.now + limits.unused_for,
        )
        refuse_unfit(registration)
        if not await self._registrations.add(registration, limits.max_clients):
            raise TemporarilyUnavailable("As many clients are registered as the manifest permits.", retry_after=3600)
        body = _answer(registration, request, access_token, registration.metadata)
        if secret is not None:
            body |= {"client_secret": secret, "client_secret_expires_at": 0}
        return Registered(body, created=True)

    async def read(self, request: ProtocolRequest, client_id: str) -> Registered:
        """RFC 7592 section 2.1. Raises InvalidToken."""
        registration, token = self._managed(request, client_id)
        served = self._directory.application(request.issuer.id, client_id)
        metadata = registration.metadata if served is None else metadata_of(served, registration)
        return Registered(_answer(registration, request, token, metadata), created=False)

    async def update(self, request: ProtocolRequest, client_id: str, sent: Mapping[str, Any]) -> Registered:
        """RFC 7592 section 2.2: the whole metadata anew, not a part of it. Raises as `register` does."""
        registration, token = self._managed(request, client_id)
        if sent.get("client_id") != client_id:
            raise InvalidClientMetadata("client_id: send the one that is updated")
        if "client_secret" in sent and not _is_its_secret(sent["client_secret"], registration):
            raise InvalidClientMetadata("client_secret: a client cannot choose its own")
        template = self._directory.application_of_id(registration.application_id)
        if template is None or template.openid.registration is None:
            raise InvalidToken(REFUSED)
        known = registration.metadata.get(MEMBER)
        heeded = await self._statements.heeded(sent, template.openid.registration, request.now, known)
        metadata = await self._metadata(heeded, template)
        if _proof(metadata) != _proof(registration.metadata):
            raise InvalidClientMetadata(
                "token_endpoint_auth_method: a client keeps whether it has a secret, a key or neither; register another"
            )
        changed = replace(registration, metadata=metadata, version=registration.version + 1, pending=True)
        refuse_unfit(changed)
        if not await self._registrations.replace(changed):
            raise InvalidToken(REFUSED)
        return Registered(_answer(changed, request, token, metadata), created=False)

    async def remove(self, request: ProtocolRequest, client_id: str) -> None:
        """RFC 7592 section 2.3. Raises InvalidToken, StoreUnavailable."""
        registration, _ = self._managed(request, client_id)
        await self._registrations.remove(registration)

    async def _metadata(self, sent: Mapping[str, Any], template: Application) -> dict[str, Any]:
        metadata = read_metadata(sent, template)
        await self._verify_sector(metadata)
        return metadata

    async def _verify_sector(self, metadata: Mapping[str, Any]) -> None:
        """OpenID Connect Registration section 5: the document at the address lists every redirect URI."""
        hosts = {urlsplit(uri).hostname or "" for uri in metadata.get("redirect_uris", [])}
        address = metadata.get("sector_identifier_uri")
        if address is not None:
            try:
                listed = orjson.loads(await self._outbound.fetch(address, accept="application/json"))
            except (FetchFailed, ValueError) as error:
                raise InvalidClientMetadata(
                    "sector_identifier_uri: it cannot be read as JSON", detail=str(error)
                ) from error
            if not isinstance(listed, list) or not {*metadata.get("redirect_uris", [])} <= {*map(str, listed)}:
                raise InvalidClientMetadata("sector_identifier_uri: its list lacks one of the redirect_uris")
        elif metadata["subject_type"] == "pairwise" and len(hosts) != 1:
            raise InvalidClientMetadata("sector_identifier_uri: it is needed for redirect_uris of several hosts")

    def _template(self, request: ProtocolRequest) -> Application:
        """Whose initial access token was presented (RFC 7591 section 3); every template's is compared."""
        token, found = _presented(request), None
        for application in self._directory.applications_of(request.issuer.id):
            if application.openid.registration is not None and application.enabled:
                found = application if matching(application, token, request.now) is not None else found
        if found is None:
            raise InvalidToken(REFUSED)
        return found

    def _managed(self, request: ProtocolRequest, client_id: str) -> tuple[Registration, str]:
        token = _presented(request)
        registration = self._directory.registration(request.issuer.id, client_id)
        known = registration.access_digest if registration is not None else digest_of("")
        if not hmac.compare_digest(digest_of(token), known) or registration is None:
            raise InvalidToken(REFUSED)
        return registration, token


def _presented(request: ProtocolRequest) -> str:
    match = _BEARER.fullmatch(request.authorization or "")
    if match is None:
        raise MissingToken("A token of the scheme Bearer is required in the Authorization header.")
    return match[1]


def _proof(metadata: Mapping[str, Any]) -> str:
    """By what a client proves who it is."""
    return {"none": "nothing", PRIVATE_KEY_JWT: "key"}.get(metadata["token_endpoint_auth_method"], "secret")


def _is_its_secret(sent: object, registration: Registration) -> bool:
    known = registration.secret_digest
    return isinstance(sent, str) and known is not None and hmac.compare_digest(digest_of(sent), known)


def _answer(
    registration: Registration, request: ProtocolRequest, access_token: str, metadata: Mapping[str, Any]
) -> dict[str, Any]:
    """RFC 7591 section 3.2.1, RFC 7592 section 3."""
    return {
        "client_id": registration.client_id,
        "client_id_issued_at": int(registration.created_at),
        "registration_access_token": access_token,
        "registration_client_uri": f"{request.issuer.origin}{REGISTER_PATH}/{registration.client_id}",
        **metadata,
    }
