"""Every repository over one database: the memory fake, SQLite or PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass, field

from ostiary_server.protocol import ports
from ostiary_state.intent import IntentStore
from ostiary_state.store.access_tokens import AccessTokens
from ostiary_state.store.applications import Applications
from ostiary_state.store.changes import Changes
from ostiary_state.store.consents import Consents
from ostiary_state.store.database import Database
from ostiary_state.store.engine import open_database
from ostiary_state.store.grants import Grants
from ostiary_state.store.holdings import Holdings
from ostiary_state.store.intent import IntentRepository
from ostiary_state.store.limits import ConnectionLimits
from ostiary_state.store.logout_deliveries import LogoutDeliveries
from ostiary_state.store.pairwise_salts import PairwiseSalts
from ostiary_state.store.refresh_tokens import RefreshTokens
from ostiary_state.store.replicas import Replicas
from ostiary_state.store.revocations import Revocations
from ostiary_state.store.sessions import Sessions
from ostiary_state.store.signing_keys import SigningKeys
from ostiary_state.store.users import Users
from tests import fake_holdings, fake_intent, fake_logout, fakes

# Connections enough that every racer of a test has its own.
RACING = ConnectionLimits(pool_size=32)


@dataclass(frozen=True)
class Repositories:
    """What the tests of this folder use; `statements` is what an SQL database was sent."""

    intent: IntentStore
    sessions: Sessions | fakes.MemorySessions
    users: ports.Users
    consents: ports.Consents
    grants: ports.Grants
    holdings: ports.Holdings
    refresh_tokens: ports.RefreshTokens
    access_tokens: ports.AccessTokens
    revocations: Revocations | fakes.MemoryRevocations
    applications: Applications | fake_intent.MemoryApplications
    changes: Changes | fake_intent.MemoryChanges
    replicas: Replicas | fake_intent.MemoryReplicas
    signing_keys: SigningKeys | fake_intent.MemorySigningKeys
    logout_deliveries: LogoutDeliveries | fake_logout.MemoryDeliveries
    pairwise_salts: ports.PairwiseSalts
    database: Database | None = None
    url: str = ""
    statements: list[str] = field(default_factory=list)

    @property
    def sql(self) -> Database:
        """For tests of what only a database does."""
        assert self.database is not None
        return self.database


def in_memory() -> Repositories:
    """The fakes of `tests.fakes`."""
    database = fakes.MemoryDatabase()
    return Repositories(
        intent=fake_intent.MemoryIntent(database),
        sessions=fakes.MemorySessions(database),
        users=fakes.MemoryUsers(database),
        consents=fakes.MemoryConsents(database),
        grants=fakes.MemoryGrants(database),
        holdings=fake_holdings.MemoryHoldings(database),
        refresh_tokens=fakes.MemoryRefreshTokens(database),
        access_tokens=fakes.MemoryAccessTokens(database),
        revocations=fakes.MemoryRevocations(database),
        applications=fake_intent.MemoryApplications(database),
        changes=fake_intent.MemoryChanges(database),
        replicas=fake_intent.MemoryReplicas(database),
        signing_keys=fake_intent.MemorySigningKeys(database),
        logout_deliveries=fake_logout.MemoryDeliveries(database),
        pairwise_salts=fake_logout.MemorySalts(database),
    )


def in_sql(url: str, *, pooler: bool = False) -> Repositories:
    """The real ones, on a migrated database."""
    statements: list[str] = []
    database = open_database(url, limits=RACING, pooler=pooler, listeners=[statements.append])
    return Repositories(
        intent=IntentRepository(database),
        sessions=Sessions(database),
        users=Users(database),
        consents=Consents(database),
        grants=Grants(database),
        holdings=Holdings(database),
        refresh_tokens=RefreshTokens(database),
        access_tokens=AccessTokens(database),
        revocations=Revocations(database),
        applications=Applications(database),
        changes=Changes(database),
        replicas=Replicas(database),
        signing_keys=SigningKeys(database),
        logout_deliveries=LogoutDeliveries(database),
        pairwise_salts=PairwiseSalts(database),
        database=database,
        url=url,
        statements=statements,
    )
