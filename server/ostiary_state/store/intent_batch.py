"""Writes of several manifests, brought to at most one row and one tombstone an object."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ostiary_state.intent import IntentConflict, IntentWrite, Kind, StoredApplication, StoredUser, Tombstone


@dataclass(frozen=True, slots=True)
class IntentBatch:
    """What one transaction writes: tombstones first, then rows, so that what is freed can be taken."""

    applications: Sequence[StoredApplication]
    users: Sequence[StoredUser]
    tombstones: frozenset[tuple[Kind, str, str]]  # kind, id, incarnation

    @classmethod
    def of(cls, writes: Iterable[IntentWrite]) -> "IntentBatch":
        """The last write of an object counts. Raises IntentConflict where two objects want one name."""
        applications: dict[str, StoredApplication] = {}
        users: dict[str, StoredUser] = {}
        tombstones: set[tuple[Kind, str, str]] = set()
        for write in writes:
            match write:
                case StoredApplication():
                    applications[write.id] = write
                case StoredUser():
                    users[write.id] = write
                case Tombstone():
                    tombstones.add((write.kind, write.id, write.incarnation))
                    for kind, rows in ((Kind.APPLICATION, applications), (Kind.USER, users)):
                        earlier = rows.get(write.id)
                        if kind is write.kind and earlier is not None and earlier.incarnation == write.incarnation:
                            del rows[write.id]
        _refuse_twins("client_id", [(each.client_id, each.id) for each in applications.values()])
        _refuse_twins("username", [(each.username, each.id) for each in users.values()])
        # One order for all writers: two that lock the same rows cannot wait for each other.
        return cls(
            tuple(applications[key] for key in sorted(applications)),
            tuple(users[key] for key in sorted(users)),
            frozenset(tombstones),
        )

    def ids(self, kind: Kind) -> set[str]:
        """Every object of a kind that is written or ended."""
        written: Sequence[StoredApplication | StoredUser]
        written = self.applications if kind is Kind.APPLICATION else self.users
        return {each.id for each in written} | {key for each, key, _ in self.tombstones if each is kind}


def _refuse_twins(field: str, values: Iterable[tuple[str, str]]) -> None:
    holders: dict[str, str] = {}
    for value, key in values:
        holder = holders.setdefault(value, key)
        if holder != key:
            raise IntentConflict(field, value, holder, key)
