"""Intent: what manifests declare, as it is written to the store and followed by the replicas.

Only the operator (or `ostiary up`) writes intent, in one transaction per batch whose last statement raises the
revision; a replica that has applied revision N has applied everything up to N.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from ostiary_state.applications.credentials import ClientCredential
from ostiary_state.applications.registration import Registration
from ostiary_state.runtime.issuer import Issuer


class Kind(StrEnum):
    """What a `changes` row names."""

    APPLICATION = "application"
    USER = "user"
    ISSUER = "issuer"


@dataclass(frozen=True, slots=True)
class StoredApplication:
    """An application's row as the operator compares and writes it. Equal rows need no write."""

    id: str  # "<namespace>/<name>"
    incarnation: str
    client_id: str
    origin: str  # the authentication address: its issuer is found or claimed in the same transaction
    namespace: str  # who claims that address; "" for the default issuer, which no namespace owns
    spec: Mapping[str, Any]  # the accepted spec in canonical JSON form (camelCase, defaults left out)
    credentials: tuple[ClientCredential, ...] = ()  # oldest first
    rotate_at: float | None = None  # when its current secret is to be replaced; None: never by itself
    not_before: float = 0.0  # raised when it is disabled or moves to another address: ends what it holds
    owned: bool = True  # False: kept by `deletionPolicy: Orphan` after its object went
    revision: int = 0  # 0 on the way in; the revision that wrote it on the way out
    issuer_id: str = ""  # empty on the way in
    written: str = field(default="", compare=False)  # on the way out: the fingerprint of what was, of which these tell
    changed: bool = False
    secrets_changed: bool = False
    holds: "Held | None" = None  # on the way in: the registration that is no longer pending with this write

    @property
    def secret_digests(self) -> tuple[bytes, ...]:
        """Of all secrets that it knows of."""
        return tuple(credential.digest for credential in self.credentials)


@dataclass(frozen=True, slots=True)
class Held:
    """The version of a client's registration that its OAuthApplication holds."""

    client_id: str
    version: int


@dataclass(frozen=True, slots=True)
class Use:
    """When an application was last seen to do something, to the minute or so."""

    application_id: str
    incarnation: str
    credential: str  # the id of the secret that it authenticated with; "": it was issued a token
    used_at: float
    digest: bytes | None = field(default=None, repr=False)  # of a hash, and behind it of the secret that it verified


@dataclass(frozen=True, slots=True)
class Tampering:
    """Somebody has changed or removed an object's row beside us."""

    kind: Kind
    id: str
    who: str | None  # the database's user
    removed: bool
    noticed_at: float


@dataclass(frozen=True, slots=True)
class StoredUser:
    """A user's row as the operator compares and writes it."""

    id: str
    incarnation: str
    username: str
    spec: Mapping[str, Any]  # canonical JSON form
    password_hash: str | None = None
    password_version: str | None = None  # names the Secret's content (uid/resourceVersion), never derived from it
    not_before: float = 0.0
    subject: str = ""  # minted by the store on first write when empty
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Tombstone:
    """The object is gone: stop serving it. What hung on it is ended by the server."""

    kind: Kind
    id: str
    incarnation: str  # another incarnation in the store is left alone


IntentWrite = StoredApplication | StoredUser | Tombstone


@dataclass(frozen=True, slots=True)
class ServedRevision:
    """What the live replicas report, by the database's clock."""

    minimum: int | None  # the lowest revision that a live replica has applied; None: no replica is live
    replicas: int
    ages: Mapping[str, float] = field(default_factory=dict)


class IntentConflict(Exception):
    """A write that the store's uniqueness refuses. `holder` is the id (or the namespace) that keeps the value."""

    def __init__(self, field: str, value: str, holder: str, write_id: str) -> None:
        super().__init__(f"{field} {value!r} of {write_id} belongs to {holder}")
        self.field, self.value, self.holder, self.write_id = field, value, holder, write_id


class StaleWriter(Exception):
    """Another operator holds the Lease since: this one must stop writing and exit."""


class IntentStore(Protocol):
    """The operator's side of the store. Raises StoreUnavailable when the database is away."""

    async def application(self, application_id: str) -> StoredApplication | None:
        """The row of an object's id, orphaned ones included, tombstones not."""

    async def applications(self) -> Sequence[StoredApplication]:
        """Every row that is not a tombstone, for the comparison at start: one statement."""

    async def application_of_client(self, client_id: str) -> StoredApplication | None:
        """Who holds a client id."""

    async def rotations_due(self, now: float, limit: int) -> Sequence[str]:
        """Ids of applications whose secret is to be replaced, those first that have waited longest."""

    async def overlapping(self) -> Sequence[StoredApplication]:
        """Those with an owner of which a secret authenticates until another has followed it: few at any time."""

    async def uses(self, application_ids: Collection[str]) -> Sequence[Use]:
        """Of these applications, past incarnations included."""

    async def uses_since(self, instant: float) -> Sequence[Use]:
        """Of all applications, those that were noted since."""

    async def tampering(self) -> Sequence[Tampering]:
        """What was noticed and is not settled: nothing, at nearly any time."""

    async def forget_tampering(self, settled: Sequence[Tampering]) -> None:
        """These are settled, unless they have happened again since."""

    async def user(self, user_id: str) -> StoredUser | None:
        """The row of an object's id."""

    async def users(self) -> Sequence[StoredUser]:
        """Every user that is not a tombstone."""

    async def user_of_username(self, username: str) -> StoredUser | None:
        """Who holds a username."""

    async def issuer_of_origin(self, origin: str) -> Issuer | None:
        """The live issuer of an address, whoever holds it."""

    async def registration(self, client_id: str) -> Registration | None:
        """The registration of a client that registered itself; None where it was withdrawn."""

    async def pending_registrations(self, limit: int) -> Sequence[Registration]:
        """Those that their OAuthApplication does not hold as they are, and those that were withdrawn."""

    async def clients_of(self, application_id: str) -> Sequence[str]:
        """Client ids of those that registered themselves by this template."""

    async def forget_registration(self, client_id: str) -> None:
        """Of a withdrawn one nothing is left but its row."""

    async def write(self, writes: Sequence[IntentWrite], *, fence: int, now: float) -> int:
        """Write all or nothing, in one transaction whose last statement raises the revision; returns it.

        `fence` is the Lease's transition count (0 without a Lease). Raises IntentConflict (nothing written),
        StaleWriter (a higher fence has written) or StoreUnavailable.
        """

    async def served(self) -> ServedRevision:
        """What the live replicas serve, one statement."""
