"""The repositories that the token side uses, in memory: the store's rules of single use, without a database."""

import asyncio
from dataclasses import dataclass, field, replace

from ostiary_server.revocation_set import RevokedKeys
from ostiary_state.errors import StoreUnavailable
from ostiary_state.runtime.access_token import OpaqueAccessToken
from ostiary_state.runtime.grant import Grant
from ostiary_state.runtime.issued import Issued
from ostiary_state.runtime.refresh_token import RefreshContext, RefreshFamily, RefreshToken
from ostiary_state.runtime.revocation import Revocation
from ostiary_state.users.user import User


@dataclass
class MemoryStore:
    """All the repositories that the token side uses. Each method waits once first, so that requests can overlap."""

    revocation_set: RevokedKeys
    users: dict[str, User] = field(default_factory=dict)
    grants: dict[str, Grant] = field(default_factory=dict)
    families: dict[str, RefreshFamily] = field(default_factory=dict)
    refresh_tokens: dict[bytes, RefreshToken] = field(default_factory=dict)
    access_tokens: dict[bytes, OpaqueAccessToken] = field(default_factory=dict)
    ended_sessions: set[str] = field(default_factory=set)
    statements: list[str] = field(default_factory=list)
    away: bool = False

    async def _statement(self, name: str) -> None:
        self.statements.append(name)
        await asyncio.sleep(0)
        if self.away:
            raise StoreUnavailable("the database is away")

    async def by_username(self, username: str) -> User | None:
        await self._statement("by_username")
        return next((user for user in self.users.values() if user.username == username), None)

    async def by_id(self, user_id: str, incarnation: str) -> User | None:
        await self._statement("by_id")
        user = self.users.get(user_id)
        return user if user and user.incarnation == incarnation else None

    async def by_subject(self, subject: str, incarnation: str) -> User | None:
        await self._statement("by_subject")
        return next((u for u in self.users.values() if (u.subject, u.incarnation) == (subject, incarnation)), None)

    async def by_code(self, digest: bytes) -> tuple[Grant, User | None] | None:
        await self._statement("by_code")
        grant = next((grant for grant in self.grants.values() if grant.code and grant.code.digest == digest), None)
        return (grant, self.users.get(grant.user_id)) if grant else None

    async def redeem(self, grant: Grant, issued: Issued, now: float) -> bool:
        await self._statement("redeem")
        stored = self.grants[grant.id]
        if stored.code is None or stored.code.consumed_at is not None:
            return False
        self.grants[grant.id] = replace(stored, code=replace(stored.code, consumed_at=now))
        self._insert(issued)
        return True

    async def start(self, grant: Grant) -> None:
        await self._statement("start")
        self.grants[grant.id] = grant

    async def start_with(self, issued: Issued) -> None:
        await self._statement("start_with")
        assert issued.grant is not None
        self.grants[issued.grant.id] = issued.grant
        self._insert(issued)

    async def revoke(self, grant_id: str, revocation: Revocation, now: float) -> None:
        await self._statement("revoke")
        self.grants[grant_id] = replace(self.grants[grant_id], revoked_at=now)
        for family in self.families.values():
            if family.grant_id == grant_id:
                self.families[family.id] = replace(family, revoked_at=now)
        self.revocation_set.add(revocation)

    async def context(self, digest: bytes, now: float) -> RefreshContext | None:  # noqa: ARG002 - the port's
        await self._statement("context")
        found = self.refresh_tokens.get(digest)
        if found is None:
            return None
        family = self.families[found.family_id]
        grant = self.grants[family.grant_id]
        successor = self.refresh_tokens.get(found.successor_digest or b"")
        return RefreshContext(
            token=found,
            family=family,
            grant=grant,
            user=self.users.get(grant.user_id),
            session_live=grant.session_id not in self.ended_sessions,
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
        await self._statement("rotate")
        stored = self.refresh_tokens[presented.digest]
        if stored.consumed_at is not None:
            return False
        self.refresh_tokens[presented.digest] = replace(
            stored, consumed_at=now, sealed_successor=sealed_successor, successor_digest=successor.digest
        )
        self.families[family.id] = family
        self._insert(Issued(refresh_token=successor, access_token=access_token))
        return True

    async def add(self, what: OpaqueAccessToken | Revocation) -> None:
        await self._statement("add")
        if isinstance(what, Revocation):
            self.revocation_set.add(what)
        else:
            self.access_tokens[what.digest] = what

    async def by_digest(self, digest: bytes) -> OpaqueAccessToken | None:
        await self._statement("by_digest")
        return self.access_tokens.get(digest)

    def _insert(self, issued: Issued) -> None:
        if issued.family:
            self.families[issued.family.id] = issued.family
        if issued.refresh_token:
            self.refresh_tokens[issued.refresh_token.digest] = issued.refresh_token
        if issued.access_token:
            self.access_tokens[issued.access_token.digest] = issued.access_token
