"""Whether this replica may be sent requests, and how old what it knows is."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

PROBES = frozenset({"/healthz", "/readyz"})


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


class LoadedFirst:
    """Answers 503 until everything is loaded: an empty directory would tell that no address is served here."""

    def __init__(self, app: ASGIApp, loaded: Callable[[], bool]) -> None:
        self._app = app
        self._loaded = loaded
        self._opened = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._opened and scope["type"] == "http" and scope["path"] not in PROBES:
            self._opened = self._loaded()
            if not self._opened:
                body = {"error": "temporarily_unavailable", "error_description": "The server is starting. Try again."}
                answer = JSONResponse(body, 503, headers={"Retry-After": "2", "Cache-Control": "no-store"})
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)
