"""The little that reconciling needs of routes: the hosts of an HTTPRoute or an Ingress, and whether they count."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from typing import Literal, NamedTuple, Protocol

from ostiary_operator.reconcile.conditions import Reason

RouteKind = Literal["HTTPRoute", "Ingress"]


class RouteRef(NamedTuple):
    """A route of a namespace."""

    kind: RouteKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Admission(Enum):
    """Whether the hosts of a route are led to it."""

    ADMITTED = "admitted"  # by a gateway; an Ingress always, since nobody says so of one
    PENDING = "pending"  # no gateway has judged what the route says now
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Route:
    """What a route says."""

    hosts: tuple[str, ...]  # "" for a rule without a host
    admission: Admission = Admission.ADMITTED
    told: str = ""  # in words, why it is not admitted
    last: tuple[str, ...] | None = None  # its hosts when it was admitted last; None: not since this process began


class RouteUnreadable(Exception):
    """Whether there is such a route, and what it says, cannot be known now. The text says what to do."""

    def __init__(self, reason: Reason, message: str, last: tuple[str, ...] | None = None) -> None:
        super().__init__(message)
        self.reason, self.last = reason, last  # last: as in Route


class RoutePort(Protocol):
    """Follows routes for applications, and tells what they say."""

    def follow(self, application_id: str, routes: Collection[RouteRef]) -> None:
        """These are the routes, of its own namespace, whose changes concern an application; none: no more."""

    async def route(self, namespace: str, ref: RouteRef) -> Route | None:
        """A route that is followed; None where there is none. Raises RouteUnreadable and ClusterUnavailable."""


class NoRoutes:
    """A RoutePort without a cluster."""

    def follow(self, application_id: str, routes: Collection[RouteRef]) -> None:
        """Nothing changes."""

    async def route(self, namespace: str, ref: RouteRef) -> Route | None:  # noqa: ARG002 - the port's
        """None is ever known."""
        text = f"{ref} is not followed: routes are in a cluster, and there is none here; list callbackURLs to sign in"
        raise RouteUnreadable(Reason.NOT_FOLLOWED, text, last=())
