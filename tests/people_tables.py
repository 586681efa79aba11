"""The store in memory with people as values, and with a count of what it is asked."""

from dataclasses import dataclass, field

from ostiary_state.users.user import User
from tests.fakes import MemoryDatabase


@dataclass(slots=True)
class PeopleTables(MemoryDatabase):
    """Users are put in as the server reads them, without a manifest; one object per username."""

    people: dict[str, User] = field(default_factory=dict)
    statements: int = 0  # or transactions: calls of a port

    async def statement(self) -> None:
        await MemoryDatabase.statement(self)
        self.statements += 1

    def user(self, user_id: str, incarnation: str) -> User | None:
        wanted = user_id, incarnation
        return next((user for user in self.people.values() if (user.id, user.incarnation) == wanted), None)

    def live_users(self) -> list[User]:
        return list(self.people.values())
