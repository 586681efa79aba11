"""Gives each client that registered itself its OAuthApplication, and takes it away when the client has gone.

The server wrote the registration and serves it already; this follows behind, so nothing here keeps a client waiting.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from ostiary_operator.cluster import ApiRefused
from ostiary_operator.events import EventPoster
from ostiary_operator.objects import Key, ObjectKind, Objects
from ostiary_operator.reconcile.outcome import Notice
from ostiary_operator.reconcile.secret_port import ClusterUnavailable
from ostiary_operator.status import Target
from ostiary_operator.worklist import Worklist
from ostiary_state.applications.registered import object_name_of, registered_spec
from ostiary_state.applications.registration import Registration
from ostiary_state.errors import StoreUnavailable
from ostiary_state.intent import IntentStore, StoredApplication

logger = logging.getLogger(__name__)

_LOOK = 1.0  # seconds between two looks: one statement, which an empty index answers
_BATCH = 200  # clients in one look
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 300.0  # seconds before the same client is tried again


@dataclass(slots=True)
class _Tried:
    version: int
    again: float
    pause: float = _FIRST_PAUSE


class Registrar:
    """Follows `registrations`."""

    def __init__(
        self,
        store: IntentStore,
        objects: Objects,
        worklist: Worklist,
        events: EventPoster,
        clock: Callable[[], float],
        *,
        namespaces: frozenset[str],
    ) -> None:
        self._store, self._objects, self._worklist = store, objects, worklist
        self._events, self._clock, self._namespaces = events, clock, namespaces
        self._tried: dict[str, _Tried] = {}

    async def run(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(_LOOK)
            try:
                await self.once()
            except (StoreUnavailable, ClusterUnavailable) as error:
                logger.info("registered clients wait: %s", error)

    async def once(self) -> None:
        """One look. Raises StoreUnavailable and ClusterUnavailable."""
        pending = await self._store.pending_registrations(_BATCH)
        present = {each.client_id for each in pending}
        self._tried = {client_id: tried for client_id, tried in self._tried.items() if client_id in present}
        for registration in pending:
            if self._is_due(registration):
                await self._settle(registration)

    def _is_due(self, registration: Registration) -> bool:
        now = self._clock()
        tried = self._tried.get(registration.client_id)
        version = registration.version if registration.deleted_at is None else -1
        if tried is None or tried.version != version:
            self._tried[registration.client_id] = _Tried(version, now + _FIRST_PAUSE)
            return True
        if now < tried.again:
            return False
        tried.pause = min(tried.pause * 2, _LONGEST_PAUSE)
        tried.again = now + tried.pause
        return True

    async def _settle(self, registration: Registration) -> None:
        namespace, _, template_name = registration.application_id.partition("/")
        if self._namespaces and namespace not in self._namespaces:
            return
        key = Key(ObjectKind.APPLICATION, namespace, object_name_of(template_name, registration.client_id))
        if registration.deleted_at is not None:
            await self._withdraw(registration, key)
            return
        template = await self._store.application(registration.application_id)
        if template is None or template.incarnation != registration.application_incarnation:
            return  # the sweeper's
        if template.issuer_id != registration.issuer_id:
            return  # moved to another address since: nobody serves it
        body = await self._objects.get(key)
        if body is None:
            await self._make(registration, key, template)
        else:
            self._worklist.add(key, quiet=True)  # which brings the update into it

    async def _make(self, registration: Registration, key: Key, template: StoredApplication) -> None:
        told = Target(Key(key.kind, key.namespace, template.id.partition("/")[2]), template.incarnation, 0)
        try:
            await self._objects.apply(key.namespace, key.name, registered_spec(registration), template, None)
        except ApiRefused as refused:
            logger.warning("client %s has no OAuthApplication: %s", registration.client_id, refused)
            message = f"client {registration.client_id} is served without an OAuthApplication: {refused}"
            self._events.post(told, Notice("NotDeclared", message, warning=True))
        else:
            message = f"client {registration.client_id} registered itself: OAuthApplication {key.name}"
            self._events.post(told, Notice("Registered", message))

    async def _withdraw(self, registration: Registration, key: Key) -> None:
        """When the object has gone, its deletion has removed the registration, too."""
        body = await self._objects.get(key)
        if body is None:
            await self._store.forget_registration(registration.client_id)
        elif (body.get("spec") or {}).get("clientID") == registration.client_id:
            await self._objects.delete(key, body["metadata"]["uid"])
