"""The signing keys of every issuer: loaded, made at first need, rotated on schedule, and put into the key ring."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from ostiary_server.keys.schedule import KeySchedule
from ostiary_server.keys.sealing import CannotOpen, KeySealer
from ostiary_server.metrics import Metrics
from ostiary_server.protocol.key_pair import KeyPair, generate_key, load_key
from ostiary_server.protocol.signing import KeyRing, RingKey
from ostiary_state.errors import StoreUnavailable
from ostiary_state.runtime.signing_key import SigningKey
from ostiary_state.store.signing_keys import SigningKeys

ROUND = 60.0  # seconds between looks at the schedule and at what other replicas have made
UNKNOWN_KID = 5.0  # seconds between two loads that tokens with made-up key ids can cause, for each issuer

log = logging.getLogger(__name__)


class KeyKeeper:
    """The protocol's `SigningKeys`. Replicas that need the same key at once agree on one under the issuer's lock."""

    def __init__(
        self,
        rows: SigningKeys,
        ring: KeyRing,
        sealer: KeySealer,
        schedule: KeySchedule,
        *,
        clock: Callable[[], float],
        metrics: Metrics,
        generate: Callable[[str], KeyPair] = generate_key,
    ) -> None:
        self._rows = rows
        self._ring = ring
        self._sealer = sealer
        self._schedule = schedule
        self._clock = clock
        self._metrics = metrics
        self._generate = generate
        self._pairs: dict[str, KeyPair] = {}  # by kid: a key is opened once
        self._making: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._looked: dict[str, float] = {}
        self._unopened: set[str] = set()
        self._terms: dict[str, Sequence[tuple[str, float]]] = {}  # by issuer: algorithm and start of each key

    async def load(self) -> None:
        """All keys, into the ring. Raises StoreUnavailable, and CannotOpen: then this server must not start."""
        by_issuer: defaultdict[str, list[SigningKey]] = defaultdict(list)
        for key in await self._rows.load_all(self._clock()):
            if key.kid not in self._pairs:
                self._pairs[key.kid] = self._opened(key)
            by_issuer[key.issuer_id].append(key)
        for issuer_id, keys in by_issuer.items():
            self._hold(issuer_id, keys)

    async def ensure(self, issuer_id: str, algorithm: str) -> None:
        """Have a key of this algorithm in the ring. Raises StoreUnavailable when it must be made and cannot be."""
        if self._ring.has(issuer_id, algorithm):
            return
        async with self._making[issuer_id, algorithm]:
            if not self._ring.has(issuer_id, algorithm):
                self._hold(
                    issuer_id, await self._rows.load([issuer_id], self._clock())
                )  # another replica may have made it
            if not self._ring.has(issuer_id, algorithm):
                await self._make_if_due(issuer_id, algorithm)

    async def ensure_all(self, wanted: Iterable[tuple[str, str]]) -> None:
        """`ensure` for each issuer and algorithm, one after the other: RSA keys of many issuers share one core."""
        for issuer_id, algorithm in sorted(wanted):
            await self.ensure(issuer_id, algorithm)

    async def reload(self, issuer_id: str) -> None:
        """A token named an unknown `kid`: look whether another replica has made it, but not at every such token."""
        now = self._clock()
        if now - self._looked.get(issuer_id, float("-inf")) < UNKNOWN_KID:
            return
        self._looked[issuer_id] = now
        try:
            self._hold(issuer_id, await self._rows.load([issuer_id], self._clock()))
        except StoreUnavailable:
            self._metrics.store_errors.labels("keys").inc()

    async def changed(self, issuer_ids: Iterable[str]) -> None:
        """These issuers changed, perhaps because somebody replaced their keys: hold what is stored now.

        Raises StoreUnavailable. One that has no key here yet is `ensure`'s.
        """
        known = sorted(self._terms.keys() & set(issuer_ids))
        if not known:
            return
        by_issuer: dict[str, list[SigningKey]] = {issuer_id: [] for issuer_id in known}
        for key in await self._rows.load(known, self._clock()):
            by_issuer[key.issuer_id].append(key)
        for issuer_id, keys in by_issuer.items():
            self._hold(issuer_id, keys)

    async def rotate(self, wanted: Iterable[tuple[str, str]]) -> None:
        """Take over what other replicas have made, make what is due, remove what no living token was signed with.

        `wanted` are issuers with the algorithms that they sign with. Raises StoreUnavailable.
        """
        now = self._clock()
        by_issuer: defaultdict[str, list[SigningKey]] = defaultdict(list)
        for key in await self._rows.load_all(now):
            by_issuer[key.issuer_id].append(key)
        for issuer_id, keys in by_issuer.items():
            self._hold(issuer_id, keys)
        for issuer_id, algorithm in sorted(wanted):
            same = [key for key in by_issuer[issuer_id] if key.algorithm == algorithm]
            if self._schedule.next_active_from(same, now) is not None:
                async with self._making[issuer_id, algorithm]:
                    await self._make_if_due(issuer_id, algorithm)
        unneeded = [key for keys in by_issuer.values() for key in keys if self._needed_until(key, keys) <= now]
        if unneeded:
            await self._rows.forget([key.kid for key in unneeded])

    async def run(self, wanted: Callable[[], Iterable[tuple[str, str]]], *, interval: float = ROUND) -> None:
        """For ever: rotate on schedule."""
        while True:
            await asyncio.sleep(interval)
            try:
                await self.rotate(wanted())
            except StoreUnavailable:
                self._metrics.store_errors.labels("keys").inc()

    def signing_age(self) -> float:
        """Seconds since the longest-serving of the keys that sign now took over; 0 without keys. For the metrics."""
        now = self._clock()
        started: dict[tuple[str, str], float] = {}
        for issuer_id, terms in self._terms.items():
            for algorithm, active_from in terms:
                if active_from <= now:
                    key = issuer_id, algorithm
                    started[key] = max(active_from, started.get(key, active_from))
        return now - min(started.values(), default=now)

    async def _make_if_due(self, issuer_id: str, algorithm: str) -> None:
        pair = await asyncio.to_thread(self._generate, algorithm)  # up to a second of RSA, and no lock is held yet
        sealed = self._sealer.seal(pair.kid, pair.private_bytes())
        made: list[SigningKey] = []

        def decide(keys: Sequence[SigningKey]) -> Sequence[SigningKey]:
            made.clear()
            now = self._clock()
            active_from = self._schedule.next_active_from([key for key in keys if key.algorithm == algorithm], now)
            if active_from is None:
                return ()  # another replica was first
            expires_at = self._schedule.expires_at(active_from)
            made.append(
                SigningKey(pair.kid, issuer_id, algorithm, pair.public_jwk, sealed, now, active_from, expires_at)
            )
            return made

        try:
            keys = await self._rows.add(issuer_id, decide)
        except LookupError:
            log.info("no key was made for issuer %s, which is gone", issuer_id)
            return
        if made:
            self._pairs[pair.kid] = pair
            log.info("made the %s signing key %s of issuer %s", algorithm, pair.kid, issuer_id)
        self._hold(issuer_id, keys)

    def _hold(self, issuer_id: str, keys: Sequence[SigningKey]) -> None:
        """Put an issuer's keys into the ring; one that does not open is left out, and logged once."""
        held: list[RingKey] = []
        for key in keys:
            if key.kid not in self._pairs:
                try:
                    self._pairs[key.kid] = self._opened(key)
                except CannotOpen as refusal:
                    if key.kid not in self._unopened:
                        log.error("%s", refusal)
                    self._unopened.add(key.kid)
                    continue
            held.append(RingKey(self._pairs[key.kid], key.active_from, self._needed_until(key, keys)))
        self._ring.replace(issuer_id, held)
        self._terms[issuer_id] = [(key.algorithm, key.active_from) for key in keys]

    def _needed_until(self, key: SigningKey, keys: Sequence[SigningKey]) -> float:
        return self._schedule.needed_until(key, [other for other in keys if other.algorithm == key.algorithm])

    def _opened(self, key: SigningKey) -> KeyPair:
        return load_key(key.algorithm, self._sealer.open(key.kid, key.sealed_private_key))
