"""A server for the authorization endpoint and its pages: real directory, keys and sealing, a store in memory."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import uvicorn
from argon2 import PasswordHasher
from fastapi import FastAPI
from starlette.requests import Request

from ostiary_server.directory import Directory
from ostiary_server.endpoints import authorize, errors
from ostiary_server.endpoints.requests import Edge, protocol_request
from ostiary_server.pages import static
from ostiary_server.pages.consent import view as consent
from ostiary_server.pages.error import view as error
from ostiary_server.pages.forms import Forms
from ostiary_server.pages.landing import view as landing
from ostiary_server.pages.sign_in import view as sign_in
from ostiary_server.pages.sign_out import view as sign_out
from ostiary_server.protocol.authentication import Authenticator
from ostiary_server.protocol.authorization import Authorization
from ostiary_server.protocol.browser_sessions import BrowserSessions
from ostiary_server.protocol.form_tokens import FormTokens
from ostiary_server.protocol.issuing import Issuing
from ostiary_server.protocol.passwords import PasswordPool
from ostiary_server.protocol.requests import Parameters, ProtocolRequest
from ostiary_server.protocol.sealing import Sealer
from ostiary_server.protocol.signing import KeyPair, KeyRing, RingKey, generate_key
from ostiary_server.protocol.throttle import Throttle
from ostiary_server.protocol.tokens import TokenMinter, random_token
from ostiary_state.applications.application import Application, TokenLifetimes
from ostiary_state.errors import StoreUnavailable
from ostiary_state.runtime.consent import Consent
from ostiary_state.runtime.grant import Grant
from ostiary_state.runtime.issued import Issued
from ostiary_state.runtime.issuer import Issuer
from ostiary_state.runtime.revocation import Revocation
from ostiary_state.runtime.session import Session, SignedIn
from ostiary_state.users.user import User

NOW = 1_800_000_000.0
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636 appendix B
KEYS = (b"k" * 32,)
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "correct horse battery staple"

ISSUER = Issuer(id="i1", origin="https://login.example.com", namespace=None)
OTHER_ISSUER = Issuer(id="i2", origin="https://login.other.example", namespace="other")

APPLICATION = Application(
    id="shop/web",
    incarnation="uid-1",
    revision=1,
    client_id="shop.web",
    issuer_id=ISSUER.id,
    enabled=True,
    not_before=0.0,
    display_name="Corner Shop",
    logo_url=None,
    homepage_url="https://shop.example.com/",
    policy_url="https://shop.example.com/privacy",
    terms_url=None,
    confidential=True,
    callback_urls=("https://shop.example.com/callback",),
    post_logout_redirect_urls=(),
    cors_origins=(),
    grant_modes=frozenset({"authorization_code", "implicit"}),
    scopes=("openid", "profile", "email"),
    audiences=(),
    allowed_groups=frozenset(),
    pkce_required=True,
    consent_required=True,
    lifetimes=TokenLifetimes(60, 600, 600, 1_209_600, 7_776_000),
    opaque_access_tokens=False,
    signing_algorithm="ES256",
    id_token_algorithm="RS256",
    token_endpoint_auth_method="client_secret_basic",
    secret_digests=(b"d" * 32,),
)
USER = User(
    id="shop/ada",
    incarnation="uid-ada",
    subject="u_ada",
    username="ada",
    display_name="Ada Lovelace",
    email="ada@example.com",
    email_verified=True,
    groups=frozenset({"staff"}),
    claims={},
    enabled=True,
    not_before=0.0,
    password_hash=CHEAP.hash(PASSWORD),
)


@dataclass
class Tables:
    """What a database would hold, and how many statements it was sent."""

    users: dict[str, User] = field(default_factory=lambda: {USER.username: USER})
    sessions: dict[str, Session] = field(default_factory=dict)
    consents: dict[tuple[str, str, str], Consent] = field(default_factory=dict)
    grants: list[Grant] = field(default_factory=list)
    issued: list[Issued] = field(default_factory=list)
    revocations: list[Revocation] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
    away: bool = False

    def sent(self, statement: str) -> None:
        if self.away:
            raise StoreUnavailable("the database is away")
        self.statements.append(statement)


@dataclass
class FakeSessions:
    tables: Tables

    async def signed_in(self, digest: bytes, issuer_id: str, client_id: str | None, now: float) -> SignedIn | None:
        self.tables.sent("signed_in")
        for session in self.tables.sessions.values():
            if session.digest == digest and session.issuer_id == issuer_id and session.ended_at is None:
                user = next((user for user in self.tables.users.values() if user.id == session.user_id), None)
                if user is None or now >= session.expires_at:
                    return None
                consent = self.tables.consents.get((issuer_id, user.id, client_id or ""))
                return SignedIn(session, user, consent)
        return None

    async def start(self, session: Session) -> None:
        self.tables.sent("start")
        self.tables.sessions[session.id] = session

    async def end(self, session_id: str, revocation: Revocation, now: float) -> None:
        self.tables.sent("end")
        self.tables.sessions[session_id] = replace(self.tables.sessions[session_id], ended_at=now)
        self.tables.revocations.append(revocation)


@dataclass
class FakeUsers:
    tables: Tables

    async def by_username(self, username: str) -> User | None:
        self.tables.sent("by_username")
        return self.tables.users.get(username)

    async def by_id(self, user_id: str, incarnation: str) -> User | None:
        raise NotImplementedError


@dataclass
class FakeConsents:
    tables: Tables

    async def remember(self, consent: Consent) -> None:
        self.tables.sent("remember")
        self.tables.consents[consent.issuer_id, consent.user_id, consent.client_id] = consent


@dataclass
class FakeGrants:
    tables: Tables

    async def start(self, grant: Grant) -> None:
        self.tables.sent("grants.start")
        self.tables.grants.append(grant)

    async def start_with(self, issued: Issued) -> None:
        self.tables.sent("grants.start_with")
        assert issued.grant is not None
        self.tables.grants.append(issued.grant)
        self.tables.issued.append(issued)

    async def by_code(self, digest: bytes) -> tuple[Grant, User | None] | None:
        raise NotImplementedError

    async def redeem(self, grant: Grant, issued: Issued, now: float) -> bool:
        raise NotImplementedError

    async def revoke(self, grant_id: str, revocation: Revocation, now: float) -> None:
        raise NotImplementedError


@cache
def key_pairs() -> tuple[KeyPair, ...]:
    """One of each algorithm that the application uses; an RSA key takes a while."""
    return generate_key("ES256"), generate_key("RS256")


class World:
    """Issuers, applications, users and a clock, with the application that serves them."""

    def __init__(self, *applications: Application, issuers: tuple[Issuer, ...] = (ISSUER, OTHER_ISSUER)) -> None:
        self.now = NOW
        self.tables = Tables()
        self.directory = Directory()
        self.directory.replace_all(issuers, applications or (APPLICATION,))
        self.ring = KeyRing()
        for issuer in issuers:
            self.ring.replace(issuer.id, [RingKey(pair, 0.0, NOW * 2) for pair in key_pairs()])
        self.sealer = Sealer(KEYS)
        self.throttle = Throttle()
        self.passwords = PasswordPool(hasher=CHEAP)
        self.sessions = BrowserSessions(FakeSessions(self.tables), random_token=random_token)
        self.authorization = Authorization(
            self.directory,
            self.sessions,
            FakeConsents(self.tables),
            Issuing(FakeGrants(self.tables), TokenMinter(self.ring)),
            self.sealer,
        )
        self.app = self._app()

    def _app(self) -> FastAPI:
        edge = Edge(self.directory, lambda: self.now)
        forms = Forms(FormTokens(KEYS), random_token)
        authenticator = Authenticator(FakeUsers(self.tables), self.passwords, self.throttle)

        async def parse(request: Request) -> ProtocolRequest:
            return await protocol_request(request, edge)

        app = FastAPI(openapi_url=None)
        for router in (
            authorize.router(self.authorization, parse),
            sign_in.router(self.authorization, authenticator, self.sessions, forms, parse),
            consent.router(self.authorization, self.sessions, forms, parse),
            sign_out.router(self.sessions, forms, parse),
            landing.router(self.sessions, parse),
            static.router(),
        ):
            app.include_router(router)
        errors.install(app)
        error.install(app, edge.issuer)
        return app

    def put(self, application: Application) -> None:
        """A manifest was applied."""
        self.directory.put_application(application)

    def put_user(self, **fields: Any) -> None:
        """The user's manifest was applied."""
        self.tables.users[USER.username] = replace(self.tables.users[USER.username], **fields)

    def client(self, issuer: Issuer = ISSUER) -> httpx.AsyncClient:
        """A browser without JavaScript that follows no redirect by itself."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=issuer.origin)

    async def begin(self, parameters: dict[str, str] | Parameters, **fields: Any) -> str:
        """Where GET /authorize sends the browser, without HTTP."""
        return await self.authorization.begin(self.request(parameters, **fields))

    def request(self, parameters: dict[str, str] | Parameters, **fields: Any) -> ProtocolRequest:
        """A parsed GET /authorize."""
        query = parameters if isinstance(parameters, Parameters) else Parameters(tuple(parameters.items()))
        values: dict[str, Any] = {
            "method": "GET",
            "path": "/authorize",
            "issuer": ISSUER,
            "query": query,
            "form": Parameters(),
            "authorization": None,
            "origin": None,
            "remote": "192.0.2.1",
            "now": self.now,
        }
        return ProtocolRequest(**(values | fields))

    async def signed_in(self, issuer: Issuer = ISSUER) -> dict[str, str]:
        """Cookies of a browser in which the user is signed in."""
        started = await self.sessions.start(USER, ("pwd",), self.request({}, issuer=issuer))
        name, _, value = started.cookie.partition(";")[0].partition("=")
        self.tables.statements.clear()
        return {name: value}


def code_request(**changes: str | None) -> dict[str, str]:
    """A correct request for a code, but for `changes` (None: left out)."""
    values: dict[str, str | None] = {
        "response_type": "code",
        "client_id": "shop.web",
        "redirect_uri": "https://shop.example.com/callback",
        "scope": "openid profile",
        "state": "s t/a+te",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return {name: value for name, value in (values | changes).items() if value is not None}


def implicit_request(**changes: str | None) -> dict[str, str]:
    """A correct request for an ID token and an access token, but for `changes`."""
    base: dict[str, str | None] = {
        "response_type": "id_token token",
        "nonce": "n-1",
        "code_challenge": None,
        "code_challenge_method": None,
    }
    return code_request(**(base | changes))


def answer(location: str) -> tuple[str, dict[str, str]]:
    """The channel (query or fragment) of a response and its parameters; both at once would be a mistake."""
    parts = urlsplit(location)
    assert not (parts.query and parts.fragment), location
    pairs = parse_qsl(parts.fragment or parts.query, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs), f"a parameter is there twice: {location}"
    return ("fragment" if parts.fragment else "query"), dict(pairs)


def address(parameters: dict[str, str]) -> str:
    """GET /authorize as a link."""
    return "/authorize?" + urlencode(parameters)


@asynccontextmanager
async def served(app: FastAPI, port: int) -> AsyncIterator[None]:
    """`app` on a loopback port for as long as the block runs."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", lifespan="off"))
    running = asyncio.create_task(server.serve())
    try:
        await until(lambda: server.started)
        yield
    finally:
        server.should_exit = True
        await running


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Poll until `condition` holds; fails when it never does."""
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"it did not happen within {seconds} s")
