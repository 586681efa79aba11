"""`ostiary rotate-keys`: new signing keys now, for a person who has a reason to."""

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from pydantic import ValidationError
from sqlalchemy.exc import ArgumentError

from ostiary_server.keys.rotation import Urgency, rotated
from ostiary_server.keys.sealing import KeySealer
from ostiary_server.protocol.key_pair import generate_key
from ostiary_server.settings import ServerSettings, complaints
from ostiary_state.errors import SchemaMismatch, StoreUnavailable
from ostiary_state.runtime.signing_key import SigningKey
from ostiary_state.store import schema
from ostiary_state.store.database import Database
from ostiary_state.store.engine import open_database
from ostiary_state.store.intent import IntentRepository
from ostiary_state.store.signing_keys import SigningKeys

_LOOK = 0.1  # seconds between looks at what replicas serve


def rotate_keys(origins: Sequence[str], urgency: Urgency, *, patience: float) -> int:
    """The exit status: 0 when every live replica has the keys, 2 when one had not in `patience` seconds, 1 on errors.

    `origins` are issuers; none: every issuer there is. Settings are the server's.
    """
    try:
        settings = ServerSettings()
    except ValidationError as refusal:
        print("ostiary rotate-keys: settings are wrong", *complaints(refusal), sep="\n", file=sys.stderr)
        return 1
    try:
        return asyncio.run(_rotate(settings, origins, urgency, patience))
    except (StoreUnavailable, SchemaMismatch, ValueError, ArgumentError) as error:
        print(f"ostiary rotate-keys: {error}", file=sys.stderr)
        return 1


async def _rotate(settings: ServerSettings, origins: Sequence[str], urgency: Urgency, patience: float) -> int:
    database = open_database(settings.database_url.get_secret_value(), pooler=settings.database_pooler)
    try:
        await schema.check(database)
        rows = SigningKeys(database)
        issuers = await rows.issuers()
        if unknown := set(origins) - issuers.keys():
            raise ValueError(f"nothing is served at {', '.join(sorted(unknown))}, but at {', '.join(sorted(issuers))}")
        revision: int | None = None
        for origin in sorted(origins or issuers):
            revision = await _rotate_one(rows, issuers[origin], origin, settings, urgency) or revision
        return 0 if revision is None else await _until_served(database, revision, patience)
    finally:
        await database.close()


async def _rotate_one(
    rows: SigningKeys, issuer_id: str, origin: str, settings: ServerSettings, urgency: Urgency
) -> int | None:
    now = time.time()
    sealer = KeySealer(settings.sealing_keys)
    held = await rows.load([issuer_id], now)
    fresh = {algorithm: _made(issuer_id, algorithm, sealer, now) for algorithm in {key.algorithm for key in held}}
    before: Sequence[SigningKey] = ()
    after: Sequence[SigningKey] = ()

    def decide(present: Sequence[SigningKey]) -> Sequence[SigningKey]:
        nonlocal before, after
        before, after = present, rotated(present, fresh, settings.key_schedule, urgency, now)
        return after

    revision = await rows.replace(issuer_id, decide)
    _say(origin, before, after, fresh, now)
    return revision


def _made(issuer_id: str, algorithm: str, sealer: KeySealer, now: float) -> SigningKey:
    pair = generate_key(algorithm)
    sealed = sealer.seal(pair.kid, pair.private_bytes())
    return SigningKey(pair.kid, issuer_id, algorithm, pair.public_jwk, sealed, now, active_from=now, expires_at=now)


def _say(
    origin: str,
    before: Sequence[SigningKey],
    after: Sequence[SigningKey],
    fresh: Mapping[str, SigningKey],
    now: float,
) -> None:
    for algorithm in sorted(fresh):
        last = max((key for key in after if key.algorithm == algorithm), key=lambda key: key.active_from)
        at = datetime.fromtimestamp(last.active_from, UTC).isoformat(timespec="seconds")
        print(f"{origin}: {algorithm} key {last.kid} signs {'now' if last.active_from <= now else f'from {at}'}")
    if gone := {key.kid for key in before} - {key.kid for key in after}:
        print(f"{origin}: removed {', '.join(sorted(gone))}")
    if not fresh:
        print(f"{origin}: has no key yet; its first is made when it is needed")


async def _until_served(database: Database, revision: int, patience: float) -> int:
    intent, deadline = IntentRepository(database), time.monotonic() + patience
    while True:
        served = await intent.served()
        if served.minimum is None:
            print("no replica runs; the next to start has these keys")
            return 0
        if served.minimum >= revision:
            print(f"replicas that have these keys: all {served.replicas}")
            return 0
        if time.monotonic() >= deadline:
            print(f"ostiary rotate-keys: one of {served.replicas} replicas does not have them yet", file=sys.stderr)
            return 2
        await asyncio.sleep(_LOOK)
