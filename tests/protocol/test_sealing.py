"""Sealed values come back whole or not at all."""

import pytest

from ostiary_server.protocol.sealing import LONGEST_SEALED, Sealer

OLD, NEW = b"o" * 32, b"n" * 32
VALUE = {"parameters": [["state", "x"]], "session_id": None}


def sealed_with(*keys: bytes) -> str:
    return Sealer(keys).seal(VALUE, purpose="page", issuer_id="i1", expires_at=100.0)


def opened(sealed: str, *keys: bytes, purpose: str = "page", issuer_id: str = "i1", now: float = 99.0) -> object:
    return Sealer(keys).open(sealed, purpose=purpose, issuer_id=issuer_id, now=now)


def test_what_was_sealed_comes_back() -> None:
    assert opened(sealed_with(NEW), NEW) == VALUE


def test_a_key_that_was_put_behind_a_new_one_still_opens() -> None:
    assert opened(sealed_with(OLD), NEW, OLD) == VALUE
    assert opened(sealed_with(NEW, OLD), OLD) is None


@pytest.mark.parametrize(
    "changes", [{"purpose": "another"}, {"issuer_id": "i2"}, {"now": 100.0}], ids=["purpose", "issuer", "time"]
)
def test_it_does_not_open_elsewhere_or_later(changes: dict[str, object]) -> None:
    assert opened(sealed_with(NEW), NEW, **changes) is None  # type: ignore[arg-type]


def test_no_single_character_can_be_changed() -> None:
    sealed = sealed_with(NEW)
    for position in range(len(sealed) - 1):  # the last one may carry unused bits
        other = "A" if sealed[position] != "A" else "B"
        assert opened(sealed[:position] + other + sealed[position + 1 :], NEW) is None


@pytest.mark.parametrize("text", ["", "A", "ä", "not base64!", "AAAA", "A" * (LONGEST_SEALED + 1), "A" * 400])
def test_what_was_never_sealed_is_refused_quietly(text: str) -> None:
    assert opened(text, NEW) is None


def test_the_same_value_never_looks_the_same() -> None:
    assert sealed_with(NEW) != sealed_with(NEW)


def test_there_is_no_sealer_without_a_key() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Sealer(())
