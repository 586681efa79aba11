"""Registered clients without a store: written and served at once, as one replica sees them."""

from dataclasses import dataclass, field

from ostiary_server.replica.directory import Directory
from ostiary_state.applications.registration import Registration


@dataclass
class MemoryRegistrations:
    """The protocol's `Registrations` over a directory."""

    directory: Directory
    rows: dict[str, Registration] = field(default_factory=dict)

    async def add(self, registration: Registration, most: int) -> bool:
        if sum(row.application_id == registration.application_id for row in self.rows.values()) >= most:
            return False
        self._put(registration)
        return True

    async def replace(self, registration: Registration) -> bool:
        if registration.client_id not in self.rows:
            return False
        self._put(registration)
        return True

    async def remove(self, registration: Registration) -> None:
        self.rows.pop(registration.client_id, None)
        self.directory.remove_registration(registration.client_id)

    def _put(self, registration: Registration) -> None:
        self.rows[registration.client_id] = registration
        self.directory.put_registration(registration)
