"""The parts of one replica over one database, put together and not yet started."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp

from ostiary_server.app import Memory, Ports, Surroundings, create_app
from ostiary_server.endpoints.hosts import TrustedProxies
from ostiary_server.keys.keeper import KeyKeeper
from ostiary_server.keys.sealing import KeySealer
from ostiary_server.metrics import Metrics
from ostiary_server.outbound.cluster_api import ClusterAPI, mounted
from ostiary_server.outbound.public_addresses import AllowedNetworks
from ostiary_server.outbound.requests import OutboundRequests
from ostiary_server.protocol.logout_notices import LogoutNotices, LogoutTokens
from ostiary_server.protocol.passwords import PasswordPool
from ostiary_server.protocol.signing import KeyRing
from ostiary_server.protocol.subjects import Subjects
from ostiary_server.protocol.tokens import TokenMinter
from ostiary_server.protocol.trusted_issuers import TrustedIssuers
from ostiary_server.replica.directory import Directory
from ostiary_server.replica.listening import Listening
from ostiary_server.replica.logout_deliveries import LogoutDeliveries
from ostiary_server.replica.registrations import ServedRegistrations
from ostiary_server.replica.replica import Replica
from ostiary_server.replica.revocation_set import RevokedKeys
from ostiary_server.replica.revocations import (
    GrantsCountedAtOnce,
    HoldingsCountedAtOnce,
    RevocationsCountedAtOnce,
    SessionsCountedAtOnce,
)
from ostiary_server.replica.uses import NotedUses
from ostiary_server.settings import ServerSettings
from ostiary_server.transport.access_log import AccessLog
from ostiary_state.applications.application import Application
from ostiary_state.store.access_tokens import AccessTokens
from ostiary_state.store.consents import Consents
from ostiary_state.store.database import Database
from ostiary_state.store.logout_deliveries import LogoutDeliveries as LogoutQueue
from ostiary_state.store.pairwise_salts import PairwiseSalts
from ostiary_state.store.refresh_tokens import RefreshTokens
from ostiary_state.store.registrations import Registrations
from ostiary_state.store.signing_keys import SigningKeys
from ostiary_state.store.users import Users
from ostiary_state.store.uses import Uses


@dataclass(frozen=True, slots=True)
class Assembly:
    """What `Server` starts."""

    app: ASGIApp
    replica: Replica
    passwords: PasswordPool
    hashes: PasswordPool
    access_log: AccessLog | None
    outbound: OutboundRequests
    issuers: TrustedIssuers

    async def close(self) -> None:
        """Give up threads and connections, and write the last lines."""
        await self.outbound.close()
        self.passwords.close()
        self.hashes.close()
        if self.access_log is not None:
            self.access_log.flush()


def assemble(
    settings: ServerSettings,
    database: Database,
    listening: Listening | None,
    *,
    replica_id: str,
    clock: Callable[[], float],
    metrics: Metrics,
) -> Assembly:
    """Memory, ports, replica and application; nothing is read yet."""
    directory, revoked, ring = Directory(), RevokedKeys(), KeyRing()
    keys = KeyKeeper(
        SigningKeys(database),
        ring,
        KeySealer(settings.sealing_keys),
        settings.key_schedule,
        clock=clock,
        metrics=metrics,
    )
    minter = TokenMinter(ring, Subjects(PairwiseSalts(database)), keys=keys)
    outbound = OutboundRequests(AllowedNetworks(map(str, settings.outbound_networks)))
    issuers = TrustedIssuers(outbound, _cluster(settings), clock=clock)
    notices = LogoutNotices(directory, minter.subjects)
    sessions = SessionsCountedAtOnce(database, revoked)
    logouts = LogoutDeliveries(
        LogoutQueue(database),
        sessions,
        directory,
        notices,
        LogoutTokens(minter),
        outbound,
        clock=clock,
        metrics=metrics,
    )
    registrations = ServedRegistrations(Registrations(database), directory, clock=clock, metrics=metrics)
    passwords = PasswordPool(workers=settings.password_workers)
    # Not those for people: how slow a client's hash is, its namespace chooses, and nobody else must wait for that.
    hashes = PasswordPool(workers=1, waiting=8)
    uses = NotedUses(Uses(database), hashes, clock=clock, metrics=metrics)

    def note_use(application: Application) -> None:
        registrations.note(application)
        uses.issued(application)

    replica = Replica(
        database,
        replica_id=replica_id,
        directory=directory,
        revoked=revoked,
        keys=keys,
        listening=listening,
        logouts=logouts,
        registrations=registrations,
        uses=uses,
        clock=clock,
        metrics=metrics,
    )
    registrations.wake = replica.wake
    access_log = AccessLog(sys.stdout.buffer, clock) if settings.access_log else None
    stored = Ports(
        sessions=sessions,
        users=Users(database),
        consents=Consents(database),
        grants=GrantsCountedAtOnce(database, revoked),
        holdings=HoldingsCountedAtOnce(database, revoked),
        refresh_tokens=RefreshTokens(database),
        access_tokens=AccessTokens(database),
        revocations=RevocationsCountedAtOnce(database, revoked),
        registrations=registrations,
    )
    around = Surroundings(
        cookie_keys=settings.browser_keys,
        passwords=passwords,
        trusted_proxies=TrustedProxies(map(str, settings.trusted_proxies)),
        clock=clock,
        metrics=metrics,
        readiness=replica.readiness,
        session_lifetime=settings.session_lifetime,
        access_log=access_log,
        outbound=outbound,
        note_use=note_use,
        note_credential=uses.authenticated,
        hashed=uses.hashed,
        issuers=issuers,
    )
    metrics.gauge(
        "ostiary_database_connections_in_use", "Connections that transactions hold.", database.connections_in_use
    )
    metrics.gauge(
        "ostiary_cluster_issuer_keys",
        "Keys of this cluster's service account tokens that are known; 0 where they are not trusted.",
        lambda: issuers.cluster_keys,
    )
    app = create_app(Memory(directory, revoked, ring, keys, minter, notices), stored, around)
    return Assembly(app, replica, passwords, hashes, access_log, outbound, issuers)


def _cluster(settings: ServerSettings) -> ClusterAPI | None:
    if settings.cluster_issuer_discovery is None:
        return None
    return ClusterAPI(
        settings.cluster_issuer_discovery,
        authority=mounted(settings.cluster_ca_file, "ca.crt"),
        token=mounted(settings.cluster_token_file, "token"),
    )
