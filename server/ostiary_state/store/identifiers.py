"""Random names of rows."""

import secrets


def random_text() -> str:
    """128 random bits as base64url."""
    return secrets.token_urlsafe(16)
