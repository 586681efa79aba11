"""A server for the token side: the real directory, keys, revocation set and engine over a store in memory."""

import base64
import hashlib
from dataclasses import replace
from typing import Any
from urllib.parse import quote_plus

import httpx
import orjson
from argon2 import PasswordHasher
from fastapi import FastAPI

from ostiary_server.endpoints import discovery, errors, introspect, jwks, revoke, tokens, userinfo
from ostiary_server.endpoints.requests import Edge
from ostiary_server.protocol.authentication import Authenticator
from ostiary_server.protocol.bearer_tokens import BearerTokens
from ostiary_server.protocol.client_assertions import ClientAssertions, UsedAssertions
from ostiary_server.protocol.client_authentication import ClientAuthentication
from ostiary_server.protocol.client_keys import ClientKeys
from ostiary_server.protocol.discovery import Discovery
from ostiary_server.protocol.engine import Engine
from ostiary_server.protocol.grants.authorization_code import AuthorizationCodes
from ostiary_server.protocol.grants.client_credentials import ClientCredentials
from ostiary_server.protocol.grants.password import Passwords
from ostiary_server.protocol.grants.refresh_token import RefreshTokenGrants
from ostiary_server.protocol.introspection import Introspection
from ostiary_server.protocol.key_pair import decoded
from ostiary_server.protocol.passwords import PasswordPool
from ostiary_server.protocol.requests import Parameters, ProtocolRequest
from ostiary_server.protocol.revocation import RevocationOfTokens
from ostiary_server.protocol.signing import KeyRing
from ostiary_server.protocol.subjects import Subjects
from ostiary_server.protocol.throttle import Throttle
from ostiary_server.protocol.token_endpoint import TokenEndpoint
from ostiary_server.protocol.token_response import Issuance
from ostiary_server.protocol.tokens import TokenMinter, digest_of
from ostiary_server.protocol.trusted_issuers import TrustedIssuers
from ostiary_server.protocol.userinfo import UserInfo
from ostiary_server.protocol.workload_assertions import WorkloadAssertions
from ostiary_server.replica.directory import Directory
from ostiary_server.replica.revocation_set import RevokedKeys
from ostiary_state.applications.application import Application
from ostiary_state.applications.credentials import first_credentials
from ostiary_state.intent import Kind, StoredUser
from ostiary_state.runtime.grant import AuthorizationCode, Grant
from ostiary_state.runtime.issuer import Issuer
from ostiary_state.runtime.session import Session
from tests.factories import ISSUER, application, user
from tests.fake_logout import MemorySalts
from tests.fakes import (
    MemoryAccessTokens,
    MemoryDatabase,
    MemoryGrants,
    MemoryRefreshTokens,
    MemoryRevocations,
    MemoryUsers,
)
from tests.observed import MadeKeys, Watched
from tests.outside import Outside

NOW = 1_800_000_000.0
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636 appendix B
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
CALLBACK = "https://shop.example.com/callback"
SECRET = "s+cr/t %:=" + "x" * 33  # every character that form-urlencoding changes
PASSWORD = "correct horse battery staple"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

OTHER_ISSUER = Issuer(id="i2", origin="http://app.localhost:8080", namespace="other")

APPLICATION = application(
    display_name="Corner Shop",
    callback_urls=(CALLBACK,),
    cors_origins=("https://shop.example.com",),
    grant_modes=frozenset({"authorization_code", "refresh_token", "client_credentials", "password"}),
    scopes=("openid", "profile", "email", "groups", "offline_access", "orders:read", "orders:write"),
    credentials=first_credentials(
        [hashlib.sha256(b"an older secret").digest(), hashlib.sha256(SECRET.encode()).digest()], 0.0
    ),
)
OTHER = replace(
    APPLICATION,
    id="books/web",
    incarnation="uid-2",
    client_id="books.web",
    cors_origins=("https://books.example.com",),
    credentials=first_credentials([hashlib.sha256(b"books' secret").digest()], 0.0),
)
PUBLIC = replace(
    APPLICATION,
    id="shop/spa",
    incarnation="uid-3",
    client_id="shop.spa",
    confidential=False,
    grant_modes=frozenset({"authorization_code", "refresh_token"}),
    token_endpoint_auth_method="none",
    credentials=(),
)
ELSEWHERE = replace(APPLICATION, id="other/web", incarnation="uid-4", client_id="other.web", issuer_id=OTHER_ISSUER.id)
USER = user(
    claims={"department": "engines", "iss": "https://evil.example", "sub": "u_root", "aud": "x", "acr": "9"},
    password_hash=CHEAP.hash(PASSWORD),
)

MANIFEST = {
    "username": USER.username,
    "displayName": USER.display_name,
    "email": USER.email,
    "emailVerified": USER.email_verified,
    "groups": sorted(USER.groups),
    "claims": {"department": "engines"},
}


class World:
    """Issuers, applications, a user and a clock, with the application that serves them."""

    def __init__(self, *applications: Application) -> None:
        self.now = NOW
        self.directory = Directory()
        self.directory.replace_all((ISSUER, OTHER_ISSUER), applications or (APPLICATION, OTHER, PUBLIC, ELSEWHERE))
        self.revocations = RevokedKeys()
        self.database = MemoryDatabase()
        self.statements: list[str] = []
        self.put_user()
        self.sign_in()
        users = self._watched(MemoryUsers(self.database))
        grants = self._watched(MemoryGrants(self.database))
        refresh_tokens = self._watched(MemoryRefreshTokens(self.database))
        access_tokens = self._watched(MemoryAccessTokens(self.database))
        self.ring = KeyRing()
        self.keys = MadeKeys(self.ring)
        self.minter = TokenMinter(self.ring, Subjects(self._watched(MemorySalts(self.database))), keys=self.keys)
        self.outside = Outside()
        keys = ClientKeys(self.outside, clock=lambda: self.now)
        issuers = TrustedIssuers(self.outside, None, clock=lambda: self.now)
        self.noted: list[str] = []  # ids of the secrets that were used
        self.clients = ClientAuthentication(
            self.directory,
            ClientAssertions(keys, UsedAssertions()),
            WorkloadAssertions(self.directory, issuers),
            note=lambda _, credential: self.noted.append(credential.id),
        )
        self.bearer_tokens = BearerTokens(self.directory, self.ring, self.revocations, access_tokens, self.keys)
        engine, issuance = Engine(), Issuance(self.minter)
        authenticator = Authenticator(users, PasswordPool(hasher=CHEAP), Throttle())
        self.token_endpoint = TokenEndpoint(
            self.clients,
            (
                AuthorizationCodes(engine, issuance, grants, self.revocations),
                RefreshTokenGrants(engine, issuance, refresh_tokens, grants, access_tokens, self.revocations),
                ClientCredentials(engine, issuance, access_tokens),
                Passwords(issuance, authenticator, grants),
            ),
        )
        self.introspection = Introspection(
            self.clients, self.bearer_tokens, refresh_tokens, self.revocations, self.minter.subjects
        )
        self.revocation = RevocationOfTokens(
            engine,
            self.clients,
            self.bearer_tokens,
            refresh_tokens,
            grants,
            self._watched(MemoryRevocations(self.database)),
        )
        self.userinfo = UserInfo(self.directory, self.bearer_tokens, users, grants, self.minter)
        edge = Edge(self.directory, lambda: self.now)
        self.app = FastAPI(openapi_url=None)
        for router in (
            tokens.router(edge, self.token_endpoint),
            introspect.router(edge, self.introspection),
            revoke.router(edge, self.revocation),
            userinfo.router(edge, self.userinfo),
            jwks.router(edge, self.ring),
            discovery.router(edge, Discovery(self.directory)),
        ):
            self.app.include_router(router)
        errors.install(self.app)

    def _watched(self, repository: Any) -> Any:
        return Watched(repository, self.database, self.statements, self.revocations)

    def put(self, application: Application = APPLICATION, **fields: Any) -> Application:
        """A manifest was applied."""
        changed = replace(application, **fields)
        self.directory.put_application(changed)
        return changed

    def put_user(self, *, incarnation: str = USER.incarnation, not_before: float = 0.0, **spec: Any) -> None:
        """The user's manifest was applied; another incarnation: it was deleted before."""
        if incarnation != USER.incarnation:
            self.delete_user()
        self.database.users[USER.id, incarnation] = StoredUser(
            id=USER.id,
            incarnation=incarnation,
            username=USER.username,
            spec=MANIFEST | spec,
            password_hash=USER.password_hash,
            not_before=not_before,
            subject=USER.subject if incarnation == USER.incarnation else "u_another",
        )

    def delete_user(self) -> None:
        """The user's manifest was deleted."""
        self.database.deleted[Kind.USER, USER.id, USER.incarnation] = self.now

    def sign_in(self) -> None:
        """The user's session, in which codes are given."""
        self.database.sessions["s-1"] = Session(
            id="s-1",
            digest=b"s" * 32,
            issuer_id=ISSUER.id,
            user_id=USER.id,
            user_incarnation=USER.incarnation,
            auth_time=self.now - 30,
            amr=("pwd",),
            created_at=self.now - 30,
            expires_at=self.now + 365 * 86_400,
        )

    def sign_out(self) -> None:
        """The session ends; its revocation has not arrived yet."""
        self.database.sessions["s-1"] = replace(self.database.sessions["s-1"], ended_at=self.now)

    def code(self, value: str = "a-code", *, application: Application = APPLICATION, **fields: Any) -> str:
        """Somebody has signed in: a code, with `fields` of its grant or of the code itself."""
        code = AuthorizationCode(digest_of(value), CALLBACK, CHALLENGE, self.now + 60)
        of_code = {name: fields.pop(name) for name in ("redirect_uri", "code_challenge") if name in fields}
        grant = Grant(
            id=f"grant of {value}",
            issuer_id=application.issuer_id,
            client_id=application.client_id,
            application_id=application.id,
            application_incarnation=application.incarnation,
            user_id=USER.id,
            user_incarnation=USER.incarnation,
            session_id="s-1",
            scopes=("openid", "email", "orders:read"),
            audience=(),
            nonce="n-1",
            auth_time=self.now - 30,
            amr=("pwd",),
            created_at=self.now,
            started_in="s-1",
            expires_at=self.now + 90 * 86_400,
            code=replace(code, **of_code),
        )
        self.database.grants[grant.id] = replace(grant, **fields)
        return value

    def client(self, issuer: Issuer = ISSUER) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=issuer.origin)

    async def post(
        self,
        path: str,
        form: dict[str, str] | list[tuple[str, str]],
        *,
        auth: str | None = "",
        issuer: Issuer = ISSUER,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """A POST with the credentials of APPLICATION; `auth` None: without, else that Authorization header."""
        authorization = basic() if auth == "" else auth
        sent = {"content-type": "application/x-www-form-urlencoded"} | (headers or {})
        if authorization is not None:
            sent["authorization"] = authorization
        pairs = list(form.items()) if isinstance(form, dict) else form
        body = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in pairs)
        async with self.client(issuer) as client:
            return await client.post(path, content=body, headers=sent)

    async def token(self, form: dict[str, str], **how: Any) -> httpx.Response:
        return await self.post("/token", form, **how)

    async def redeem(self, code: str, *, form: dict[str, str] | None = None, **how: Any) -> httpx.Response:
        """A correct token request for a code, but for `form`."""
        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        } | (form or {})
        return await self.token({name: value for name, value in sent.items() if value}, **how)

    async def refresh(self, refresh_token: str, **form: str) -> httpx.Response:
        return await self.token({"grant_type": "refresh_token", "refresh_token": refresh_token} | form)

    async def introspect(self, value: str, **how: Any) -> dict[str, Any]:
        response = await self.post("/introspect", {"token": value}, **how)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer


def request(form: dict[str, str], *, path: str = "/token", issuer: Issuer = ISSUER, **fields: Any) -> ProtocolRequest:
    """A parsed POST without HTTP."""
    values: dict[str, Any] = {
        "method": "POST",
        "path": path,
        "issuer": issuer,
        "query": Parameters(),
        "form": Parameters(tuple(form.items())),
        "authorization": None,
        "origin": None,
        "remote": "192.0.2.1",
        "now": NOW,
    }
    return ProtocolRequest(**(values | fields))


def basic(client_id: str = APPLICATION.client_id, secret: str = SECRET) -> str:
    """RFC 6749 section 2.3.1: both are form-urlencoded first."""
    return "Basic " + base64.b64encode(f"{quote_plus(client_id)}:{quote_plus(secret)}".encode()).decode()


def claims_of(jwt: str) -> dict[str, Any]:
    """What a JWT says, unverified."""
    claims: dict[str, Any] = orjson.loads(decoded(jwt.split(".")[1].encode()))
    return claims
