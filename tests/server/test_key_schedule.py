"""Keys are published before they sign and kept after; the schedule holds for any start and any delay."""

from hypothesis import given
from hypothesis import strategies as st

from ostiary_server.keys.schedule import KeySchedule
from ostiary_state.runtime.signing_key import SigningKey

DAY = 86_400.0
SCHEDULE = KeySchedule(signing=30 * DAY, publication=3_600.0)


def key(active_from: float, *, kid: str = "k") -> SigningKey:
    return SigningKey(kid, "i1", "ES256", {}, b"", active_from, active_from, SCHEDULE.expires_at(active_from))


def test_the_first_key_of_an_issuer_signs_at_once() -> None:
    assert SCHEDULE.next_active_from([], 1000.0) == 1000.0


def test_no_key_is_due_before_the_next_must_be_published() -> None:
    assert SCHEDULE.next_active_from([key(0.0)], 30 * DAY - 3_601.0) is None


def test_the_next_key_is_made_one_cache_lifetime_before_it_signs() -> None:
    assert SCHEDULE.next_active_from([key(0.0)], 30 * DAY - 3_600.0) == 30 * DAY


def test_a_late_rotation_still_publishes_before_it_signs() -> None:
    assert SCHEDULE.next_active_from([key(0.0)], 40 * DAY) == 40 * DAY + 3_600.0


def test_no_second_next_key_is_made_while_one_waits() -> None:
    assert SCHEDULE.next_active_from([key(0.0), key(30 * DAY)], 30 * DAY - 10) is None


def test_a_key_is_published_until_the_last_token_that_it_signed_has_expired() -> None:
    old, new = key(0.0), key(30 * DAY, kid="n")
    assert SCHEDULE.needed_until(old, [old, new]) == 31 * DAY
    assert SCHEDULE.needed_until(new, [old, new]) == float("inf")


def test_a_key_that_is_about_to_be_removed_is_replaced_at_once() -> None:
    assert SCHEDULE.next_active_from([key(0.0)], 60 * DAY) == 60 * DAY


@given(st.lists(st.floats(min_value=60.0, max_value=25 * DAY), max_size=40))
def test_whenever_replicas_look_every_key_was_published_before_it_signed(pauses: list[float]) -> None:
    now, keys = 0.0, list[SigningKey]()
    for pause in pauses:
        now += pause
        due = SCHEDULE.next_active_from(keys, now)
        if due is not None:
            assert not keys or due >= now + SCHEDULE.publication
            assert not keys or due > max(known.active_from for known in keys)
            keys.append(key(due))
