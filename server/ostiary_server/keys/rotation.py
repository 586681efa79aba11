"""Signing keys that are replaced because somebody says so, whatever the schedule says."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

from ostiary_server.keys.schedule import KeySchedule
from ostiary_state.runtime.signing_key import SigningKey


class Urgency(StrEnum):
    """When the next key signs, and what becomes of the ones before it."""

    ROUTINE = "routine"  # once every cached JWKS has it; tokens of the old ones stay good
    AT_ONCE = "at once"  # now: who has cached the JWKS must fetch it anew; tokens of the old ones stay good
    COMPROMISED = "compromised"  # now, and the old ones are gone, with all that they signed


def rotated(
    present: Sequence[SigningKey],
    fresh: Mapping[str, SigningKey],
    schedule: KeySchedule,
    urgency: Urgency,
    now: float,
) -> Sequence[SigningKey]:
    """The keys that an issuer has from now on.

    `present` are its keys of all algorithms, `fresh` a new one for each. A key that is published and does not sign yet
    is taken before a fresh one, since it is in some caches already, unless it may be known to others too.
    """
    if urgency is Urgency.COMPROMISED:
        return [_active(key, now, schedule) for key in fresh.values()]
    kept = list(present)
    for algorithm, new in fresh.items():
        waiting = [key for key in present if key.algorithm == algorithm and key.active_from > now]
        at = now if urgency is Urgency.AT_ONCE else now + schedule.publication
        if not waiting:
            kept.append(_active(new, at, schedule))
        elif urgency is Urgency.AT_ONCE:
            first = min(waiting, key=lambda key: key.active_from)
            kept[kept.index(first)] = _active(first, at, schedule)
    return kept


def _active(key: SigningKey, at: float, schedule: KeySchedule) -> SigningKey:
    return replace(key, active_from=at, expires_at=schedule.expires_at(at))
