"""INSERT ... ON CONFLICT, which both engines know and SQLAlchemy keeps in two classes."""

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

from ostiary_state.store.database import Database

Upsert = postgresql.Insert | sqlite.Insert


def upsert(database: Database, table: Table) -> Upsert:
    """An INSERT of this database's dialect."""
    return postgresql.insert(table) if database.postgresql else sqlite.insert(table)
