"""A refresh token's successor opens under its predecessor alone."""

from ostiary_server.protocol.successors import open_successor, seal_successor


def test_the_predecessor_opens_its_successor() -> None:
    assert open_successor("first", seal_successor("first", "second")) == "second"


def test_nothing_else_opens_it() -> None:
    sealed = seal_successor("first", "second")
    assert open_successor("second", sealed) is None
    assert open_successor("first", sealed[:-1] + bytes([sealed[-1] ^ 1])) is None
    assert open_successor("first", b"") is None


def test_two_sealings_of_the_same_token_differ() -> None:
    assert seal_successor("first", "second") != seal_successor("first", "second")
