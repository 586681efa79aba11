"""The one place where everything of the server is put together."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fastapi import APIRouter, FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp

from ostiary_server.endpoints import (
    authorize,
    compatibility,
    discovery,
    errors,
    health,
    introspect,
    jwks,
    registration,
    revoke,
    tokens,
    userinfo,
)
from ostiary_server.endpoints.hosts import TrustedProxies
from ostiary_server.endpoints.requests import Edge, protocol_request
from ostiary_server.keys.material import KeyMaterial
from ostiary_server.measured_tokens import MeasuredTokenEndpoint
from ostiary_server.metrics import Metrics
from ostiary_server.pages import static
from ostiary_server.pages.account import view as account
from ostiary_server.pages.check_session import view as check_session
from ostiary_server.pages.consent import view as consent
from ostiary_server.pages.error import view as error
from ostiary_server.pages.forms import Forms
from ostiary_server.pages.landing import view as landing
from ostiary_server.pages.onward import send
from ostiary_server.pages.sign_in import view as sign_in
from ostiary_server.pages.sign_out import view as sign_out
from ostiary_server.protocol import ports
from ostiary_server.protocol.authentication import Authenticator
from ostiary_server.protocol.authorization import Authorization
from ostiary_server.protocol.bearer_tokens import BearerTokens
from ostiary_server.protocol.browser_sessions import BrowserSessions
from ostiary_server.protocol.browser_states import BrowserStates
from ostiary_server.protocol.client_assertions import ClientAssertions, UsedAssertions
from ostiary_server.protocol.client_authentication import ClientAuthentication
from ostiary_server.protocol.client_keys import ClientKeys
from ostiary_server.protocol.discovery import Discovery
from ostiary_server.protocol.engine import Engine
from ostiary_server.protocol.form_tokens import FormTokens
from ostiary_server.protocol.given_access import GivenAccess
from ostiary_server.protocol.grants.authorization_code import AuthorizationCodes
from ostiary_server.protocol.grants.client_credentials import ClientCredentials
from ostiary_server.protocol.grants.password import Passwords
from ostiary_server.protocol.grants.refresh_token import RefreshTokenGrants
from ostiary_server.protocol.hashed_secrets import HashedSecrets
from ostiary_server.protocol.id_token_hint import IdTokenHints
from ostiary_server.protocol.introspection import Introspection
from ostiary_server.protocol.issuing import Issuing
from ostiary_server.protocol.logout import LogoutRequests
from ostiary_server.protocol.logout_notices import LogoutNotices
from ostiary_server.protocol.metadata_clients import MetadataClients
from ostiary_server.protocol.passwords import PasswordPool
from ostiary_server.protocol.registration import ClientRegistration
from ostiary_server.protocol.request_objects import RequestObjects
from ostiary_server.protocol.requests import ProtocolRequest
from ostiary_server.protocol.responding import Responder
from ostiary_server.protocol.revocation import RevocationOfTokens
from ostiary_server.protocol.sealing import Sealer
from ostiary_server.protocol.signing import KeyRing
from ostiary_server.protocol.software_statements import SoftwareStatements
from ostiary_server.protocol.throttle import Throttle
from ostiary_server.protocol.token_response import Issuance
from ostiary_server.protocol.tokens import TokenMinter, random_id, random_token
from ostiary_server.protocol.trusted_issuers import TrustedIssuers
from ostiary_server.protocol.userinfo import UserInfo
from ostiary_server.protocol.workload_assertions import WorkloadAssertions
from ostiary_server.replica.readiness import Readiness
from ostiary_server.transport.access_log import AccessLog
from ostiary_server.transport.envelope import Envelope, Templates
from ostiary_server.transport.hot_path import HotPath
from ostiary_server.transport.loaded_first import LoadedFirst
from ostiary_state.applications.application import Application
from ostiary_state.applications.credentials import ClientCredential


@dataclass(frozen=True, slots=True)
class Ports:
    """The protocol's ports; the repositories of the store satisfy them."""

    sessions: ports.Sessions
    users: ports.Users
    consents: ports.Consents
    grants: ports.Grants
    holdings: ports.Holdings
    refresh_tokens: ports.RefreshTokens
    access_tokens: ports.AccessTokens
    revocations: ports.Revocations
    registrations: ports.Registrations


@dataclass(frozen=True, slots=True)
class Memory:
    """What answers without a database."""

    directory: ports.Directory
    revoked: ports.RevocationSet
    ring: KeyRing
    keys: ports.SigningKeys
    minter: TokenMinter
    notices: LogoutNotices


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the process gives to its requests."""

    cookie_keys: KeyMaterial
    passwords: PasswordPool
    trusted_proxies: TrustedProxies
    clock: Callable[[], float]
    metrics: Metrics
    readiness: Callable[[], Readiness]
    session_lifetime: float  # seconds
    access_log: AccessLog | None
    outbound: ports.Outbound
    note_use: Callable[[Application], None]  # it was issued a token
    hashed: HashedSecrets  # secrets of which another product's hash is all that is known
    note_credential: Callable[[Application, ClientCredential], None]  # it authenticated with this secret
    issuers: TrustedIssuers  # of workloads' tokens


def create_app(memory: Memory, stored: Ports, around: Surroundings) -> ASGIApp:
    """Every endpoint and page behind the envelope; nothing is started and nothing is read."""
    edge = Edge(memory.directory, around.clock, around.trusted_proxies)
    # FastAPI's telemetry would export query strings, in which codes travel; the envelope measures without them.
    telemetry = TelemetryConfig(tracing=False, metrics=False, logs=False)
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False, telemetry=telemetry)
    errors.install(app)
    error.install(app, edge.issuer)
    authenticator = Authenticator(stored.users, around.passwords, Throttle())
    client_keys = ClientKeys(around.outbound, clock=around.clock)  # one memory of what was fetched
    routers = (  # in the order of how often they are asked: routes are tried one after the other
        *_protocol(edge, memory, stored, around, authenticator, client_keys),
        jwks.router(edge, memory.ring),
        discovery.router(edge, Discovery(memory.directory)),
        *_pages(edge, memory, stored, around, authenticator, client_keys),
        static.router(),
        health.router(around.readiness),
    )
    # What `include_router` wraps around each route costs 25 microseconds a request, and none of ours needs it.
    routes = [route for router in routers for route in router.routes]
    aliases = compatibility.router(edge, IdTokenHints(memory.ring), routes)
    app.router.routes.extend([*routes, *aliases.routes])
    faults_told = ServerErrorMiddleware(HotPath(app, app.routes), handler=errors.internal_error_response)
    loaded_first = LoadedFirst(faults_told, lambda: around.readiness().loaded)
    return Envelope(loaded_first, Templates(app.routes), around.metrics, access_log=around.access_log)


def _protocol(
    edge: Edge,
    memory: Memory,
    stored: Ports,
    around: Surroundings,
    authenticator: Authenticator,
    client_keys: ClientKeys,
) -> Iterator[APIRouter]:
    engine, minter = Engine(), memory.minter
    issuance = Issuance(minter)
    clients = ClientAuthentication(
        memory.directory,
        ClientAssertions(client_keys, UsedAssertions()),
        WorkloadAssertions(memory.directory, around.issuers),
        hashed=around.hashed,
        note=around.note_credential,
    )
    bearer_tokens = BearerTokens(memory.directory, memory.ring, memory.revoked, stored.access_tokens, memory.keys)
    grants = (
        ClientCredentials(engine, issuance, stored.access_tokens),
        AuthorizationCodes(engine, issuance, stored.grants, memory.revoked),
        RefreshTokenGrants(
            engine, issuance, stored.refresh_tokens, stored.grants, stored.access_tokens, memory.revoked
        ),
        Passwords(issuance, authenticator, stored.grants),
    )
    yield tokens.router(edge, MeasuredTokenEndpoint(clients, grants, around.metrics, around.note_use))
    introspection = Introspection(clients, bearer_tokens, stored.refresh_tokens, memory.revoked, minter.subjects)
    yield introspect.router(edge, introspection)
    yield userinfo.router(edge, UserInfo(memory.directory, bearer_tokens, stored.users, stored.grants, minter))
    revocation = RevocationOfTokens(
        engine, clients, bearer_tokens, stored.refresh_tokens, stored.grants, stored.revocations
    )
    yield revoke.router(edge, revocation)
    statements = SoftwareStatements(client_keys)
    registering = ClientRegistration(memory.directory, stored.registrations, around.outbound, statements)
    yield registration.router(edge, registering)


def _pages(
    edge: Edge,
    memory: Memory,
    stored: Ports,
    around: Surroundings,
    authenticator: Authenticator,
    client_keys: ClientKeys,
) -> Iterator[APIRouter]:
    async def parse(request: Request) -> ProtocolRequest:
        return await protocol_request(request, edge)

    minter, sealer, hints = memory.minter, Sealer(around.cookie_keys), IdTokenHints(memory.ring)
    states = BrowserStates(around.cookie_keys, new_salt=random_id)
    sessions = BrowserSessions(
        stored.sessions, memory.notices, states, random_token=random_token, lifetime=around.session_lifetime
    )
    authorization = Authorization(
        directory=memory.directory,
        sessions=sessions,
        consents=stored.consents,
        issuing=Issuing(stored.grants, minter, note_use=around.note_use),
        responder=Responder(minter),
        request_objects=RequestObjects(client_keys, around.outbound),
        metadata_clients=MetadataClients(around.outbound, clock=around.clock),
        subjects=minter.subjects,
        states=states,
        sealer=sealer,
        hints=hints,
    )
    forms = Forms(FormTokens(around.cookie_keys), random_token)
    yield authorize.router(edge, authorization, send)
    yield sign_in.router(authorization, authenticator, sessions, forms, parse)
    yield consent.router(authorization, sessions, forms, parse)
    logout_requests = LogoutRequests(memory.directory, hints, minter.subjects, sealer)
    yield sign_out.router(sign_out.SignOut(sessions, logout_requests, forms), parse)
    yield check_session.router(parse)
    yield account.router(GivenAccess(memory.directory, stored.holdings), sessions, forms, parse)
    yield landing.router(sessions, parse)
