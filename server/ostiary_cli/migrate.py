"""`ostiary migrate`: what the chart's hook and a person run before a new release starts."""

import asyncio
import sys

from sqlalchemy.exc import ArgumentError

from ostiary_state.errors import StoreUnavailable
from ostiary_state.store.schema import migrate as migrate_schema


def migrate(database_url: str) -> int:
    """The exit status. The URL holds a password and is not repeated."""
    try:
        asyncio.run(migrate_schema(database_url))
    except (StoreUnavailable, ValueError, ArgumentError) as error:
        print(f"ostiary migrate: {error}", file=sys.stderr)
        return 1
    print("the schema is up to date")
    return 0
