"""PostgreSQL: one bounded pool, timeouts on every wait, and no ping before use.

A stale connection shows at a transaction's first statement, which `database` then sends once more on a new one. One
that does not answer at all, or that refuses to write, takes the whole pool with it: the others lead to the same place.
"""

from typing import Any
from uuid import uuid4

from sqlalchemy import URL, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import create_async_engine

from ostiary_state.store.database import Engines
from ostiary_state.store.limits import ConnectionLimits
from ostiary_state.store.postgresql_hosts import Connector, asyncpg_url

READ_ONLY = "25006"  # SQLSTATE of a write on a standby, or on a primary that was told to take none


def postgresql_engines(url: URL, limits: ConnectionLimits, *, pooler: bool) -> Engines:
    """One engine. A plain read runs in autocommit, which saves BEGIN and COMMIT on the wire, unless a pooler is there.

    Behind a transaction-mode pooler each statement outside a transaction may meet another server connection, also
    between a statement's preparation and its execution.
    """
    connect_args: dict[str, Any] = {
        "async_creator_fn": Connector(writable=not pooler),
        "timeout": limits.connect_timeout,
        "command_timeout": limits.command_timeout,
    }
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
    event.listen(engine.sync_engine, "handle_error", _give_up_useless)
    event.listen(engine.sync_engine, "close", _end)
    return Engines(
        read=engine if pooler else engine.execution_options(isolation_level="AUTOCOMMIT"),
        snapshot=engine.execution_options(isolation_level="REPEATABLE READ"),
        write=engine,
        pools=(engine,),
    )


def _give_up_useless(context: ExceptionContext) -> None:
    """Count silence and a standby as a lost connection, and the pool with it.

    Otherwise each of its connections would be waited for as long as the first, and a pool that has once met a standby
    would keep it for as long as that runs.
    """
    error = context.original_exception
    if isinstance(error, TimeoutError) or getattr(error, "sqlstate", None) == READ_ONLY:
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = True  # SQLAlchemy takes a timeout for the caller's own


def _end(connection: Any, _record: object) -> None:
    """Without the polite goodbye of SQLAlchemy and asyncpg, which wait for a server that is gone."""
    connection.driver_connection.terminate()
