"""`python -m ostiary_server` as a process of its own, on loopback and ready to be asked."""

from __future__ import annotations

import base64
import secrets
import sys

import httpx

KEY = base64.b64encode(secrets.token_bytes(32)).decode()  # one a run, so that a server reads what another sealed


def server_command(
    database_url: str, port: int, *, access_log: bool = False, pinned: tuple[str, ...] = (), **more: str
) -> list[str]:
    """What starts one; `pinned` is put before the interpreter, such as `taskset` with its arguments; `more` settings
    have their whole names."""
    settings = {
        "OSTIARY_DATABASE_URL": database_url,
        "OSTIARY_KEY_ENCRYPTION_KEYS": KEY,
        "OSTIARY_COOKIE_KEYS": KEY,
        "OSTIARY_HOST": "127.0.0.1",
        "OSTIARY_PORT": str(port),
        "OSTIARY_METRICS_PORT": "-1",
        "OSTIARY_DRAIN_DELAY": "0",
        "OSTIARY_ACCESS_LOG": str(access_log).lower(),
    } | more
    variables = (f"{name}={value}" for name, value in settings.items())
    return ["env", *variables, *pinned, sys.executable, "-m", "ostiary_server"]


def answers(url: str) -> bool:
    """Whether something other than a failure is answered there."""
    try:
        return httpx.get(url).status_code < 500
    except httpx.TransportError:
        return False
