"""How strongly a person was authenticated (OpenID Connect Core section 2, `acr`)."""

from typing import Final

PASSWORD: Final = "1"
"""A password, entered in this session: the one level there is. The number is what other providers use for it."""

SUPPORTED: Final = (PASSWORD,)


def acr_of(amr: tuple[str, ...]) -> str | None:
    """The level that the methods of a sign-in amount to (RFC 8176); None: they amount to none."""
    return PASSWORD if "pwd" in amr else None
