"""Alembic revisions, shipped in the package; `schema.migrate` runs them. Expand now, contract a minor release later."""
