"""Where PostgreSQL is: one host or several, of which one takes writes; for the pool and for what listens."""

import inspect
from typing import Any
from urllib.parse import urlencode

import asyncpg
from sqlalchemy import URL
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

from ostiary_state.store.unavailability import CONNECTIVITY

# What libpq has in a URL, every console that hands out URLs with it, and asyncpg only in one of its own.
LIBPQ = frozenset(
    {
        "sslmode",
        "sslnegotiation",
        "sslrootcert",
        "sslcert",
        "sslkey",
        "sslpassword",
        "sslcrl",
        "ssl_min_protocol_version",
        "ssl_max_protocol_version",
    }
)


MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


class Connector:
    """`asyncpg.connect`, for one pool: begins with the host that was right last, and gives each host a time of its own.

    asyncpg has one deadline for all hosts, so a first one that drops packets would use it up at every attempt, and the
    primary behind it would never be asked.
    """

    def __init__(self, *, writable: bool) -> None:
        """`writable`: refuse a standby, unless the URL says otherwise. Behind a pooler that is another's choice."""
        self._writable = writable
        self._right: tuple[str, int] | None = None

    async def __call__(self, *, timeout: float, **arguments: Any) -> Any:  # noqa: ASYNC109 - divided between the hosts
        """A connection. Raises what the last host raised."""
        if self._writable:
            arguments.setdefault("target_session_attrs", "read-write")
        if not isinstance(arguments.get("host"), list):
            return await asyncpg.connect(**arguments, timeout=timeout)
        hosts = list(zip(arguments.pop("host"), arguments.pop("port"), strict=True))
        hosts.sort(key=lambda each: each != self._right)
        for number, (host, port) in enumerate(hosts, start=1):
            try:
                connection = await asyncpg.connect(**arguments, host=host, port=port, timeout=timeout / len(hosts))
            except (asyncpg.PostgresError, *CONNECTIVITY):
                if number == len(hosts):
                    raise
            else:
                self._right = host, port
                return connection
        raise AssertionError("a list of hosts is never empty")


def asyncpg_url(url: URL) -> URL:
    """The same as SQLAlchemy and asyncpg read it.

    Raises ValueError for what asyncpg does not know, which would fail at each connection otherwise.
    """
    query = dict(url.query)
    if query.get("sslmode", MODES[0]) not in MODES:
        raise ValueError(f"sslmode in the database's URL is one of {', '.join(MODES)}")
    libpq = {name: query.pop(name) for name in LIBPQ & query.keys()}
    if libpq:
        query["dsn"] = f"postgresql://?{urlencode(libpq)}"
    for name in query.keys() - inspect.signature(asyncpg.connect).parameters.keys():
        raise ValueError(f"remove {name} from the database's URL: asyncpg has no such parameter")
    return url.set(drivername="postgresql+asyncpg", query=query)


def connect_arguments(url: URL) -> dict[str, Any]:
    """What a `Connector` is called with beside the timeout, for a connection outside SQLAlchemy."""
    _, arguments = PGDialect_asyncpg().create_connect_args(asyncpg_url(url))  # type: ignore[no-untyped-call]
    arguments.pop("prepared_statement_cache_size", None)
    return dict(arguments)
