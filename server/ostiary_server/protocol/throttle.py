"""Slows the guessing of passwords down, without locking a person out of an account that a stranger guesses at."""

import hashlib
import ipaddress
import math
from collections import OrderedDict
from dataclasses import dataclass


class Throttled(Exception):
    """Too many wrong passwords: not before `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many attempts; try again in {retry_after} seconds.")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many failures are free, and how the wait grows after them; one failure is forgotten each `forget` s."""

    free: int
    longest: float
    forget: float

    def wait(self, failures: float) -> float:
        """Seconds to wait after that many failures: 0 while they are free, then 1, 2, 4 ... up to `longest`."""
        excess = failures - self.free
        return 0.0 if excess < 0 else min(self.longest, 2.0 ** min(excess, 30))


# A person mistypes a few times; a shared address (an office behind one NAT) has many people who do.
PER_ACCOUNT_AND_ADDRESS = Allowance(free=5, longest=900, forget=120)
PER_ADDRESS = Allowance(free=60, longest=60, forget=10)


@dataclass(slots=True)
class _Tally:
    failures: float
    at: float

    def failures_now(self, allowance: Allowance, now: float) -> float:
        return max(0.0, self.failures - max(0.0, now - self.at) / allowance.forget)


class Throttle:
    """Failures by (account, address) and by address, in memory, at most `capacity` of each: the oldest are forgotten.

    There is deliberately no count by account alone: whoever knows a username could keep its owner out with it.
    """

    def __init__(self, *, capacity: int = 20_000) -> None:
        self._capacity = capacity
        self._pairs: OrderedDict[bytes, _Tally] = OrderedDict()
        self._addresses: OrderedDict[bytes, _Tally] = OrderedDict()

    def admit(self, account: str, remote: str, now: float) -> None:
        """Count an attempt as failed before it is made, so that parallel guesses are not free.

        Raises Throttled when the last failures are too recent; nothing is counted then.
        """
        wait = max(
            self._wait(self._pairs, _pair(account, remote), PER_ACCOUNT_AND_ADDRESS, now),
            self._wait(self._addresses, _network(remote), PER_ADDRESS, now),
        )
        if wait > 0:
            raise Throttled(math.ceil(wait))
        self._count(self._pairs, _pair(account, remote), PER_ACCOUNT_AND_ADDRESS, now)
        self._count(self._addresses, _network(remote), PER_ADDRESS, now)

    def succeeded(self, account: str, remote: str) -> None:
        """Forget the account's failures from this address; the address keeps those of other accounts."""
        self._pairs.pop(_pair(account, remote), None)
        self.withdraw(account, remote)

    def withdraw(self, account: str, remote: str) -> None:
        """Take back the attempt that `admit` counted: it was never decided, or it was right."""
        for tallies, key in ((self._pairs, _pair(account, remote)), (self._addresses, _network(remote))):
            if (tally := tallies.get(key)) is not None:
                tally.failures = max(0.0, tally.failures - 1)

    def _wait(self, tallies: OrderedDict[bytes, _Tally], key: bytes, allowance: Allowance, now: float) -> float:
        tally = tallies.get(key)
        return 0.0 if tally is None else tally.at + allowance.wait(tally.failures) - now

    def _count(self, tallies: OrderedDict[bytes, _Tally], key: bytes, allowance: Allowance, now: float) -> None:
        tally = tallies.pop(key, None) or _Tally(0.0, now)
        tallies[key] = _Tally(tally.failures_now(allowance, now) + 1, now)
        while len(tallies) > self._capacity:
            tallies.popitem(last=False)


def _network(remote: str) -> bytes:
    """The address, of IPv6 the /64 that one subscriber holds."""
    try:
        address = ipaddress.ip_address(remote.partition("%")[0])
    except ValueError:
        return remote.encode("utf-8", "replace")[:64]
    if isinstance(address, ipaddress.IPv6Address):
        return address.ipv4_mapped.packed if address.ipv4_mapped else address.packed[:8]
    return address.packed


def _pair(account: str, remote: str) -> bytes:
    name = account.strip().casefold().encode("utf-8", "surrogatepass")
    return hashlib.sha256(name + b"\0" + _network(remote)).digest()
