"""A store of people, sessions, consents and grants in memory, for the authorization endpoint and its pages."""

from dataclasses import dataclass, field, replace

from ostiary_state.errors import StoreUnavailable
from ostiary_state.runtime.consent import Consent
from ostiary_state.runtime.grant import Grant
from ostiary_state.runtime.issued import Issued
from ostiary_state.runtime.revocation import Revocation
from ostiary_state.runtime.session import Session, SignedIn
from ostiary_state.users.user import User


@dataclass
class Tables:
    """What a database would hold, and how many statements it was sent."""

    users: dict[str, User] = field(default_factory=dict)
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
