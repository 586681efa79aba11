"""Private keys are sealed under the first key-encryption key and open with any of them."""

import pytest

from ostiary_server.keys.material import KeyMaterial
from ostiary_server.keys.sealing import CannotOpen, KeySealer

OLD, NEW = b"o" * 32, b"n" * 32


def test_what_was_sealed_opens_again_and_does_not_hold_the_key_in_the_clear() -> None:
    sealer = KeySealer(KeyMaterial([OLD]))
    sealed = sealer.seal("kid", b"private half")
    assert b"private half" not in sealed
    assert sealer.open("kid", sealed) == b"private half"


def test_two_seals_of_one_key_differ() -> None:
    sealer = KeySealer(KeyMaterial([OLD]))
    assert sealer.seal("kid", b"x") != sealer.seal("kid", b"x")


def test_a_new_key_in_front_seals_and_the_old_one_still_opens() -> None:
    before = KeySealer(KeyMaterial([OLD])).seal("kid", b"private half")
    both = KeySealer(KeyMaterial([NEW, OLD]))
    assert both.open("kid", before) == b"private half"
    assert KeySealer(KeyMaterial([NEW])).open("kid", both.seal("kid", b"private half")) == b"private half"


@pytest.mark.parametrize("damaged", [b"", b"short", None])
def test_what_cannot_be_opened_names_the_key_and_what_to_do(damaged: bytes | None) -> None:
    sealed = KeySealer(KeyMaterial([OLD])).seal("kid-7", b"private half") if damaged is None else damaged
    with pytest.raises(CannotOpen, match=r"kid-7.*OSTIARY_KEY_ENCRYPTION_KEYS"):
        KeySealer(KeyMaterial([NEW])).open("kid-7", sealed)


def test_a_sealed_key_does_not_open_under_another_kid() -> None:
    sealer = KeySealer(KeyMaterial([OLD]))
    with pytest.raises(CannotOpen):
        sealer.open("other", sealer.seal("kid", b"private half"))
