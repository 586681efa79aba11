"""When a client secret is due to be replaced, by its manifest."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from ostiary_state.applications.rotation_spec import RotationSpec, RotationWindowSpec

_SECOND = timedelta(seconds=1)


class NotASchedule(ValueError):
    """The text says what to write instead."""


def due_at(rotation: RotationSpec | None, created_at: float, now: float) -> float | None:
    """From when a secret of `created_at` is to be replaced, at or before `now` where it is; None: never by itself.

    With a window and no interval, the first that opens afterwards is meant. One that was missed is followed by the
    next. The answer changes only when a window passes: it is stored, and must equal itself when it is asked again.
    """
    if rotation is None or (rotation.interval is None and rotation.window is None):
        return None
    old = created_at + (rotation.interval.seconds if rotation.interval is not None else 0)
    window = rotation.window
    if window is None:
        return old
    if rotation.interval is None:
        old = next(_openings(window, old))
    asked = max(old, now)
    opened = _opened_before(window, asked)
    if opened is not None and asked < opened + window.duration.seconds:
        return max(old, opened)
    return next(_openings(window, asked))


def check(window: RotationWindowSpec) -> None:
    """Raises NotASchedule."""
    try:
        ZoneInfo(window.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise NotASchedule(f"{window.time_zone!r} is no time zone: write one such as Europe/Berlin or UTC") from None
    try:
        next(_openings(window, 0.0))
    except (CronSimError, StopIteration):
        raise NotASchedule(
            f"{window.cron!r} is no schedule: write minute, hour, day of month, month and day of week,"
            " such as 0 2 * * 6"
        ) from None


def _openings(window: RotationWindowSpec, after: float) -> Iterator[float]:
    for moment in CronSim(window.cron, _local(window, after)):
        yield moment.timestamp()


def _opened_before(window: RotationWindowSpec, now: float) -> float | None:
    """When the window that is open at an instant, or was the last to be open, opened."""
    # cronsim leaves out the moment that it starts from
    backwards = CronSim(window.cron, _local(window, now) + _SECOND, reverse=True)
    moment = next(backwards, None)
    return None if moment is None else moment.timestamp()


def _local(window: RotationWindowSpec, instant: float) -> datetime:
    return datetime.fromtimestamp(instant, UTC).astimezone(ZoneInfo(window.time_zone))
