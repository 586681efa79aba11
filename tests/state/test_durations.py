"""Durations are read as Go reads them, in whole seconds, and written in one way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary_state.kinds.durations import Between, Duration


@pytest.mark.parametrize(
    ("text", "seconds", "written"),
    [
        ("60s", 60, "1m"),
        ("90s", 90, "1m30s"),
        ("10m", 600, "10m"),
        ("1h30m", 5400, "1h30m"),
        ("1h0m0s", 3600, "1h"),
        ("2160h", 7_776_000, "2160h"),
        ("1h5s", 3605, "1h5s"),
        ("0s", 0, "0s"),
    ],
)
def test_a_duration_is_read_and_written(text: str, seconds: int, written: str) -> None:
    duration = Duration.parse(text)
    assert (duration.seconds, str(duration)) == (seconds, written)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10",
        "10 m",
        "1d",
        "1.5h",
        "-1m",
        "+1m",
        "1m1h",
        "1m1m",
        "500ms",
        "m",
        "1M",
        "10m\n",
        "\N{ARABIC-INDIC DIGIT ONE}m",
        "0" * 32 + "s",
    ],
)
def test_what_is_no_duration_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match="such as 90s, 10m or 1h30m"):
        Duration.parse(text)


@given(st.integers(min_value=0, max_value=10**9))
def test_what_is_written_is_read_back(seconds: int) -> None:
    assert Duration.parse(str(Duration(seconds))) == Duration(seconds)


def test_both_ends_of_bounds_are_inside() -> None:
    bounds = Between.of("1m", "1h")
    inside = [text for text in ("59s", "60s", "3600s", "3601s") if Duration.parse(text) in bounds]
    assert inside == ["60s", "3600s"]
