"""Client secrets as they are stored: by their digest, with when each came and when it goes."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class ClientCredential:
    """One secret of an application. Several authenticate it while one follows the other."""

    id: str  # "1", "2", ...: counted for each application
    digest: bytes  # SHA-256 of the secret: 256 random bits need no slow hash. Of `hash`, where there is one
    created_at: float
    expires_at: float | None = None  # None: until another follows it
    pending: bool = False  # stored so that every replica knows it before it stands in the Secret
    hash: str = ""  # another product's, where the secret itself is not known
    requested: str = ""  # the value of the annotation ostiary.dev/rotate when it was made

    @property
    def current(self) -> bool:
        """Whether it is the one in the Secret."""
        return self.expires_at is None and not self.pending

    def valid(self, now: float) -> bool:
        """Whether it authenticates."""
        return self.expires_at is None or now < self.expires_at

    def stored(self) -> dict[str, Any]:
        """As JSON holds it; what is not so is left out."""
        optional = (
            ("expires_at", self.expires_at),
            ("pending", self.pending),
            ("hash", self.hash),
            ("requested", self.requested),
        )
        given = {name: value for name, value in optional if value}
        return {"id": self.id, "digest": self.digest.hex(), "created_at": self.created_at, **given}

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """The reverse; members of a newer version are ignored."""
        return cls(
            id=stored["id"],
            digest=bytes.fromhex(stored["digest"]),
            created_at=stored["created_at"],
            expires_at=stored.get("expires_at"),
            pending=stored.get("pending", False),
            hash=stored.get("hash", ""),
            requested=stored.get("requested", ""),
        )


def first_credentials(digests: Iterable[bytes], created_at: float) -> tuple[ClientCredential, ...]:
    """Digests that nothing more is known of, such as those that an earlier version stored."""
    return tuple(ClientCredential(str(number), digest, created_at) for number, digest in enumerate(digests, 1))


def current_of(credentials: Iterable[ClientCredential]) -> ClientCredential | None:
    """The one in the Secret; None where nothing is known to be there."""
    return next((each for each in credentials if each.current), None)


def digest_of_secret(secret: bytes) -> bytes:
    """What is stored of a client secret."""
    return hashlib.sha256(secret).digest()
