"""What a manifest says of how its client secret is replaced."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ostiary_state.applications.texts import ObjectName
from ostiary_state.kinds.durations import Between, Duration
from ostiary_state.kinds.manifest import EachKeyOnce, Manifest

DEFAULT_OVERLAP = Duration.parse("24h")


class RotationWindowSpec(Manifest):
    """When a secret may be replaced by schedule."""

    cron: Annotated[str, StringConstraints(min_length=9, max_length=100)]
    """When each window opens: minute, hour, day of month, month and day of week, such as 0 2 * * 6 for Saturdays at
    two."""

    duration: Annotated[Duration, Between.of("5m", "168h")] = Duration.parse("1h")
    """How long each stays open, 5m to 168h, default 1h."""

    time_zone: Annotated[str, StringConstraints(min_length=1, max_length=64)] = "UTC"
    """Time zone of cron by its name in the tz database, such as Europe/Berlin. Default UTC."""


class RestartSpec(Manifest):
    """A workload of this namespace that reads the Secret only when it starts."""

    kind: Literal["Deployment", "StatefulSet"] = "Deployment"
    """Deployment or StatefulSet."""

    name: ObjectName
    """Its name."""


class RotationSpec(Manifest):
    """How the client secret is replaced without an outage: for a time, the one before authenticates as well."""

    interval: Annotated[Duration, Between.of("1h", "17520h")] | None = None
    """Replace the secret when it is this old, 1h to 17520h (two years). Default: never by itself, or at each window
    where window is there."""

    window: RotationWindowSpec | None = None
    """Replace it only then. Default: at any time."""

    overlap: Annotated[Duration, Between.of("1m", "720h")] | None = None
    """How long the secret before goes on authenticating, 1m to 720h (30 days). The servers themselves end it then,
    whatever else is running. Default: 24h; where you change or delete the Secret yourself it ends at once."""

    revoke: Literal["AfterOverlap", "WhenUnused"] = "AfterOverlap"
    """AfterOverlap: it ends with overlap. WhenUnused: it ends earlier, when the new one has been used and the one
    before not for unusedFor; at the latest with overlap."""

    unused_for: Annotated[Duration, Between.of("1m", "168h")] = Duration.parse("1h")
    """How long the secret before must have been unused, 1m to 168h, default 1h: longer than the application goes
    without a token."""

    restart: Annotated[tuple[RestartSpec, ...], Field(max_length=8), EachKeyOnce("name")] = ()
    """Workloads of this namespace that are rolled, one after the other, when the Secret has changed: those that read it
    only when they start."""

    @property
    def longest_overlap(self) -> Duration:
        """Of a replacement that Ostiary makes."""
        return self.overlap or DEFAULT_OVERLAP
