"""What a replica reads of intent: everything once, then what has changed, each with the revision that it shows."""

from collections.abc import Sequence
from dataclasses import dataclass

from ostiary_state.applications.application import Application
from ostiary_state.runtime.issuer import Issuer


@dataclass(frozen=True, slots=True)
class Everything:
    """All live issuers and applications (disabled ones included) at one moment."""

    revision: int
    issuers: Sequence[Issuer]
    applications: Sequence[Application]


@dataclass(frozen=True, slots=True)
class Changes:
    """What was written after a revision and up to `revision`: each thing once, as it is now.

    `revision` equals the one that was asked from when nothing was written. Changes of users move it, and no more:
    users are read at sign-in.
    """

    revision: int
    issuers: Sequence[Issuer] = ()
    applications: Sequence[Application] = ()
    gone_issuers: Sequence[str] = ()  # ids
    gone_applications: Sequence[str] = ()  # ids
