"""What applications hold of a person, in memory: the fake of `ostiary_state.store.holdings`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ostiary_state.runtime.grant import Grant
from ostiary_state.runtime.holdings import GrantsAlike, Held
from ostiary_state.runtime.revocation import Revocation, RevocationKind
from ostiary_state.store.revocations import LONGEST_TOKEN
from tests.fakes import MemoryDatabase


@dataclass(frozen=True, slots=True)
class MemoryHoldings:
    database: MemoryDatabase

    async def of_user(self, issuer_id: str, user_id: str, user_incarnation: str, now: float) -> Held:
        await self.database.statement()
        person = issuer_id, user_id, user_incarnation
        alike: dict[str, list[Grant]] = {}
        for grant in self._grants(*person):
            same = grant.client_id, grant.application_id, grant.application_incarnation, grant.scopes, grant.claims
            alike.setdefault(repr(same), []).append(grant)
        consents = self.database.consents.values()
        return Held(
            tuple(each for each in consents if (each.issuer_id, each.user_id, each.user_incarnation) == person),
            tuple(self._together(grants, now) for grants in alike.values()),
        )

    async def withdraw(
        self, issuer_id: str, user_id: str, user_incarnation: str, client_id: str, until: float, now: float
    ) -> Sequence[Revocation]:
        await self.database.statement()
        consent = self.database.consents.get((issuer_id, user_id, client_id))
        if consent is not None and consent.user_incarnation == user_incarnation:
            del self.database.consents[issuer_id, user_id, client_id]
        given = [each for each in self._grants(issuer_id, user_id, user_incarnation) if each.client_id == client_id]
        ended = [Revocation(RevocationKind.GRANT, each.id, until, until) for each in given if each.revoked_at is None]
        for grant in given:
            self.database.grants[grant.id] = replace(grant, revoked_at=grant.revoked_at or now)
        self.database.revoke_families({grant.id for grant in given}, now)
        for revocation in ended:
            self.database.revoke(revocation)
        return ended

    def _grants(self, *person: str) -> list[Grant]:
        grants = self.database.grants.values()
        return [each for each in grants if (each.issuer_id, each.user_id, each.user_incarnation) == person]

    def _together(self, grants: list[Grant], now: float) -> GrantsAlike:
        live = [grant for grant in grants if self._live(grant, now)]
        lasting = [grant for grant in live if grant.session_id is None and self._refreshable(grant, now)]
        return GrantsAlike(
            client_id=grants[0].client_id,
            application_incarnation=grants[0].application_incarnation,
            scopes=grants[0].scopes,
            claims=grants[0].claims,
            last_used=max(map(self._last_used, grants)),
            first_live=min((grant.created_at for grant in live), default=None),
            last_live=max((grant.created_at for grant in live), default=None),
            last_lasting=max((grant.created_at for grant in lasting), default=None),
        )

    def _last_used(self, grant: Grant) -> float:
        families = {family.id for family in self.database.families.values() if family.grant_id == grant.id}
        tokens = self.database.refresh_tokens.values()
        return max([grant.created_at, *(token.issued_at for token in tokens if token.family_id in families)])

    def _live(self, grant: Grant, now: float) -> bool:
        session = self.database.sessions.get(grant.session_id or "")
        if grant.revoked_at is not None or grant.expires_at <= now:
            return False
        if session is not None and session.ended_at is not None:
            return False
        return grant.created_at > now - LONGEST_TOKEN or self._refreshable(grant, now)

    def _refreshable(self, grant: Grant, now: float) -> bool:
        session = self.database.sessions.get(grant.session_id or "")
        if grant.session_id is not None and (session is None or session.expires_at <= now):
            return False
        return any(
            family.grant_id == grant.id
            and family.revoked_at is None
            and min(family.idle_expires_at, family.expires_at) > now
            for family in self.database.families.values()
        )
