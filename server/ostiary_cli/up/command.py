"""Runs `ostiary up`: the process edge, where clock, randomness, signals and terminal come in."""

import asyncio
import contextlib
import logging
import os
import secrets
import signal
import socket
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import URL

from ostiary_cli.loopback_sockets import PortInUse, loopback
from ostiary_cli.manifests.envelope import Kind
from ostiary_cli.up.convergence import Convergence
from ostiary_cli.up.data_directory import DataDirectory, DataDirectoryInUse
from ostiary_cli.up.following import Following, State
from ostiary_cli.up.incarnations import Incarnations
from ostiary_cli.up.loopback_address import served_on
from ostiary_cli.up.manifest_folder import ManifestFolder
from ostiary_cli.up.secret_files import SecretFiles
from ostiary_cli.up.table import Palette, Table, refusals, unfollowed, unreachable
from ostiary_operator.passwords import ThreadedHasher
from ostiary_operator.reconcile.application import ApplicationReconciler
from ostiary_operator.reconcile.client_secret import new_secret
from ostiary_operator.reconcile.user import UserReconciler
from ostiary_operator.reconcile.writer import GroupCommit
from ostiary_server.keys.sealing import CannotOpen
from ostiary_server.server import CannotStart, Server
from ostiary_server.settings import ServerSettings
from ostiary_state.errors import SchemaMismatch
from ostiary_state.store.engine import open_database
from ostiary_state.store.intent import IntentRepository
from ostiary_state.store.schema import migrate


def serve_directory(directory: Path, *, port: int, data_dir: Path) -> int:
    """The exit status: 0 after Ctrl-C or SIGTERM, 1 with a reason on standard error where it cannot run."""
    os.umask(0o077)  # the database's own files are nobody else's either
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    try:
        with DataDirectory.locked(data_dir, secrets.token_bytes) as data:
            asyncio.run(_serve(directory, data, loopback(port), port))
    except (DataDirectoryInUse, PortInUse, CannotStart, CannotOpen, SchemaMismatch, OSError) as error:
        print(f"ostiary up: {error}", file=sys.stderr)
        return 1
    return 0


async def _serve(directory: Path, data: DataDirectory, sockets: Sequence[socket.socket], port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    url = URL.create("sqlite+aiosqlite", database=str(data.database.resolve())).render_as_string()
    await migrate(url)
    database = open_database(url)
    try:
        async with Server(_settings(url, data, port), sockets=sockets) as server:
            await server.until_loaded(or_until=stop)
            store = IntentRepository(database)
            convergence = _convergence(store, data, port)
            following = Following(ManifestFolder(directory, data.path), convergence, store, server.wake)
            telling = asyncio.create_task(_tell(following, directory, stop, Table(_palette(), data.secrets, port)))
            failing = asyncio.create_task(server.until_failed(or_until=stop))
            await asyncio.wait([telling, failing], return_when=asyncio.FIRST_COMPLETED)
            stop.set()
            await asyncio.gather(telling, failing)
    finally:
        await database.close()


async def _tell(following: Following, directory: Path, stop: asyncio.Event, table: Table) -> None:
    told = None
    async with contextlib.aclosing(following.states(directory, stop)) as states:
        async for state in states:
            text = "\n".join(_lines(state, table))
            if text != told:
                title = f"{directory} is served" if told is None else f"{directory} at {time.strftime('%H:%M:%S')}"
                print(f"\n{title}\n\n{text}\n\nEdit and save: it is served at once. Ctrl-C stops.", flush=True)
                told = text


def _lines(state: State, table: Table) -> Iterator[str]:
    yield from table.lines(state.objects, served=state.served)
    wrong = [*map(str, state.snapshot.problems), *refusals(state.objects)]
    if wrong:
        yield ""
        yield table.warning("Not followed; the last good state is served:")
        yield from (f"  {each}" for each in wrong)
    yield from (f"  {id_} is served as it was last" for id_ in state.kept)
    policies = [each.name for each, _ in state.snapshot.declarations if each.kind is Kind.POLICY]
    if policies:
        yield f"  OAuthApplicationPolicy {', '.join(policies)}: not looked at, as policies are for a cluster"
    yield from unreachable(state.objects, table.port)
    yield from unfollowed(state.objects)


def _convergence(store: IntentRepository, data: DataDirectory, port: int) -> Convergence:
    served_at = served_on(port)
    secret_files = SecretFiles(data.secrets)
    writer = GroupCommit(store, lambda: 0, time.time)
    return Convergence(
        store=store,
        applications=ApplicationReconciler(
            store=store,
            writer=writer,
            secrets=secret_files,
            default_issuer=served_at("http://localhost"),
            client_id_prefixes=frozenset(),
            now=time.time,
            new_secret=new_secret,
            served_at=served_at,
        ),
        users=UserReconciler(
            store=store,
            writer=writer,
            secrets=secret_files,
            hasher=ThreadedHasher(),
            namespaces=None,
            now=time.time,
        ),
        secrets=secret_files,
        incarnations=Incarnations(data.incarnations, lambda: str(uuid.uuid4())),
    )


def _settings(url: str, data: DataDirectory, port: int) -> ServerSettings:
    """Everything that the environment could say otherwise is said here: `up` needs none and heeds none."""
    return ServerSettings.model_validate(
        {
            "outbound_networks": "127.0.0.0/8,::1",  # what the applications of one machine listen on
            "database_url": url,
            "listen_url": None,
            "key_encryption_keys": None,
            "key_encryption_keys_file": data.key_encryption_key,
            "cookie_keys": None,
            "cookie_keys_file": data.cookie_key,
            "host": "127.0.0.1",
            "port": port,
            "metrics_port": -1,
            "trusted_proxies": (),
            "cluster_issuer_discovery": None,
            "drain_delay": 0,
            "drain_timeout": 2,
            "access_log": False,
            "log_level": "warning",
        }
    )


def _palette() -> Palette:
    """Colours for a person at a terminal who has not asked for none (no-color.org)."""
    return Palette.coloured() if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else Palette()
