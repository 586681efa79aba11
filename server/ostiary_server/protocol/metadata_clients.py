"""Clients whose client_id is the address of the document that describes them (OAuth Client ID Metadata Document).

What they may do is a template's, from memory, so tokens and refreshes cost no look at the document; only the
authorization endpoint reads it, for the redirect URIs.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from ostiary_server.protocol.client_metadata import ClientMetadata, InvalidMetadata, read_document
from ostiary_server.protocol.errors import PageError
from ostiary_server.protocol.ports import FetchFailed, Outbound
from ostiary_state.applications.application import Application

KEPT: Final = 300.0  # seconds that a document counts without being asked for again
MOST_KEPT: Final = 1000


class MetadataClients:
    """Reads documents, one request at a time for each of them, which all who wait for it share.

    What could not be read, or is not acceptable, is not kept (section 5.2).
    """

    def __init__(self, outbound: Outbound, *, clock: Callable[[], float]) -> None:
        self._outbound = outbound
        self._clock = clock
        self._known: dict[str, tuple[float, ClientMetadata]] = {}
        self._reading: dict[str, asyncio.Task[ClientMetadata]] = {}

    async def completed(self, application: Application) -> Application:
        """The application with the names and redirect URIs of its document; any other as it is. Raises PageError."""
        if not describes_itself(application):
            return application
        metadata = self._kept(application.client_id) or await self._shared(application.client_id)
        return described(application, metadata)

    def _kept(self, client_id: str) -> ClientMetadata | None:
        until, metadata = self._known.get(client_id, (0.0, None))
        return metadata if self._clock() < until else None

    async def _shared(self, client_id: str) -> ClientMetadata:
        reading = self._reading.get(client_id)
        if reading is None:
            reading = self._reading[client_id] = asyncio.create_task(self._read(client_id))
            reading.add_done_callback(lambda _: self._reading.pop(client_id, None))
        return await asyncio.shield(reading)  # whoever leaves does not take it from the others

    async def _read(self, client_id: str) -> ClientMetadata:
        try:
            metadata = read_document(await self._outbound.fetch(client_id, accept="application/json"), client_id)
        except FetchFailed as failed:
            message = "The client's metadata document could not be read."
            raise PageError("invalid_client", message, detail=str(failed)) from failed
        except InvalidMetadata as invalid:
            raise PageError("invalid_client", str(invalid)) from invalid
        if len(self._known) >= MOST_KEPT:
            self._known.pop(next(iter(self._known)))
        self._known[client_id] = self._clock() + KEPT, metadata
        return metadata


def describes_itself(application: Application) -> bool:
    """True for a client of a template, false for the template itself."""
    return bool(application.openid.metadata_hosts) and application.client_id.startswith("https://")


def described(application: Application, metadata: ClientMetadata) -> Application:
    """The name that a document claims stands beside the host that it comes from: anybody may claim any name."""
    return replace(
        application,
        display_name=metadata.name or urlsplit(application.client_id).hostname or application.client_id,
        callback_urls=metadata.redirect_uris,
        logo_url=None,
        homepage_url=metadata.homepage_url,
        policy_url=metadata.policy_url,
        terms_url=metadata.terms_url,
    )
