"""The server that the plans are run against, and who asks it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
from argon2 import PasswordHasher
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import KeySet

from ostiary_server.app import Memory, Ports, Surroundings, create_app
from ostiary_server.endpoints.hosts import TrustedProxies
from ostiary_server.keys.material import KeyMaterial
from ostiary_server.metrics import Metrics
from ostiary_server.protocol.hashed_secrets import HashedSecrets
from ostiary_server.protocol.logout_notices import LogoutNotices, LogoutTokens
from ostiary_server.protocol.passwords import PasswordPool
from ostiary_server.protocol.ports import ClusterAPI
from ostiary_server.protocol.signing import KeyRing
from ostiary_server.protocol.subjects import Subjects
from ostiary_server.protocol.tokens import TokenMinter
from ostiary_server.protocol.trusted_issuers import TrustedIssuers
from ostiary_server.replica.directory import Directory
from ostiary_server.replica.logout_deliveries import LogoutDeliveries
from ostiary_server.replica.readiness import Readiness
from ostiary_server.replica.revocation_set import RevokedKeys
from ostiary_state.applications.application import Application
from ostiary_state.applications.openid import OpenIDSettings
from ostiary_state.intent import StoredUser
from ostiary_state.runtime.issuer import Issuer
from ostiary_state.users.user import User
from tests.factories import ISSUER
from tests.fake_holdings import MemoryHoldings
from tests.fake_logout import MemoryDeliveries, MemorySalts
from tests.fake_registrations import MemoryRegistrations
from tests.fakes import (
    MemoryAccessTokens,
    MemoryConsents,
    MemoryDatabase,
    MemoryGrants,
    MemoryRefreshTokens,
    MemoryRevocations,
    MemorySessions,
    MemoryUsers,
)
from tests.granting import APPLICATION as CONFIDENTIAL
from tests.granting import SECRET, basic
from tests.observed import MadeKeys, Watched
from tests.openid.people import ADA
from tests.outside import Outside
from tests.pages.forms import form_of

NOW = 1_800_000_000.0
CALLBACK = "https://shop.example.com/callback"
PASSWORD = "correct horse battery staple"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
HASHED = CHEAP.hash(PASSWORD)
ALL_SCOPES = ("openid", "profile", "email", "phone", "address", "groups", "offline_access")
ALL_TYPES = ("code", "token", "id_token", "id_token token", "code id_token", "code token", "code id_token token")

# As the suite's clients are: they send no PKCE challenge, and expect the claims of scopes where section 5.4 has them.
CERTIFIED = replace(
    CONFIDENTIAL,
    callback_urls=(CALLBACK,),
    grant_modes=frozenset({"authorization_code", "implicit", "refresh_token"}),
    listed_response_types=frozenset(frozenset(listed.split(" ")) for listed in ALL_TYPES),
    scopes=ALL_SCOPES,
    pkce_required=False,
    openid=OpenIDSettings(id_token_claims_always=False),
)


@dataclass
class Provider:
    """One issuer with one application, a user, a clock, and what is outside."""

    application: Application = CERTIFIED
    issuer: Issuer = ISSUER
    now: float = NOW
    database: MemoryDatabase = field(default_factory=MemoryDatabase)
    outside: Outside = field(default_factory=Outside)
    cluster: ClusterAPI | None = None

    def __post_init__(self) -> None:
        self.directory = Directory()
        self.directory.replace_all((self.issuer,), (self.application,))
        self.ring, self.revoked, self.metrics = KeyRing(), RevokedKeys(), Metrics()
        self.statements: list[str] = []
        self.registrations = MemoryRegistrations(self.directory)
        self.noted: list[str] = []
        self.put_user("ada", ADA)
        stored = Ports(
            sessions=self._watched(MemorySessions(self.database)),
            users=self._watched(MemoryUsers(self.database)),
            consents=self._watched(MemoryConsents(self.database)),
            grants=self._watched(MemoryGrants(self.database)),
            holdings=self._watched(MemoryHoldings(self.database)),
            refresh_tokens=self._watched(MemoryRefreshTokens(self.database)),
            access_tokens=self._watched(MemoryAccessTokens(self.database)),
            revocations=self._watched(MemoryRevocations(self.database)),
            registrations=self.registrations,
        )
        around = Surroundings(
            cookie_keys=KeyMaterial((b"k" * 32,)),
            passwords=(passwords := PasswordPool(hasher=CHEAP)),
            trusted_proxies=TrustedProxies(),
            clock=lambda: self.now,
            metrics=self.metrics,
            readiness=lambda: Readiness(True, False, 1, 0.0, 0.0, 1),
            session_lifetime=12 * 3600.0,
            access_log=None,
            outbound=self.outside,
            note_use=lambda application: self.noted.append(application.client_id),
            hashed=HashedSecrets(passwords),
            note_credential=lambda application, credential: None,  # noqa: ARG005 - the port's names
            issuers=TrustedIssuers(self.outside, self.cluster, clock=lambda: self.now),
        )
        keys = MadeKeys(self.ring)
        minter = TokenMinter(self.ring, Subjects(self._watched(MemorySalts(self.database))), keys=keys)
        notices = LogoutNotices(self.directory, minter.subjects)
        self.app = create_app(Memory(self.directory, self.revoked, self.ring, keys, minter, notices), stored, around)
        self.logouts = LogoutDeliveries(
            MemoryDeliveries(self.database),
            MemorySessions(self.database),
            self.directory,
            notices,
            LogoutTokens(minter),
            self.outside,
            clock=lambda: self.now,
            metrics=self.metrics,
            chance=lambda: 0.5,
        )

    def _watched(self, repository: Any) -> Any:
        return Watched(repository, self.database, self.statements, self.revoked)

    def put(self, **fields: Any) -> Application:
        """The application's manifest was applied."""
        self.application = replace(self.application, **fields)
        self.directory.put_application(self.application)
        return self.application

    def put_openid(self, **fields: Any) -> Application:
        """The same, of its OpenID Connect settings."""
        return self.put(openid=replace(self.application.openid, **fields))

    def put_user(self, name: str, spec: Mapping[str, Any], *, not_before: float = 0.0) -> None:
        """A user's manifest was applied."""
        self.database.users[f"people/{name}", f"uid-{name}"] = StoredUser(
            id=f"people/{name}",
            incarnation=f"uid-{name}",
            username=name,
            spec=dict(spec),
            password_hash=HASHED,
            not_before=not_before,
            subject=f"u_{name}",
        )

    def user(self, name: str = "ada") -> User:
        """As the server reads one."""
        user = self.database.user(f"people/{name}", f"uid-{name}")
        assert user is not None
        return user

    def browser(self) -> Browser:
        return Browser(self)

    def client(self) -> httpx.AsyncClient:
        """A relying party's own HTTP client, without cookies."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=ISSUER.origin)

    async def post(self, path: str, form: Mapping[str, str], **how: Any) -> httpx.Response:
        """A form from the application, authenticated."""
        headers = {"authorization": basic(self.application.client_id, SECRET)} | how.pop("headers", {})
        async with self.client() as client:
            return await client.post(path, data=dict(form), headers=headers, **how)

    async def redeem(self, code: str, **form: str) -> dict[str, Any]:
        """What a correct token request for a code is answered with."""
        sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK} | form
        response = await self.post("/token", sent)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def userinfo(self, access_token: str) -> dict[str, Any]:
        """The claims of plain userinfo."""
        async with self.client() as client:
            response = await client.get("/userinfo", headers={"authorization": f"Bearer {access_token}"})
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def discovery(self) -> dict[str, Any]:
        async with self.client() as client:
            return dict((await client.get("/.well-known/openid-configuration")).json())

    async def verified(self, token: str, *, typ: str | None = "JWT") -> dict[str, Any]:
        """The claims of a JWT whose signature a published key verifies, by the algorithm that the key names."""
        async with self.client() as client:
            keys = KeySet.import_key_set((await client.get("/jwks")).json())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # of EdDSA, whose name RFC 9864 replaces
            decoded = jwt.decode(token, keys, algorithms=["RS256", "ES256", "EdDSA"])
        (key,) = [key for key in keys.keys if key.kid == decoded.header["kid"]]
        assert key.get("alg") == decoded.header["alg"]
        assert decoded.header.get("typ") == typ
        assert decoded.header.keys() <= {"alg", "kid", "typ"}, "keys come from jwks_uri (OpenID Connect Core section 2)"
        return dict(decoded.claims)

    async def verified_id_token(self, token: str, *, nonce: str | None = None) -> dict[str, Any]:
        """As OpenID Connect Core section 3.1.3.7 has it checked."""
        claims = await self.verified(token)
        assert claims["iss"] == ISSUER.origin
        assert claims["aud"] == self.application.client_id
        assert claims["sub"].isascii()
        assert 0 < len(claims["sub"]) <= 255
        assert int(self.now) <= claims["iat"] <= self.now < claims["exp"]
        assert claims.get("nonce") == nonce
        return claims


@dataclass(frozen=True, slots=True)
class Answer:
    """An authorization response as the application gets it."""

    mode: str  # query | fragment | form_post
    parameters: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.parameters[name]

    def __contains__(self, name: str) -> bool:
        return name in self.parameters


@dataclass(frozen=True, slots=True)
class Shown:
    """A page on which the browser has come to rest."""

    path: str
    response: httpx.Response


class Browser:
    """One person's browser: it keeps cookies, follows our redirects and fills in our forms."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(provider.app), base_url=ISSUER.origin)

    def request(self, **changes: Any) -> dict[str, str]:
        """A correct authorization request, but for `changes` (None: left out)."""
        values: dict[str, Any] = {
            "response_type": "code",
            "client_id": self.provider.application.client_id,
            "redirect_uri": CALLBACK,
            "scope": "openid",
            "state": "a state",
            "nonce": "n-1",
        } | changes
        return {name: str(value) for name, value in values.items() if value is not None}

    async def opens(self, method: str = "GET", **changes: Any) -> Shown | Answer:
        """Where a request to /authorize leads before anybody types."""
        parameters = self.request(**changes)
        if method == "POST":
            response = await self.http.post("/authorize", data=parameters)
        else:
            response = await self.http.get("/authorize", params=parameters)
        return await self.follow(response)

    async def follow(self, response: httpx.Response) -> Shown | Answer:
        """To the first page, or to the application."""
        while response.status_code == 303:
            location = response.headers["location"]
            if location.startswith(CALLBACK):
                return _answer(location)
            response = await self.http.get(location)
        if 'id="response"' in response.text:
            form = form_of(response)
            assert form.action == CALLBACK
            return Answer("form_post", form.fields)
        return Shown(urlsplit(str(response.request.url)).path, response)

    async def sign_in(self, shown: Shown, username: str = "ada") -> Shown | Answer:
        """Fill in the sign-in page."""
        assert shown.path == "/sign-in", shown.response.text
        form = form_of(shown.response)
        return await self.follow(await form.send(self.http, username=username, password=PASSWORD))

    async def consent(self, shown: Shown, decision: str = "allow", **fields: Any) -> Shown | Answer:
        """Decide on the consent page."""
        assert shown.path == "/consent", shown.response.text
        form = form_of(shown.response)
        return await self.follow(await form.send(self.http, decision=decision, **fields))

    async def authorized(self, *, username: str = "ada", method: str = "GET", **changes: Any) -> Answer:
        """The answer to a request, with a sign-in and a consent wherever they are asked for."""
        now = await self.opens(method, **changes)
        if isinstance(now, Shown) and now.path == "/sign-in":
            now = await self.sign_in(now, username)
        if isinstance(now, Shown) and now.path == "/consent":
            now = await self.consent(now)
        assert isinstance(now, Answer), now.response.text
        assert now["iss"] == ISSUER.origin if "response" not in now else True
        return now

    async def refused(self, **changes: Any) -> Answer:
        """The error that a request is answered with, without any page."""
        answer = await self.opens(**changes)
        assert isinstance(answer, Answer), answer.response.text
        assert "error" in answer, answer.parameters
        return answer


def _answer(location: str) -> Answer:
    parts = urlsplit(location)
    pairs = parse_qsl(parts.fragment or parts.query, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs), "a parameter is there twice"
    return Answer("fragment" if parts.fragment else "query", dict(pairs))


def link(parameters: Mapping[str, str]) -> str:
    """GET /authorize as an address."""
    return "/authorize?" + urlencode(dict(parameters))
