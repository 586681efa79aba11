"""Whether this replica may be sent requests, and how old what it knows is."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Readiness:
    """What `/readyz` tells. Ages are seconds since the store last confirmed it; None: never yet.

    A replica that has loaded stays ready while the database is away: what is in memory is right and is served,
    every replica would turn red at once, and then nothing at all would answer. The ages show it.
    """

    loaded: bool
    draining: bool
    revision: int
    revision_age: float | None
    revocations_age: float | None
    applications: int

    @property
    def ready(self) -> bool:
        """Loaded and not about to end."""
        return self.loaded and not self.draining

    def report(self) -> dict[str, Any]:
        """For the body of `/readyz`."""
        return {"ready": self.ready, **asdict(self)}
