"""Which address is used by whom, found by user, by address and by the name of its object."""

from collections import defaultdict
from collections.abc import Hashable
from typing import Generic, TypeVar

from ostiary_operator.addresses.exposure import object_name

User = TypeVar("User", bound=Hashable)


class InUse(Generic[User]):
    """Each user is at one address or at none."""

    def __init__(self) -> None:
        self._origins: dict[User, str] = {}
        self._users: defaultdict[str, set[User]] = defaultdict(set)
        self._named: dict[str, str] = {}

    def move(self, user: User, origin: str | None) -> str | None:
        """From where it was to this address; answers an address that lost its last user thereby."""
        before = self._origins.get(user)
        if before == origin:
            return None
        if origin is not None:
            self._origins[user] = origin
            self._users[origin].add(user)
            self._named[object_name(origin)] = origin
        else:
            del self._origins[user]
        if before is None:
            return None
        self._users[before].discard(user)
        if self._users[before]:
            return None
        del self._users[before], self._named[object_name(before)]
        return before

    def users(self, origin: str) -> tuple[User, ...]:
        """Who is there now."""
        return tuple(self._users.get(origin, ()))

    def named(self, name: str) -> str | None:
        """The address whose object has this name, if anybody is there."""
        return self._named.get(name)

    def names(self) -> frozenset[str]:
        """Of the objects of all addresses with users."""
        return frozenset(self._named)
