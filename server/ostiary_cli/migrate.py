"""`ostiary migrate`: what the chart's hook and a person run before a new release starts."""

import asyncio
import sys
import time

from sqlalchemy.exc import ArgumentError, DBAPIError

from ostiary_state.errors import SchemaMismatch, StoreUnavailable
from ostiary_state.store import schema
from ostiary_state.store.engine import open_database

_PAUSE = 1.0  # seconds between attempts
NOT_THIS_SCHEMA = 3


def migrate(database_url: str, *, timeout: float = 0, pooler: bool = False) -> int:
    """The exit status. Waits so many seconds for a database that does not answer. The URL holds a password and is not
    repeated."""
    deadline, said = time.monotonic() + timeout, ""
    while True:
        try:
            asyncio.run(schema.migrate(database_url, pooler=pooler))
        except StoreUnavailable as error:
            if time.monotonic() >= deadline:
                return _failed(error)
            if str(error) != said:
                said = str(error)
                print(f"waiting: {said}", file=sys.stderr, flush=True)
            time.sleep(_PAUSE)
        except (ValueError, ArgumentError) as error:
            return _failed(error)
        except DBAPIError as error:  # a right that is missing, for one: its first line says which
            return _failed(str(error.orig).partition("\n")[0])
        else:
            print("the schema is up to date")
            return 0


def check(database_url: str, *, pooler: bool = False) -> int:
    """0 where this release can serve from the schema as it is, 3 where it cannot, 1 where that could not be seen."""

    async def look() -> None:
        database = open_database(database_url, pooler=pooler)
        try:
            await schema.check(database)
        finally:
            await database.close()

    try:
        asyncio.run(look())
    except SchemaMismatch as error:
        print(f"ostiary migrate: {error}", file=sys.stderr)
        return NOT_THIS_SCHEMA
    except (StoreUnavailable, ValueError, ArgumentError) as error:
        return _failed(error)
    print("the schema fits this release")
    return 0


def _failed(error: object) -> int:
    print(f"ostiary migrate: {error}", file=sys.stderr)
    return 1
