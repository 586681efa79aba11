"""Passwords are kept as argon2id with the parameters of RFC 9106's second recommended option."""

import argon2

from ostiary_state.users import passwords


def test_a_password_verifies_against_its_own_hash_only() -> None:
    password_hash = passwords.hash("correct horse")
    assert password_hash.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.verify(password_hash, "correct horse")
    assert not passwords.verify(password_hash, "correct horse ")
    assert not passwords.verify(password_hash, "")


def test_two_hashes_of_one_password_differ() -> None:
    assert passwords.hash("x") != passwords.hash("x")


def test_what_is_no_hash_verifies_nothing() -> None:
    assert not passwords.verify("", "")
    assert not passwords.verify("$2b$12$abcdefghijklmnopqrstuv", "x")
    assert not passwords.verify("$argon2id$v=19$m=65536,t=3,p=4$broken", "x")


def test_a_password_is_the_same_however_its_keyboard_composes_letters() -> None:
    assert passwords.verify(passwords.hash("Cafe\N{COMBINING ACUTE ACCENT}"), "Caf\N{LATIN SMALL LETTER E WITH ACUTE}")


def test_a_hash_with_other_parameters_is_to_be_made_anew() -> None:
    weaker = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("x")
    assert passwords.verify(weaker, "x")
    assert passwords.needs_rehash(weaker)
    assert not passwords.needs_rehash(passwords.hash("x"))
