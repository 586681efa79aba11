"""argon2id in a bounded pool, so that a storm of sign-ins cannot stall tokens nor fill the memory."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ostiary_server.protocol.errors import TemporarilyUnavailable
from ostiary_state.applications.secret_hashes import SecretHash, UnusableHash
from ostiary_state.users.passwords import normalised


class PasswordPool:
    """Compares passwords with their hashes, at most `workers` at a time and `waiting` in line.

    Each comparison holds the memory of its hash's parameters (64 MiB by argon2-cffi's defaults, RFC 9106 section
    4), so `workers` bounds the memory and `waiting` the time that the last in line waits.
    """

    def __init__(self, *, workers: int = 2, waiting: int = 32, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._executor = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="argon2")
        self._places = workers + waiting
        self._taken = 0
        self._nobodys_hash = self._hasher.hash("the password of nobody")

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """True when `password` is the one that was hashed; without a hash False, after the same work.

        Raises TemporarilyUnavailable when all places are taken.
        """
        matches = await self._in_turn(self._matches, password_hash or self._nobodys_hash, password)
        return matches and password_hash is not None

    async def matches_hash(self, secret_hash: str, secret: str) -> bool:
        """The same for a client secret and another product's hash of it. Raises TemporarilyUnavailable."""
        return await self._in_turn(_matches_hash, secret_hash, secret)

    async def _in_turn(self, compare: Callable[[str, str], bool], known: str, presented: str) -> bool:
        if self._taken >= self._places:
            raise TemporarilyUnavailable("Too many sign-ins at once. Try again in a moment.", retry_after=2)
        self._taken += 1
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._executor, compare, known, presented)
        # A caller who goes away does not stop the thread: the place is free only when the work is done.
        work.add_done_callback(self._leave)
        return await asyncio.shield(work)

    def close(self) -> None:
        """Let running comparisons end and start no other."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _leave(self, _: "asyncio.Future[bool]") -> None:
        self._taken -= 1

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, normalised(password).encode("utf-8", "surrogatepass"))
        except (VerificationError, InvalidHashError):
            return False


def _matches_hash(secret_hash: str, secret: str) -> bool:
    try:
        return SecretHash.parse(secret_hash).matches(secret)
    except UnusableHash:
        return False
