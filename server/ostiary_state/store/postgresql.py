"""PostgreSQL: one bounded pool, timeouts on every wait, and no ping before use.

A stale connection shows at a transaction's first statement, which `database` then sends once more on a new one.
"""

import inspect
from typing import Any
from uuid import uuid4

import asyncpg
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import create_async_engine

from ostiary_state.store.database import Engines
from ostiary_state.store.limits import ConnectionLimits


def asyncpg_url(url: URL) -> URL:
    """The same as asyncpg reads it: `sslmode`, as libpq and every console that hands out URLs have it, is `ssl` there.

    Raises ValueError for a parameter that asyncpg has not, which would fail at each connection otherwise.
    """
    query = dict(url.query)
    if "sslmode" in query:
        query["ssl"] = query.pop("sslmode")
    for name in query.keys() - inspect.signature(asyncpg.connect).parameters.keys():
        raise ValueError(f"remove {name} from the database's URL: asyncpg has no such parameter")
    return url.set(drivername="postgresql+asyncpg", query=query)


def postgresql_engines(url: URL, limits: ConnectionLimits, *, pooler: bool) -> Engines:
    """One engine. A plain read runs in autocommit, which saves BEGIN and COMMIT on the wire, unless a pooler is there.

    Behind a transaction-mode pooler each statement outside a transaction may meet another server connection, also
    between a statement's preparation and its execution.
    """
    connect_args: dict[str, Any] = {"timeout": limits.connect_timeout, "command_timeout": limits.command_timeout}
    if pooler:
        connect_args |= {
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": lambda: f"ostiary_{uuid4().hex}",
        }
    else:
        connect_args["server_settings"] = {
            "application_name": "ostiary",
            "statement_timeout": f"{limits.statement_timeout * 1000:.0f}",
            "idle_in_transaction_session_timeout": f"{limits.command_timeout * 1000:.0f}",
            "jit": "off",  # compiling costs more than these look-ups, asyncpg's type queries included
        }
    engine = create_async_engine(
        asyncpg_url(url),
        pool_size=limits.pool_size,
        max_overflow=0,
        pool_timeout=limits.pool_timeout,
        pool_use_lifo=True,  # lets idle connections stay idle
        pool_pre_ping=False,
        hide_parameters=True,  # a fault of ours is logged with its statement, never with what a person has sent
        isolation_level="READ COMMITTED",  # a claim that waited must see what the winner did
        connect_args=connect_args,
    )
    return Engines(
        read=engine if pooler else engine.execution_options(isolation_level="AUTOCOMMIT"),
        snapshot=engine.execution_options(isolation_level="REPEATABLE READ"),
        write=engine,
        pools=(engine,),
    )
