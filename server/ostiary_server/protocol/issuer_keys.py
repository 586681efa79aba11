"""The keys of one issuer of workloads' tokens: fetched, kept, and followed when they are rotated."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ostiary_server.protocol.client_keys import KEPT, UNKNOWN_KEY, Key, is_named
from ostiary_server.protocol.ports import FetchFailed

STALE: Final = 3_600.0  # seconds after which a request waits for fresh keys: one that was withdrawn must not live on

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Published:
    """What an issuer publishes of itself."""

    issuer: str
    keys: Sequence[Key]


class IssuerKeys:
    """A key that is known verifies without a request to anybody; keys that are old are fetched beside the requests.

    An unknown key id is asked for at once, but not at every one. While the issuer is away, the last keys count.
    """

    def __init__(self, name: str, fetch: Callable[[], Awaitable[Published]], *, clock: Callable[[], float]) -> None:
        self._name = name
        self._fetch = fetch
        self._clock = clock
        self._known: Published | None = None
        self._fetched_at = self._tried_at = float("-inf")
        self._failure = "it was not asked yet"
        self._refreshing: asyncio.Task[None] | None = None

    @property
    def known(self) -> Published | None:
        """What was published last, if anything was ever read."""
        return self._known

    async def published(self) -> Published:
        """What is known, fetched at first need. Raises FetchFailed where nothing is."""
        if self._known is None:
            await self._refreshed()
        else:
            await self._kept_fresh()
        if self._known is None:
            raise FetchFailed(f"the keys of {self._name} are not known: {self._failure}")
        return self._known

    async def keys(self, kid: str | None) -> Sequence[Key]:
        """All of them, after a look for this one where it is not among them. Raises FetchFailed."""
        published = await self.published()
        if any(is_named(key, kid) for key in published.keys):
            return published.keys
        await self._refreshed()
        return (self._known or published).keys

    async def _kept_fresh(self) -> None:
        age = self._clock() - self._fetched_at
        if age >= STALE:
            await self._refreshed()
        elif age >= KEPT:
            self._refresh()

    async def _refreshed(self) -> None:
        """Wait for a fetch that runs, or for one of its own; at once where the last try was a moment ago."""
        if (task := self._refresh()) is not None:
            await asyncio.shield(task)  # a client that goes away does not take it from the others

    def _refresh(self) -> asyncio.Task[None] | None:
        if self._refreshing is None or self._refreshing.done():
            if self._clock() - self._tried_at < UNKNOWN_KEY:
                return None
            self._tried_at = self._clock()
            self._refreshing = asyncio.create_task(self._read())
        return self._refreshing

    async def _read(self) -> None:
        try:
            published = await self._fetch()
        except FetchFailed as failed:
            self._failure = str(failed)
            log.warning("the keys of %s cannot be read: %s", self._name, failed)
            return
        if self._known is None or self._known.issuer != published.issuer:
            log.info("tokens of %s are trusted: issuer %s, %d keys", self._name, published.issuer, len(published.keys))
        self._known, self._fetched_at = published, self._clock()
