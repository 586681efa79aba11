"""A legacy application's sign-in: a username and a password for tokens."""

import os
from pathlib import Path
from typing import Any

import requests

SECRET = Path(os.environ.get("OAUTH_SECRET", "/etc/oauth"))


class TryLater(Exception):
    """Too many attempts, or the service is away; the argument is the seconds to wait."""


def sign_in(username: str, password: str) -> dict[str, Any] | None:
    """The token response; None: not these, or not this person, and nobody is told which. Keep no password."""
    answer = requests.post(
        (SECRET / "token-endpoint").read_text(),
        auth=((SECRET / "client-id").read_text(), (SECRET / "client-secret").read_text()),
        data={"grant_type": "password", "username": username, "password": password, "scope": "openid profile"},
        timeout=10,
    )
    if answer.status_code == 503:
        raise TryLater(int(answer.headers["Retry-After"]))
    if answer.status_code == 400 and answer.json()["error"] == "invalid_grant":
        return None
    answer.raise_for_status()
    tokens: dict[str, Any] = answer.json()
    return tokens
