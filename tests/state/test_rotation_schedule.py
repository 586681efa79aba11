"""When a secret is due."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ostiary_state.applications.rotation_schedule import due_at
from ostiary_state.applications.rotation_spec import RotationSpec

SATURDAYS = {"cron": "0 2 * * 6", "duration": "4h", "timeZone": "Europe/Berlin"}


def at(text: str, zone: str = "Europe/Berlin") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def due(created: str, now: str, **rotation: Any) -> str | None:
    instant = due_at(RotationSpec.read(rotation), at(created), at(now))
    return None if instant is None else datetime.fromtimestamp(instant, ZoneInfo("Europe/Berlin")).isoformat()[:16]


def test_without_interval_and_window_it_is_never_due() -> None:
    assert due_at(None, 0.0, 1e9) is None
    assert due("2026-11-01", "2027-11-01") is None


def test_an_interval_counts_from_when_the_secret_was_made() -> None:
    assert due("2026-11-01T10:00", "2026-11-01T10:00", interval="24h") == "2026-11-02T10:00"
    assert due("2026-11-01T10:00", "2026-12-01T10:00", interval="24h") == "2026-11-02T10:00"


@pytest.mark.parametrize(
    ("now", "instant"),
    [
        ("2026-11-01", "2026-11-07T02:00"),  # the first Saturday
        ("2026-11-07T01:59", "2026-11-07T02:00"),
        ("2026-11-07T02:00", "2026-11-07T02:00"),
        ("2026-11-07T05:59", "2026-11-07T02:00"),
        ("2026-11-07T06:00", "2026-11-14T02:00"),  # it was missed
    ],
)
def test_a_window_alone_is_due_at_each_and_one_that_was_missed_is_followed_by_the_next(now: str, instant: str) -> None:
    assert due("2026-11-01", now, window=SATURDAYS) == instant


def test_a_secret_that_was_made_in_a_window_waits_for_the_next() -> None:
    assert due("2026-11-07T02:30", "2026-11-07T02:31", window=SATURDAYS) == "2026-11-14T02:00"


def test_an_interval_that_passes_in_an_open_window_is_due_then_and_else_when_the_next_opens() -> None:
    week = {"interval": "168h", "window": SATURDAYS}
    assert due("2026-11-07T03:00", "2026-11-10", **week) == "2026-11-14T03:00"
    assert due("2026-11-07T07:00", "2026-11-10", **week) == "2026-11-21T02:00"
    assert due("2026-11-07T07:00", "2026-11-21T03:00", **week) == "2026-11-21T02:00"
    assert due("2026-11-07T07:00", "2026-11-22", **week) == "2026-11-28T02:00"


def test_the_answer_stays_while_no_window_passes() -> None:
    """It is stored: another answer would be another write."""
    week = {"interval": "168h", "window": SATURDAYS}
    days = ("2026-11-15", "2026-11-16T12:34", "2026-11-20T23:59", "2026-11-21T02:00", "2026-11-21T05:59")
    assert {due("2026-11-07T07:00", day, **week) for day in days} == {"2026-11-21T02:00"}


def test_a_window_that_summer_time_skips_opens_when_clocks_have_moved() -> None:
    window = {"cron": "30 2 * * 0", "duration": "1h", "timeZone": "Europe/Berlin"}
    assert due("2026-03-23", "2026-03-24", window=window) == "2026-03-29T03:00"
