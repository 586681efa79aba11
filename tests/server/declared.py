"""Manifests as the operator writes them, with what a test does not care about filled in."""

import hashlib
from typing import Any

from argon2 import PasswordHasher

from ostiary_state.applications.credentials import first_credentials
from ostiary_state.intent import IntentWrite, StoredApplication, StoredUser
from ostiary_state.store.database import Database
from ostiary_state.store.intent import IntentRepository

ORIGIN = "http://login.localhost"
SECRET = "the secret of the client"
PASSWORD = "correct horse battery staple"
_CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def stored_application(
    name: str = "web", *, origin: str = ORIGIN, secret: str = SECRET, incarnation: str = "", **spec: Any
) -> StoredApplication:
    return StoredApplication(
        id=f"shop/{name}",
        incarnation=incarnation or f"uid-{name}",
        client_id=f"shop.{name}",
        origin=origin,
        namespace="",
        spec={"displayName": name, "callbackURLs": [f"https://{name}.example.com/callback"], **spec},
        credentials=first_credentials([hashlib.sha256(secret.encode()).digest()], 0.0),
    )


def stored_user(name: str = "ada") -> StoredUser:
    return StoredUser(
        id=f"shop/{name}",
        incarnation=f"uid-{name}",
        username=name,
        spec={"username": name, "displayName": name.title()},
        password_hash=_CHEAP.hash(PASSWORD),
    )


async def write(database: Database, *writes: IntentWrite, now: float = 1000.0) -> int:
    """One batch; its revision."""
    return await IntentRepository(database).write(writes, fence=0, now=now)
