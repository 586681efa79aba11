"""Alembic's entry: runs on the connection, and in the transaction, that `schema.migrate` has opened."""

from alembic import context

from ostiary_state.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
