"""A backup, restored into another database, serves what was: docs/operations/backup-and-restore.md, done."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from ostiary_server.keys.sealing import CannotOpen
from ostiary_state.store.engine import open_database
from ostiary_state.store.schema import migrate
from tests.postgres import USER, PostgreSQL
from tests.server.declared import SECRET, stored_application, stored_user, write
from tests.server.serving import OTHER_KEY, Served, serving

WEB = stored_application("web", grantModes=["authorization_code", "refresh_token"], consent="Skip")
Restored = Callable[[], str]  # makes a copy of what is stored now; its URL


@pytest.fixture(params=["postgresql", "sqlite"])
async def copied(request: pytest.FixtureRequest, postgresql_server: PostgreSQL, tmp_path: Path) -> tuple[str, Restored]:
    """A migrated database, and how to dump and restore it."""
    if request.param == "sqlite":
        source, target = tmp_path / "ostiary.db", tmp_path / "restored.db"
        await migrate(f"sqlite+aiosqlite:///{source}")
        return f"sqlite+aiosqlite:///{source}", lambda: _sqlite_backup(source, target)
    name = await postgresql_server.database()
    empty = await postgresql_server.database(template=None)
    return postgresql_server.url(name), lambda: _dumped_and_restored(postgresql_server, name, empty, tmp_path)


async def test_a_restored_database_serves_what_was_and_forgets_what_came_after(copied: tuple[str, Restored]) -> None:
    url, restore = copied
    database = open_database(url)
    await write(database, WEB, stored_user())
    await database.close()
    async with serving(url) as served:
        tokens = await _signed_in(served)
        restored = restore()
        later = await _refreshed(served, tokens)
        jwks = (await served.client.get("/jwks")).json()
    async with serving(restored) as served:
        assert (await served.client.get("/jwks")).json() == jwks
        told = await served.introspect(tokens["access_token"])
        assert told.json()["active"] is True
        unknown = await _refresh(served, later["refresh_token"])
        assert unknown.json()["error"] == "invalid_grant"
        assert (await _refreshed(served, tokens))["refresh_token"] != later["refresh_token"]


async def test_a_server_with_other_keys_does_not_start_over_it(copied: tuple[str, Restored]) -> None:
    url, restore = copied
    database = open_database(url)
    await write(database, WEB, stored_user())
    await database.close()
    async with serving(url):
        pass
    async with serving(restore(), loaded=False, key_encryption_keys=OTHER_KEY) as served:
        with pytest.raises(CannotOpen):
            await served.server.until_loaded()


def _sqlite_backup(source: Path, target: Path) -> str:
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)
    return f"sqlite+aiosqlite:///{target}"


def _dumped_and_restored(server: PostgreSQL, name: str, empty: str, directory: Path) -> str:
    dump = directory / "ostiary.dump"
    where = ("-h", "127.0.0.1", "-p", str(server.port), "-U", USER)
    _run("pg_dump", *where, "--format=custom", "--no-owner", f"--file={dump}", name)
    _run("pg_restore", *where, "--no-owner", f"--dbname={empty}", str(dump))
    return server.url(empty)


def _run(program: str, *arguments: str) -> None:
    found = shutil.which(program) or str(max(Path("/usr/lib/postgresql").glob(f"*/bin/{program}")))
    subprocess.run([found, *arguments], check=True, capture_output=True)


async def _signed_in(served: Served) -> dict[str, str]:
    onward = await served.sign_in()
    while not onward.headers["location"].startswith("https://web.example.com/"):
        onward = await served.client.get(onward.headers["location"])
    tokens: dict[str, str] = (await served.redeem(onward.headers["location"])).json()
    return tokens


async def _refresh(served: Served, token: str) -> httpx.Response:
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return await served.client.post("/token", data=form, auth=("shop.web", SECRET))


async def _refreshed(served: Served, tokens: dict[str, str]) -> dict[str, str]:
    answer = await _refresh(served, tokens["refresh_token"])
    assert answer.status_code == 200, answer.text
    found: dict[str, str] = answer.json()
    return found
