"""The token side's collaborators with what a test asks about them: statements sent, keys made and looked for."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ostiary_server.protocol.key_pair import KeyPair, generate_key
from ostiary_server.protocol.signing import KeyRing, RingKey
from ostiary_server.replica.revocation_set import RevokedKeys
from tests.fakes import MemoryDatabase

FOREVER = 4_000_000_000.0


@cache
def key_pair(issuer_id: str, algorithm: str) -> KeyPair:
    """One of each for each issuer; an RSA key takes a while."""
    del issuer_id
    return generate_key(algorithm)


@dataclass
class MadeKeys:
    """Makes a key at first need, and counts how often an unknown `kid` was looked for."""

    ring: KeyRing
    reloads: list[str] = field(default_factory=list)

    async def ensure(self, issuer_id: str, algorithm: str) -> None:
        algorithms = {algorithm} | {a for a in ("ES256", "RS256", "EdDSA") if self.ring.has(issuer_id, a)}
        self.ring.replace(issuer_id, [RingKey(key_pair(issuer_id, a), 0.0, FOREVER) for a in sorted(algorithms)])

    async def reload(self, issuer_id: str) -> None:
        self.reloads.append(issuer_id)


class Watched:
    """A repository whose statements are listed, and whose revocations reach the server's set at once."""

    def __init__(
        self, repository: Any, database: MemoryDatabase, statements: list[str], revocations: RevokedKeys
    ) -> None:
        self._repository = repository
        self._database = database
        self._statements = statements
        self._revocations = revocations

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._repository, name)

        async def statement(*arguments: Any) -> Any:
            self._statements.append(name)
            answer = await method(*arguments)
            self._revocations.add_all(self._database.revocations.values())
            return answer

        return statement
