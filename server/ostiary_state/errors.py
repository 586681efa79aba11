"""What can go wrong between a process and its database.

StoreUnavailable   the database did not answer; try again
SchemaMismatch     this binary and the schema do not fit; refuse to start
"""


class StoreUnavailable(Exception):
    """The database did not answer. Nothing was written, or it cannot be known whether it was; try again."""


class SchemaMismatch(Exception):
    """The schema is newer than this binary, or no longer readable by it, or missing: the text says what to run."""
