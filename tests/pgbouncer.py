"""A real pgbouncer in transaction mode before a test's PostgreSQL: each transaction may get another connection."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from tests import system_packages
from tests.postgres import USER, PostgreSQL, as_user, hand_over, private_folder
from tests.processes import Child, free_port

START_S = 10.0
CONNECTIONS = 2  # to PostgreSQL, for however many clients: whatever is left on one meets somebody else

_CONFIGURATION = """
[databases]
* = host=127.0.0.1 port={postgresql}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {users}
pool_mode = transaction
default_pool_size = {connections}
max_client_conn = 200
"""


@contextmanager
def pooled(server: PostgreSQL) -> Iterator[int]:
    """The port of a pgbouncer before `server`."""
    system_packages.require("pgbouncer")
    program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
    with private_folder() as folder:
        port, users, configuration = free_port(), folder / "users", folder / "pgbouncer.ini"
        users.write_text(f'"{USER}" ""\n')
        configuration.write_text(
            _CONFIGURATION.format(postgresql=server.port, port=port, users=users, connections=CONNECTIONS)
        )
        hand_over(users, configuration)
        child = Child([*as_user(), program, configuration], folder / "log")
        child.start()
        try:
            child.wait_until(lambda: _answers(port), START_S)
            yield port
        finally:
            child.stop()


def through(url: str, port: int) -> str:
    """The same database, by way of the pooler."""
    before, _, database = url.rpartition("/")
    return f"{before.rpartition(':')[0]}:{port}/{database}"


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
