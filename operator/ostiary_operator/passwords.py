"""Hashing passwords beside the event loop: each takes tens of milliseconds of a core and 64 MiB."""

import asyncio

from ostiary_state.users import passwords


class ThreadedHasher:
    """A PasswordHasher that works on so many at a time."""

    def __init__(self, at_once: int = 2) -> None:
        self._slots = asyncio.Semaphore(at_once)

    async def hash(self, password: str) -> str:
        """argon2id with a new salt."""
        async with self._slots:
            return await asyncio.to_thread(passwords.hash, password)

    async def matches(self, password_hash: str, password: str) -> bool:
        """True if the hash is of this password."""
        async with self._slots:
            return await asyncio.to_thread(passwords.verify, password_hash, password)
