"""A token ends when any key that it carries is revoked at or after its issue."""

import pytest

from ostiary_server.replica.revocation_set import RevokedKeys
from ostiary_state.runtime.revocation import Revocation, RevocationKind

CARRIED = {
    RevocationKind.JTI: "jti",
    RevocationKind.GRANT: "grant_id",
    RevocationKind.SESSION: "session_id",
    RevocationKind.USER: "user_incarnation",
    RevocationKind.APPLICATION: "application_incarnation",
}


def revoked(keys: RevokedKeys, issued_at: float, **carried: str) -> bool:
    return keys.revoked(issued_at=issued_at, **(dict.fromkeys(CARRIED.values()) | carried))


@pytest.mark.parametrize("kind", RevocationKind)
def test_each_kind_of_key_ends_the_tokens_that_carry_it_and_no_others(kind: RevocationKind) -> None:
    keys = RevokedKeys()
    keys.add(Revocation(kind, "x", not_before=100.0, expires_at=1000.0))
    assert revoked(keys, 100.0, **{CARRIED[kind]: "x"})
    assert not revoked(keys, 101.0, **{CARRIED[kind]: "x"})
    assert not revoked(keys, 100.0, **{CARRIED[kind]: "y"})
    others = {name: "x" for other, name in CARRIED.items() if other is not kind}
    assert not revoked(keys, 100.0, **others)


def test_an_older_revocation_does_not_lower_a_newer_one() -> None:
    keys = RevokedKeys()
    keys.add(Revocation(RevocationKind.USER, "u", not_before=200.0, expires_at=2000.0))
    keys.add_all([Revocation(RevocationKind.USER, "u", not_before=100.0, expires_at=1000.0)])
    assert revoked(keys, 150.0, user_incarnation="u")
    keys.forget_expired(1500.0)
    assert revoked(keys, 150.0, user_incarnation="u")


def test_what_no_living_token_can_carry_is_forgotten() -> None:
    keys = RevokedKeys()
    keys.add(Revocation(RevocationKind.JTI, "j", not_before=100.0, expires_at=200.0))
    keys.forget_expired(199.0)
    assert len(keys) == 1
    keys.forget_expired(200.0)
    assert len(keys) == 0
