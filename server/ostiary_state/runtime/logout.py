"""Telling applications that a session has ended (OpenID Connect Back-Channel and Front-Channel Logout)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Participant:
    """An application that somebody signed in to during a session."""

    application_id: str
    application_incarnation: str


@dataclass(frozen=True, slots=True)
class LogoutDelivery:
    """A logout token that is still to be delivered; the token itself is made when it is sent, and never stored."""

    id: str
    issuer_id: str
    application_id: str
    application_incarnation: str
    session_id: str  # the `sid` of the ID tokens that the application has
    subject: str  # as the application knows the person
    attempts: int  # so far
    due_at: float
    expires_at: float  # given up then


Announce = Callable[[Sequence[Participant]], Sequence[LogoutDelivery]]
"""What is to be delivered to the participants of a session that ends. Runs inside the transaction: it must not wait."""


def to_nobody(_: Sequence[Participant]) -> Sequence[LogoutDelivery]:
    """The session ends and nobody is told."""
    return ()
