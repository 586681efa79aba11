"""Guessing gets slow; the owner of the account does not pay for it."""

import pytest

from ostiary_server.protocol.throttle import PER_ACCOUNT_AND_ADDRESS, PER_ADDRESS, Throttle, Throttled

HERE, THERE = "192.0.2.1", "198.51.100.7"


def waits(throttle: Throttle, account: str = "ada", remote: str = HERE, now: float = 0.0) -> int:
    """Seconds to wait; 0: the attempt was admitted (and counted)."""
    try:
        throttle.admit(account, remote, now)
    except Throttled as error:
        return error.retry_after
    return 0


def test_some_mistakes_are_free_and_then_each_one_doubles_the_wait() -> None:
    throttle, now, seen = Throttle(), 0.0, []
    for _ in range(PER_ACCOUNT_AND_ADDRESS.free + 4):
        while (wait := waits(throttle, now=now)) > 0:
            seen.append(wait)
            now += wait
    assert seen == [1, 2, 4, 8]


def test_attempts_made_at_the_same_moment_count_before_they_are_decided() -> None:
    throttle = Throttle()
    admitted = sum(waits(throttle) == 0 for _ in range(100))
    assert admitted == PER_ACCOUNT_AND_ADDRESS.free


def test_the_owner_signs_in_from_another_address_meanwhile() -> None:
    throttle = Throttle()
    for _ in range(50):
        waits(throttle)
    assert waits(throttle) > 0
    assert waits(throttle, remote=THERE) == 0


def test_an_address_that_tries_many_accounts_is_slowed_for_all_of_them() -> None:
    throttle = Throttle()
    admitted = sum(waits(throttle, f"user{number}") == 0 for number in range(200))
    assert admitted == PER_ADDRESS.free
    assert waits(throttle, "ada", THERE) == 0


def test_signing_in_forgets_the_account_but_not_the_guesses_at_others() -> None:
    throttle = Throttle()
    for number in range(PER_ADDRESS.free - 2):
        waits(throttle, f"user{number}")
    assert waits(throttle, "mallory") == 0
    throttle.succeeded("mallory", HERE)
    assert [waits(throttle, f"more{number}") > 0 for number in range(4)] == [False, False, True, True]


def test_an_attempt_that_was_never_decided_is_taken_back() -> None:
    throttle = Throttle()
    for _ in range(100):
        assert waits(throttle) == 0
        throttle.withdraw("ada", HERE)


def test_failures_are_forgotten_with_time() -> None:
    throttle = Throttle()
    for _ in range(PER_ACCOUNT_AND_ADDRESS.free):
        waits(throttle)
    later = PER_ACCOUNT_AND_ADDRESS.free * PER_ACCOUNT_AND_ADDRESS.forget
    assert sum(waits(throttle, now=later) == 0 for _ in range(100)) == PER_ACCOUNT_AND_ADDRESS.free


@pytest.mark.parametrize(
    ("one", "other"),
    [("2001:db8::1", "2001:db8::ffff"), ("192.0.2.1", "::ffff:192.0.2.1"), ("fe80::1%eth0", "fe80::2%eth1")],
)
def test_one_subscriber_has_one_address(one: str, other: str) -> None:
    throttle = Throttle()
    for _ in range(PER_ACCOUNT_AND_ADDRESS.free):
        waits(throttle, remote=one)
    assert waits(throttle, remote=other) > 0


@pytest.mark.parametrize("account", ["ADA", " ada ", "Ada"])
def test_spelling_the_name_differently_wins_no_attempts(account: str) -> None:
    throttle = Throttle()
    for _ in range(PER_ACCOUNT_AND_ADDRESS.free):
        waits(throttle)
    assert waits(throttle, account) > 0


def test_its_memory_is_bounded() -> None:
    throttle = Throttle(capacity=100)
    for number in range(1000):
        waits(throttle, f"user{number}", f"10.0.{number // 250}.{number % 250}")
    assert len(throttle._pairs) == len(throttle._addresses) == 100


def test_a_peer_without_an_address_is_counted_too() -> None:
    throttle = Throttle()
    assert sum(waits(throttle, remote="") == 0 for _ in range(100)) == PER_ACCOUNT_AND_ADDRESS.free
