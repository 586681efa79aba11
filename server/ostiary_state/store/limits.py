"""How much of a database one process may take, and how long it waits for it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Seconds and counts. The defaults fit a server replica; a pod's share of `max_connections` may need fewer."""

    pool_size: int = 10  # connections a process holds at most: two cores cannot keep more of them busy
    pool_timeout: float = 5.0  # wait for a connection; after that the request is answered 503
    connect_timeout: float = 5.0  # of all hosts together
    statement_timeout: float = 5.0  # ended by PostgreSQL itself; what a request sends takes milliseconds
    # Ended here when PostgreSQL does not answer at all. Whoever sends on a dead connection just before the first one is
    # noticed waits twice this after PostgreSQL's return, which must stay below 15 seconds.
    command_timeout: float = 6.0
