"""Form tokens fit one browser and one form."""

import pytest

from ostiary_server.protocol.form_tokens import FormTokens

TOKENS = FormTokens([b"n" * 32, b"o" * 32])


def test_a_token_is_valid_for_the_browser_and_form_it_was_made_for() -> None:
    assert TOKENS.valid(TOKENS.token("browser", "consent", "s1"), "browser", "consent", "s1")


@pytest.mark.parametrize(
    ("browser", "bound"),
    [
        ("another", ("consent", "s1")),
        (None, ("consent", "s1")),
        ("", ("consent", "s1")),
        ("browser", ("sign-in", "s1")),
        ("browser", ("consent", "s2")),
        ("browser", ("consents1",)),
        ("browserconsent", ("s1",)),
    ],
)
def test_a_token_is_worth_nothing_elsewhere(browser: str | None, bound: tuple[str, ...]) -> None:
    assert not TOKENS.valid(TOKENS.token("browser", "consent", "s1"), browser, *bound)


@pytest.mark.parametrize("token", [None, "", "x", "é" * 64])
def test_what_is_no_token_is_refused(token: str | None) -> None:
    assert not TOKENS.valid(token, "browser", "consent", "s1")


def test_a_form_shown_before_a_new_key_came_can_still_be_sent() -> None:
    assert TOKENS.valid(FormTokens([b"o" * 32]).token("browser", "x"), "browser", "x")
    assert not FormTokens([b"o" * 32]).valid(TOKENS.token("browser", "x"), "browser", "x")
