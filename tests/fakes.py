"""The store in memory: what PostgreSQL and SQLite do, without a wait in between. One conformance suite runs over all.

`MemoryDatabase` holds the rows; each fake is a repository over it. Intent is in `tests.fake_intent`.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ostiary_state.applications.registration import Registration
from ostiary_state.errors import StoreUnavailable
from ostiary_state.intent import Kind, StoredApplication, StoredUser, Use
from ostiary_state.runtime.access_token import OpaqueAccessToken
from ostiary_state.runtime.consent import Consent
from ostiary_state.runtime.grant import Grant
from ostiary_state.runtime.issued import Issued
from ostiary_state.runtime.issuer import Issuer
from ostiary_state.runtime.logout import Announce, LogoutDelivery, Participant, to_nobody
from ostiary_state.runtime.refresh_token import RefreshContext, RefreshFamily, RefreshToken
from ostiary_state.runtime.revocation import Revocation, RevocationKind
from ostiary_state.runtime.session import Session, SignedIn
from ostiary_state.runtime.signing_key import SigningKey
from ostiary_state.store.revocations import LONGEST_TOKEN
from ostiary_state.users.spec import OAuthUserSpec
from ostiary_state.users.user import User

Key = tuple[str, str]  # id, incarnation


@dataclass(slots=True)
class MemoryDatabase:
    """Every table. `away` makes each method raise StoreUnavailable."""

    away: bool = False
    revision: int = 0
    fence: int = 0
    trimmed: int = 0
    changes: list[tuple[int, Kind, str]] = field(default_factory=list)
    replicas: dict[str, int] = field(default_factory=dict)
    issuers: dict[str, Issuer] = field(default_factory=dict)
    signing_keys: dict[str, SigningKey] = field(default_factory=dict)
    applications: dict[Key, StoredApplication] = field(default_factory=dict)
    users: dict[Key, StoredUser] = field(default_factory=dict)
    deleted: dict[tuple[Kind, str, str], float] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    consents: dict[tuple[str, str, str], Consent] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)
    families: dict[str, RefreshFamily] = field(default_factory=dict)
    refresh_tokens: dict[bytes, RefreshToken] = field(default_factory=dict)
    access_tokens: dict[bytes, OpaqueAccessToken] = field(default_factory=dict)
    revocations: dict[tuple[RevocationKind, str], Revocation] = field(default_factory=dict)
    salts: dict[str, bytes] = field(default_factory=dict)
    deliveries: dict[str, LogoutDelivery] = field(default_factory=dict)
    registrations: dict[str, Registration] = field(default_factory=dict)
    uses: dict[tuple[str, str, str], Use] = field(default_factory=dict)

    async def statement(self) -> None:
        """Let others run, as a database would, then answer or not."""
        await asyncio.sleep(0)
        if self.away:
            raise StoreUnavailable("the database is away")

    def user(self, user_id: str, incarnation: str) -> User | None:
        """A live user as the server reads one."""
        if (Kind.USER, user_id, incarnation) in self.deleted:
            return None
        return self.user_as_of_old(user_id, incarnation)

    def user_as_of_old(self, user_id: str, incarnation: str) -> User | None:
        """Also one whose object is gone."""
        stored = self.users.get((user_id, incarnation))
        if stored is None:
            return None
        return User.from_spec(
            OAuthUserSpec.model_validate(stored.spec),
            id=stored.id,
            incarnation=stored.incarnation,
            subject=stored.subject,
            not_before=stored.not_before,
            password_hash=stored.password_hash,
        )

    def live_users(self) -> Sequence[User]:
        """All of them."""
        return [user for key in self.users if (user := self.user(*key)) is not None]

    def revoke(self, revocation: Revocation) -> None:
        """Insert or raise."""
        key = revocation.kind, revocation.id
        before = self.revocations.get(key, revocation)
        self.revocations[key] = replace(
            revocation,
            not_before=max(before.not_before, revocation.not_before),
            expires_at=max(before.expires_at, revocation.expires_at),
        )

    def revoke_families(self, grant_ids: set[str], now: float) -> None:
        """Those that are not revoked yet."""
        for family in self.families.values():
            if family.grant_id in grant_ids and family.revoked_at is None:
                self.families[family.id] = replace(family, revoked_at=now)

    def insert(self, issued: Issued) -> None:
        """What one token response stores."""
        if issued.grant is not None:
            self.grants[issued.grant.id] = issued.grant
        if issued.family is not None:
            self.families[issued.family.id] = issued.family
        if issued.refresh_token is not None:
            self.refresh_tokens[issued.refresh_token.digest] = issued.refresh_token
        if issued.access_token is not None:
            self.access_tokens[issued.access_token.digest] = issued.access_token


@dataclass(frozen=True, slots=True)
class MemorySessions:
    database: MemoryDatabase

    async def signed_in(self, digest: bytes, issuer_id: str, client_id: str | None, now: float) -> SignedIn | None:
        await self.database.statement()
        for session in self.database.sessions.values():
            if session.digest != digest or session.issuer_id != issuer_id:
                continue
            if session.ended_at is not None or session.expires_at <= now:
                return None
            user = self.database.user(session.user_id, session.user_incarnation)
            if user is None or not user.enabled or min(session.auth_time, session.created_at) <= user.not_before:
                return None
            return SignedIn(session, user, self._consent(session, user, client_id))
        return None

    async def start(self, session: Session) -> None:
        await self.database.statement()
        self.database.sessions[session.id] = session

    async def end(
        self, session_id: str, revocation: Revocation, now: float, announce: Announce = to_nobody
    ) -> Sequence[Participant]:
        await self.database.statement()
        session = self.database.sessions.get(session_id)
        if session is None or session.ended_at is not None:
            return ()
        self.database.sessions[session_id] = replace(session, ended_at=now)
        bound = {grant.id for grant in self.database.grants.values() if grant.session_id == session_id}
        for grant_id in bound:
            grant = self.database.grants[grant_id]
            self.database.grants[grant_id] = replace(grant, revoked_at=grant.revoked_at or now)
        self.database.revoke_families(bound, now)
        self.database.revoke(revocation)
        there = [grant for grant in self.database.grants.values() if grant.started_in == session_id]
        participants = list(
            dict.fromkeys(Participant(grant.application_id, grant.application_incarnation) for grant in there)
        )
        self.database.deliveries.update({delivery.id: delivery for delivery in announce(participants)})
        return participants

    async def void(self, now: float, since: float, limit: int) -> Sequence[tuple[Session, User]]:
        await self.database.statement()
        found: list[tuple[Session, User]] = []
        for session in self.database.sessions.values():
            key = session.user_id, session.user_incarnation
            user, stored = self.database.user_as_of_old(*key), self.database.users.get(key)
            if user is None or stored is None or session.ended_at is not None or session.expires_at <= now:
                continue
            instant = self.database.deleted.get((Kind.USER, *key), stored.not_before)
            if instant > since and session.created_at <= instant:
                found.append((session, user))
        return found[:limit]

    def _consent(self, session: Session, user: User, client_id: str | None) -> Consent | None:
        consent = self.database.consents.get((session.issuer_id, session.user_id, client_id or ""))
        if consent is None or consent.user_incarnation != session.user_incarnation:
            return None
        return consent if consent.granted_at > user.not_before else None


@dataclass(frozen=True, slots=True)
class MemoryUsers:
    database: MemoryDatabase

    async def by_username(self, username: str) -> User | None:
        await self.database.statement()
        return next((user for user in self.database.live_users() if user.username == username), None)

    async def by_id(self, user_id: str, incarnation: str) -> User | None:
        await self.database.statement()
        return self.database.user(user_id, incarnation)

    async def by_incarnation(self, incarnation: str) -> User | None:
        await self.database.statement()
        return next((each for each in self.database.live_users() if each.incarnation == incarnation), None)


@dataclass(frozen=True, slots=True)
class MemoryConsents:
    database: MemoryDatabase

    async def remember(self, consent: Consent) -> None:
        await self.database.statement()
        self.database.consents[consent.issuer_id, consent.user_id, consent.client_id] = consent


@dataclass(frozen=True, slots=True)
class MemoryGrants:
    database: MemoryDatabase

    async def start(self, grant: Grant) -> None:
        await self.database.statement()
        self.database.grants[grant.id] = grant

    async def by_code(self, digest: bytes) -> tuple[Grant, User | None] | None:
        await self.database.statement()
        for grant in self.database.grants.values():
            if grant.code is not None and grant.code.digest == digest:
                ended = self._session_ended(grant)
                found = replace(grant, revoked_at=ended if grant.revoked_at is None else grant.revoked_at)
                return found, self.database.user(grant.user_id, grant.user_incarnation)
        return None

    async def redeem(self, grant: Grant, issued: Issued, now: float) -> bool:
        await self.database.statement()
        stored = self.database.grants.get(grant.id)
        if stored is None or stored.code is None or stored.code.consumed_at is not None:
            return False
        if stored.revoked_at is not None or self._session_ended(stored) is not None:
            return False
        self.database.grants[grant.id] = replace(stored, code=replace(stored.code, consumed_at=now))
        self.database.insert(issued)
        return True

    async def start_with(self, issued: Issued) -> None:
        await self.database.statement()
        self.database.insert(issued)

    async def claims_request(self, grant_id: str) -> Mapping[str, Any] | None:
        await self.database.statement()
        grant = self.database.grants.get(grant_id)
        return grant.claims if grant else None

    async def revoke(self, grant_id: str, revocation: Revocation, now: float) -> None:
        await self.database.statement()
        grant = self.database.grants.get(grant_id)
        if grant is not None and grant.revoked_at is None:
            self.database.grants[grant_id] = replace(grant, revoked_at=now)
        self.database.revoke_families({grant_id}, now)
        self.database.revoke(revocation)

    def _session_ended(self, grant: Grant) -> float | None:
        session = self.database.sessions.get(grant.session_id or "")
        return session.ended_at if session is not None else None


@dataclass(frozen=True, slots=True)
class MemoryRefreshTokens:
    database: MemoryDatabase

    async def context(self, digest: bytes, now: float) -> RefreshContext | None:
        await self.database.statement()
        token = self.database.refresh_tokens.get(digest)
        if token is None:
            return None
        family = self.database.families[token.family_id]
        grant = self.database.grants[family.grant_id]
        user = self.database.user(grant.user_id, grant.user_incarnation)
        successor = self.database.refresh_tokens.get(token.successor_digest or b"")
        return RefreshContext(
            token=token,
            family=family,
            grant=grant,
            user=user,
            session_live=self._session_live(grant, user, now),
            successor_consumed=successor is not None and successor.consumed_at is not None,
        )

    async def rotate(
        self,
        presented: RefreshToken,
        family: RefreshFamily,
        successor: RefreshToken,
        sealed_successor: bytes,
        access_token: OpaqueAccessToken | None,
        now: float,
    ) -> bool:
        await self.database.statement()
        token = self.database.refresh_tokens.get(presented.digest)
        stored = self.database.families.get(family.id)
        if token is None or token.consumed_at is not None or stored is None or stored.revoked_at is not None:
            return False
        self.database.refresh_tokens[token.digest] = replace(
            token, consumed_at=now, sealed_successor=sealed_successor, successor_digest=successor.digest
        )
        self.database.families[family.id] = replace(stored, idle_expires_at=family.idle_expires_at)
        self.database.insert(Issued(refresh_token=successor, access_token=access_token))
        return True

    def _session_live(self, grant: Grant, user: User | None, now: float) -> bool:
        if grant.session_id is None:
            return True
        session = self.database.sessions.get(grant.session_id)
        if session is None or session.ended_at is not None or session.expires_at <= now:
            return False
        return session.auth_time > (user.not_before if user is not None else 0.0)


@dataclass(frozen=True, slots=True)
class MemoryAccessTokens:
    database: MemoryDatabase

    async def add(self, token: OpaqueAccessToken) -> None:
        await self.database.statement()
        self.database.access_tokens[token.digest] = token

    async def by_digest(self, digest: bytes) -> OpaqueAccessToken | None:
        await self.database.statement()
        return self.database.access_tokens.get(digest)


@dataclass(frozen=True, slots=True)
class MemoryRevocations:
    database: MemoryDatabase

    async def add(self, revocation: Revocation) -> None:
        await self.database.statement()
        self.database.revoke(revocation)

    async def load_active(self, now: float) -> Sequence[Revocation]:
        await self.database.statement()
        live = [each for each in self.database.revocations.values() if each.expires_at > now]
        return [*live, *(each for each in self._derived() if each.expires_at > now)]

    async def recent(self, within: float, now: float) -> Sequence[Revocation]:  # noqa: ARG002 - all of it is recent
        return await self.load_active(now)

    def _derived(self) -> Sequence[Revocation]:
        tables: tuple[tuple[Kind, RevocationKind, dict[Key, StoredApplication] | dict[Key, StoredUser]], ...] = (
            (Kind.APPLICATION, RevocationKind.APPLICATION, self.database.applications),
            (Kind.USER, RevocationKind.USER, self.database.users),
        )
        return [
            Revocation(revoked, row.incarnation, instant, instant + LONGEST_TOKEN)
            for kind, revoked, table in tables
            for row in table.values()
            if (instant := self.database.deleted.get((kind, row.id, row.incarnation), row.not_before)) > 0
        ]
