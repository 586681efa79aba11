"""A real PostgreSQL for tests: one server a run, one database a test, copied from a migrated template.

PostgreSQL refuses to run as root, so root starts it as another user. Nothing of it survives the run, hence no fsync.
"""

from __future__ import annotations

import asyncio
import glob
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from ostiary_state.store.schema import migrate
from tests import system_packages
from tests.processes import Child, free_port

USER = "ostiary"
START_S = 30.0
TEMPLATE = "ostiary_template"

# Whoever is not root on this machine and owns nothing: PostgreSQL's own user where Debian made one.
UNPRIVILEGED = ("postgres", "nobody")

SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "autovacuum": "off",
    "listen_addresses": "127.0.0.1",
}


@dataclass(slots=True)
class PostgreSQL:
    """A server in a folder of its own, on a Unix socket in it and a loopback port.

    Start and stop it in the main thread: the kernel ends it with the thread that started it.
    """

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    copied_from: PostgreSQL | None = None  # a standby of that one
    port: int = field(default_factory=free_port)
    _server: Child | None = None
    _names: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def start(self) -> None:
        """Returns once it answers. Raises RuntimeError with the log's end."""
        if self._server is None:
            self._initialise()
        assert self._server is not None
        self._server.start()
        self._server.wait_until(self.answers, START_S)

    def stop(self, how: str = "immediate") -> None:
        """Ends every connection at once; `fast` is an administrator's way, which tells the clients."""
        assert self._server is not None
        stop = [*as_user(), _binary("pg_ctl"), "stop", "-D", self._data, "-m", how, "-t", "10"]
        subprocess.run(stop, check=False, capture_output=True, cwd=self.folder)
        self._server.kill()  # where a test has stopped it already there was nobody to ask

    def crash(self) -> None:
        """What a lost machine is: every process ends at once, and nothing is written or said."""
        assert self._server is not None
        pid = self._server.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        self._server.kill()
        for child in map(int, children):
            with suppress(ProcessLookupError):  # it noticed that its parent is gone
                os.kill(child, signal.SIGKILL)

    def promote(self) -> None:
        """Make the primary of a standby; returns once it takes writes."""
        self._run("pg_ctl", "promote", "-D", self._data, "-w")

    async def wait_for_standbys(self) -> None:
        """From here on a commit is answered once a standby has it."""
        await self.administer("ALTER SYSTEM SET synchronous_standby_names = '*'")
        await self.administer("SELECT pg_reload_conf()")
        await self._until("SELECT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync')")

    async def catch_up(self) -> None:
        """Returns once a standby shows what its primary has committed so far."""
        assert self.copied_from is not None
        committed = await self.copied_from.ask("SELECT pg_current_wal_lsn()::text")
        await self._until(f"SELECT pg_last_wal_replay_lsn() >= '{committed}'::pg_lsn")

    def restart(self) -> None:
        """What an administrator's restart is to a client: every connection dies, and new ones work soon after."""
        self.stop("fast")
        self.start()

    def answers(self) -> bool:
        """Whether it accepts connections now."""
        command = [_binary("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(command, check=False).returncode == 0

    def url(self, database: str) -> str:
        """For `open_database`."""
        return f"postgresql+asyncpg://{USER}@127.0.0.1:{self.port}/{database}"

    async def database(self, *, template: str | None = TEMPLATE) -> str:
        """The name of a new database, a copy of the template; None: an empty one."""
        name = f"test_{next(self._names)}"
        await self.administer(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))
        return name

    async def drop(self, name: str) -> None:
        """Remove a database with whoever is connected."""
        await self.administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def make_template(self) -> None:
        """Migrate once; every test copies it, which takes some 20 ms."""
        await self.administer(f'CREATE DATABASE "{TEMPLATE}"')
        await migrate(self.url(TEMPLATE))

    async def administer(self, statement: str, *, database: str = "postgres") -> None:
        """Run one statement as the superuser."""
        async with self._connected(database) as connection:
            await connection.execute(statement)

    async def ask(self, query: str) -> Any:
        """The one value of a query, as the superuser."""
        async with self._connected() as connection:
            return await connection.fetchval(query)

    async def _until(self, query: str) -> None:
        async with asyncio.timeout(START_S):
            while not await self.ask(query):  # noqa: ASYNC110 - another process has no event for it
                await asyncio.sleep(0.02)

    @asynccontextmanager
    async def _connected(self, database: str = "postgres") -> AsyncIterator[Any]:
        connection = await asyncpg.connect(host="127.0.0.1", port=self.port, user=USER, database=database)
        try:
            yield connection
        finally:
            await connection.close()

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _initialise(self) -> None:
        if self.copied_from is None:
            self._run("initdb", "-D", self._data, "-U", USER, "-A", "trust", "-E", "UTF8", "-N")
        else:
            source = ("-h", "127.0.0.1", "-p", str(self.copied_from.port), "-U", USER)
            self._run("pg_basebackup", "-D", self._data, *source, "-R", "-X", "stream", "-c", "fast", "-N")
        settings = [f"-c{name}={value}" for name, value in {**SETTINGS, **self.settings}.items()]
        command = [*as_user(), _binary("postgres"), "-D", self._data, "-k", self.folder, "-p", str(self.port)]
        self._server = Child([*command, *settings], self.folder / "log")

    def _run(self, tool: str, *arguments: str | Path) -> None:
        command = [*as_user(), _binary(tool), *arguments]
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        subprocess.run(command, check=True, capture_output=True, env=environment, cwd=self.folder)


@contextmanager
def running(
    *, copied_from: PostgreSQL | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[PostgreSQL]:
    """A new server, or the standby of one, started; gone with its folder afterwards."""
    with private_folder() as folder:
        server = PostgreSQL(folder, settings or {}, copied_from)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def private_folder() -> Iterator[Path]:
    """A new folder of the user that PostgreSQL runs as."""
    folder = Path(tempfile.mkdtemp(prefix="ostiary-postgresql-"))
    hand_over(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def hand_over(*paths: Path) -> None:
    """Give files of ours to the user that PostgreSQL runs as."""
    if os.geteuid() == 0:
        account = _unprivileged()
        for path in paths:
            os.chown(path, account.pw_uid, account.pw_gid)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgreSQL]:
    """One for the whole run, with a migrated template."""
    with running() as server:
        asyncio.run(server.make_template())
        yield server


@pytest.fixture
async def postgresql_url(postgresql_server: PostgreSQL) -> AsyncIterator[str]:
    """A migrated database of this test's own."""
    name = await postgresql_server.database()
    yield postgresql_server.url(name)
    await postgresql_server.drop(name)


@pytest.fixture
async def empty_postgresql_url(postgresql_server: PostgreSQL) -> AsyncIterator[str]:
    """A database without a schema."""
    name = await postgresql_server.database(template=None)
    yield postgresql_server.url(name)
    await postgresql_server.drop(name)


@pytest.fixture
def own_postgresql() -> Iterator[PostgreSQL]:
    """A server that one test may stop and start."""
    with running() as server:
        yield server


@pytest.fixture
def own_standby(own_postgresql: PostgreSQL) -> Iterator[PostgreSQL]:
    """A streaming standby of it, which no commit waits for yet."""
    with running(copied_from=own_postgresql) as server:
        yield server


def _binary(name: str) -> str:
    system_packages.require("postgresql")
    found = [Path(path) for path in glob.glob(f"/usr/lib/postgresql/*/bin/{name}")]
    newest = max(found, key=lambda path: [int(part) for part in path.parts[4].split(".")], default=None)
    return str(newest or shutil.which(name) or name)


def as_user() -> list[str]:
    """How a command is run as the user that PostgreSQL runs as.

    The new user's process would outlive us unless it asks again not to.
    """
    if os.geteuid() != 0:
        return []
    account = _unprivileged()
    user = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    return [*user, "--pdeathsig", "KILL"]


def _unprivileged() -> pwd.struct_passwd:
    for name in UNPRIVILEGED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError(f"PostgreSQL does not run as root, and there is no user {' or '.join(UNPRIVILEGED)}")
