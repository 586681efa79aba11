"""Client authentication (RFC 6749 section 2.3) on authlib's registry of methods.

authlib accepts what the endpoint lists and tries one method after the other; here a request has at most one, and it
must be the manifest's `tokenEndpointAuthMethod`. An unknown client costs the same work and gets the same answer as a
wrong secret.
"""

import base64
import binascii
import hmac
from collections.abc import Callable, Collection
from typing import Final
from urllib.parse import unquote_plus

from authlib.oauth2.rfc6749 import ClientAuthentication as MethodRegistry
from authlib.oauth2.rfc6749 import ClientMixin, InvalidClientError, OAuth2Error, OAuth2Request

from ostiary_server.protocol.client_assertions import FAILED, PRIVATE_KEY_JWT, Claimed, ClientAssertions
from ostiary_server.protocol.engine_request import EngineRequest
from ostiary_server.protocol.errors import InvalidClient, InvalidRequest
from ostiary_server.protocol.hashed_secrets import HashedSecrets
from ostiary_server.protocol.ports import Directory
from ostiary_server.protocol.requests import ProtocolRequest
from ostiary_server.protocol.tokens import digest_of
from ostiary_server.protocol.workload_assertions import WorkloadAssertions
from ostiary_state.applications.application import Application
from ostiary_state.applications.credentials import ClientCredential
from ostiary_state.checks import is_credential_check

AUTHENTICATED: Final = ("client_secret_basic", "client_secret_post", PRIVATE_KEY_JWT)
ALL_METHODS: Final = (*AUTHENTICATED, "none")

_NOBODYS: Final = (ClientCredential("", digest_of("the secret of nobody"), 0.0),)


class Client(ClientMixin):
    """An application as authlib asks about it; `application` None stands for every unknown client."""

    __slots__ = ("_hashed", "_now", "application", "credential")

    def __init__(self, application: Application | None, now: float, hashed: HashedSecrets | None = None) -> None:
        self.application, self._now, self._hashed = application, now, hashed
        self.credential: ClientCredential | None = None  # the one that it has authenticated with

    def __repr__(self) -> str:
        return f"Client({self.application.client_id if self.application else None})"

    def get_client_id(self) -> str:
        return self.application.client_id if self.application else ""

    def check_client_secret(self, client_secret: str) -> bool:
        """Compares digests in constant time, every one of them; authlib's models compare plain text."""
        self.credential = matching(self.application, client_secret, self._now, self._hashed)
        return self.credential is not None

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:  # noqa: ARG002 - authlib's signature
        """One method for all endpoints; what an endpoint does not accept is refused before."""
        return self.application is not None and method == self.application.token_endpoint_auth_method

    def check_grant_type(self, grant_type: str) -> bool:
        return self.application is not None and grant_type in self.application.grant_modes


def matching(
    application: Application | None, secret: str, now: float, hashed: HashedSecrets | None = None
) -> ClientCredential | None:
    """The valid one of this secret. Every one is compared, and where there is none the work is the same."""
    known = application.credentials if application is not None else ()
    presented, found = digest_of(secret), None
    for credential in known or _NOBODYS:
        digest = credential.digest
        if credential.hash:
            digest = hashed.digest(application, credential) if hashed is not None and application is not None else b""
        if hmac.compare_digest(presented, digest) and credential.valid(now):
            found = credential
    return found if known else None


class ClientAuthentication:
    """Tells which application sends a request."""

    def __init__(
        self,
        directory: Directory,
        assertions: ClientAssertions,
        workloads: WorkloadAssertions,
        *,
        hashed: HashedSecrets | None = None,
        note: Callable[[Application, ClientCredential], None] = lambda _application, _credential: None,
    ) -> None:
        """`note` is told which secret an application has authenticated with; it must return at once."""
        self._directory = directory
        self._assertions = assertions
        self._workloads = workloads
        self._hashed = hashed
        self._note = note

    async def application(self, request: EngineRequest, methods: Collection[str] = ALL_METHODS) -> Application:
        """The enabled application that authenticated, served at the request's issuer, by one of `methods`.

        Raises InvalidClient (unknown, wrong secret, another method than its own, disabled) and InvalidRequest (two
        methods at once). That it is disabled is only said after it has authenticated.
        """
        method = presented_method(request)
        if method not in methods:
            raise InvalidClient("This endpoint does not accept the client authentication that was presented.")
        if method == PRIVATE_KEY_JWT:
            client = await self._by_assertion(request)
        else:
            try:
                client = self._by_secret(request, method)
            except InvalidClient:
                if not await self._matches_a_hash(request, method):
                    raise
                client = self._by_secret(request, method)
        application = client.application
        if application is None:
            raise InvalidClient(FAILED, detail=f"by {method}")
        if not application.enabled:
            raise InvalidClient("This application is disabled.")
        if application.openid.registration is not None:
            raise InvalidClient("This application is only a template for clients that register themselves.")
        if client.credential is not None and not is_credential_check(request.form):
            self._note(application, client.credential)
        request.client = client
        return application

    async def _by_assertion(self, request: EngineRequest) -> Client:
        claimed = self._assertions.claimed(request)
        application = await self._claimant(request, claimed)
        client = Client(application, request.now)
        if application is None or not client.check_endpoint_auth_method(PRIVATE_KEY_JWT, "token"):
            raise InvalidClient(FAILED, detail=f"by {PRIVATE_KEY_JWT}")
        if application.openid.workloads:
            await self._workloads.verify(request, application, claimed)
        else:
            await self._assertions.verify(request, application)
        return client

    async def _claimant(self, request: EngineRequest, claimed: Claimed) -> Application | None:
        """A token that was issued to a workload does not name its client: the form does, or a manifest that alone
        trusts such a token."""
        if claimed.client_id is None and not claimed.signed_by_client:
            application = await self._workloads.application(request, claimed)
            if application is not None:
                return application
        return self._directory.application(request.issuer.id, claimed.client_id or claimed.subject)

    async def _matches_a_hash(self, request: EngineRequest, method: str) -> bool:
        """Where another product's hash is all that is known of a secret, whether it is of this one."""
        if self._hashed is None or method == "none":
            return False
        pair = (request.form.get("client_id"), request.form.get("client_secret"))
        if method == "client_secret_basic":
            pair = basic_credentials(request.authorization or "") or (None, None)
        client_id, secret = pair
        application = self._directory.application(request.issuer.id, client_id) if client_id and secret else None
        if application is None or not secret or not any(each.hash for each in application.credentials):
            return False
        return await self._hashed.matches(application, secret, request.remote, request.now)

    def _by_secret(self, request: EngineRequest, method: str) -> Client:
        """Also by none, where a public client only names itself."""

        def query_client(client_id: str) -> Client:
            return Client(self._directory.application(request.issuer.id, client_id), request.now, self._hashed)

        registry = MethodRegistry(query_client)
        registry.register("client_secret_basic", _client_secret_basic)
        try:
            # One method alone: after a failure authlib would go on to the next, and end at `none`.
            client = registry.authenticate(request, (method,), "token")
        except OAuth2Error as error:
            raise InvalidClient(FAILED, detail=f"by {method}") from error
        return client if isinstance(client, Client) else Client(None, request.now)


def presented_method(request: EngineRequest) -> str:
    """The one method that a request uses; raises InvalidRequest for two (RFC 6749 section 2.3, 5.2)."""
    form = request.form
    presented = [
        method
        for method, used in (
            ("client_secret_basic", request.authorization is not None),
            ("client_secret_post", "client_secret" in form),
            (PRIVATE_KEY_JWT, "client_assertion" in form or "client_assertion_type" in form),
        )
        if used
    ]
    if len(presented) > 1:
        raise InvalidRequest("The request must not use more than one client authentication method.")
    return presented[0] if presented else "none"


def basic_credentials(authorization: str) -> tuple[str, str] | None:
    """Client id and secret of HTTP Basic; None when they are malformed.

    Both are form-urlencoded before they are joined (RFC 6749 section 2.3.1), so `+` is a space, which authlib's
    `unquote` leaves; and its decoder lets bytes that are no UTF-8 escape as UnicodeDecodeError.
    """
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
        if not colon:
            return None
        return _form_decoded(client_id), _form_decoded(secret)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None


def _form_decoded(text: str) -> str:
    return unquote_plus(text, errors="strict") if "%" in text or "+" in text else text


def named_client(request: ProtocolRequest) -> str | None:
    """The client id that a request claims, authenticated or not: for CORS, which must permit errors too."""
    credentials = basic_credentials(request.authorization) if request.authorization else None
    return credentials[0] if credentials else request.form.first("client_id")


def _client_secret_basic(query_client: Callable[[str], ClientMixin], request: OAuth2Request) -> ClientMixin:
    authorization = request.authorization if isinstance(request, EngineRequest) else None
    credentials = basic_credentials(authorization or "")
    if credentials is None:
        raise InvalidClientError(description="malformed credentials", status_code=401)
    client_id, secret = credentials
    named = request.form.get("client_id")
    if named is not None and named != client_id:
        raise InvalidRequest("The client_id of the body is not the one that authenticates.")
    client = query_client(client_id)
    if not client.check_client_secret(secret):
        raise InvalidClientError(description="wrong secret", status_code=401)
    return client
