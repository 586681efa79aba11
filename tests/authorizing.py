"""A server for the authorization endpoint and its pages: real directory, keys and sealing, a store in memory."""

from dataclasses import replace
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
from argon2 import PasswordHasher
from fastapi import FastAPI
from starlette.requests import Request

from ostiary_server.endpoints import authorize, errors
from ostiary_server.endpoints.requests import Edge, protocol_request
from ostiary_server.pages import static
from ostiary_server.pages.account import view as account
from ostiary_server.pages.consent import view as consent
from ostiary_server.pages.error import view as error
from ostiary_server.pages.forms import Forms
from ostiary_server.pages.landing import view as landing
from ostiary_server.pages.onward import send
from ostiary_server.pages.sign_in import view as sign_in
from ostiary_server.pages.sign_out import view as sign_out
from ostiary_server.protocol.authentication import Authenticator
from ostiary_server.protocol.authorization import Authorization
from ostiary_server.protocol.browser_sessions import BrowserSessions
from ostiary_server.protocol.browser_states import BrowserStates
from ostiary_server.protocol.client_keys import ClientKeys
from ostiary_server.protocol.consent import terms
from ostiary_server.protocol.form_tokens import FormTokens
from ostiary_server.protocol.given_access import GivenAccess
from ostiary_server.protocol.id_token_hint import IdTokenHints
from ostiary_server.protocol.issuing import Issuing
from ostiary_server.protocol.logout import LogoutRequests
from ostiary_server.protocol.logout_notices import LogoutNotices
from ostiary_server.protocol.metadata_clients import MetadataClients
from ostiary_server.protocol.passwords import PasswordPool
from ostiary_server.protocol.request_objects import RequestObjects
from ostiary_server.protocol.requests import Parameters, ProtocolRequest
from ostiary_server.protocol.responding import Responder
from ostiary_server.protocol.responses import Onward, Redirect
from ostiary_server.protocol.sealing import Sealer
from ostiary_server.protocol.signing import KeyPair, KeyRing, RingKey, generate_key
from ostiary_server.protocol.subjects import Subjects
from ostiary_server.protocol.throttle import Throttle
from ostiary_server.protocol.tokens import TokenMinter, random_id, random_token
from ostiary_server.replica.directory import Directory
from ostiary_state.applications.application import Application
from ostiary_state.runtime.consent import Consent
from ostiary_state.runtime.issuer import Issuer
from tests.factories import ISSUER, application, user
from tests.fake_holdings import MemoryHoldings
from tests.fake_logout import MemorySalts
from tests.fakes import MemoryConsents, MemoryGrants, MemorySessions, MemoryUsers
from tests.outside import Outside
from tests.people_tables import PeopleTables

NOW = 1_800_000_000.0
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636 appendix B
KEYS = (b"k" * 32,)
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "correct horse battery staple"

OTHER_ISSUER = Issuer(id="i2", origin="https://login.other.example", namespace="other")

APPLICATION = application(
    display_name="Corner Shop",
    homepage_url="https://shop.example.com/",
    policy_url="https://shop.example.com/privacy",
    grant_modes=frozenset({"authorization_code", "implicit"}),
)
USER = user(password_hash=CHEAP.hash(PASSWORD))


@cache
def key_pairs() -> tuple[KeyPair, ...]:
    """One of each algorithm that the application uses; an RSA key takes a while."""
    return generate_key("ES256"), generate_key("RS256")


class World:
    """Issuers, applications, users and a clock, with the application that serves them."""

    def __init__(self, *applications: Application, issuers: tuple[Issuer, ...] = (ISSUER, OTHER_ISSUER)) -> None:
        self.now = NOW
        self.tables = PeopleTables(people={USER.username: USER})
        self.directory = Directory()
        self.directory.replace_all(issuers, applications or (APPLICATION,))
        self.ring = KeyRing()
        for issuer in issuers:
            self.ring.replace(issuer.id, [RingKey(pair, 0.0, NOW * 2) for pair in key_pairs()])
        self.sealer = Sealer(KEYS)
        self.throttle = Throttle()
        self.passwords = PasswordPool(hasher=CHEAP)
        self.outside = Outside()
        minter = TokenMinter(self.ring, Subjects(MemorySalts(self.tables)))
        notices = LogoutNotices(self.directory, minter.subjects)
        states = BrowserStates(KEYS, new_salt=random_id)
        self.sessions = BrowserSessions(MemorySessions(self.tables), notices, states, random_token=random_token)
        hints = IdTokenHints(self.ring)
        self.logout_requests = LogoutRequests(self.directory, hints, minter.subjects, self.sealer)
        self.authorization = Authorization(
            directory=self.directory,
            sessions=self.sessions,
            consents=MemoryConsents(self.tables),
            issuing=Issuing(MemoryGrants(self.tables), minter),
            responder=Responder(minter),
            request_objects=RequestObjects(ClientKeys(self.outside, clock=lambda: self.now), self.outside),
            metadata_clients=MetadataClients(self.outside, clock=lambda: self.now),
            subjects=minter.subjects,
            states=states,
            sealer=self.sealer,
            hints=hints,
        )
        self.app = self._app()

    def _app(self) -> FastAPI:
        edge = Edge(self.directory, lambda: self.now)
        forms = Forms(FormTokens(KEYS), random_token)
        authenticator = Authenticator(MemoryUsers(self.tables), self.passwords, self.throttle)

        async def parse(request: Request) -> ProtocolRequest:
            return await protocol_request(request, edge)

        app = FastAPI(openapi_url=None)
        for router in (
            authorize.router(edge, self.authorization, send),
            sign_in.router(self.authorization, authenticator, self.sessions, forms, parse),
            consent.router(self.authorization, self.sessions, forms, parse),
            sign_out.router(sign_out.SignOut(self.sessions, self.logout_requests, forms), parse),
            account.router(GivenAccess(self.directory, MemoryHoldings(self.tables)), self.sessions, forms, parse),
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

    def remember(self, consent: Consent) -> None:
        """A consent was given before."""
        self.tables.consents[consent.issuer_id, consent.user_id, consent.client_id] = consent

    def remember_everything(self) -> None:
        """The user has allowed all that the application declares."""
        self.remember(remembered(scopes=frozenset(APPLICATION.scopes)))

    def put_user(self, **fields: Any) -> None:
        """The user's manifest was applied."""
        self.tables.people[USER.username] = replace(self.tables.people[USER.username], **fields)

    def client(self, issuer: Issuer = ISSUER) -> httpx.AsyncClient:
        """A browser without JavaScript that follows no redirect by itself."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=issuer.origin)

    async def begin(self, parameters: dict[str, str] | Parameters, **fields: Any) -> str:
        """Where GET /authorize redirects the browser to, without HTTP."""
        onward = await self.onward(parameters, **fields)
        assert isinstance(onward, Redirect), onward
        return onward.location

    async def onward(self, parameters: dict[str, str] | Parameters, **fields: Any) -> Onward:
        """What GET /authorize answers the browser with, without HTTP."""
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

    async def error(self, parameters: dict[str, str], **fields: Any) -> str:
        """The error code that GET /authorize tells the client."""
        return answer(await self.begin(parameters, **fields))[1]["error"]

    async def signed_in(self, issuer: Issuer = ISSUER) -> dict[str, str]:
        """Cookies of a browser in which the user is signed in."""
        started = await self.sessions.start(USER, ("pwd",), self.request({}, issuer=issuer))
        name, _, value = started.cookies[0].partition(";")[0].partition("=")
        self.tables.statements = 0
        return {name: value}


def remembered(**fields: Any) -> Consent:
    """What the user has allowed the application a minute ago, but for `fields`."""
    values = Consent(
        issuer_id=ISSUER.id,
        user_id=USER.id,
        user_incarnation=USER.incarnation,
        client_id=APPLICATION.client_id,
        application_id=APPLICATION.id,
        application_incarnation=APPLICATION.incarnation,
        scopes=frozenset({"openid", "profile"}),
        terms=terms(APPLICATION),
        granted_at=NOW - 60,
    )
    return replace(values, **fields)


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
