"""The server's log lines carry the id of the request that they belong to."""

from contextvars import ContextVar
from typing import TextIO

from ostiary_state.log_lines import JSONLines, write_lines

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

# Their lines at info say when a socket opens; their errors and warnings are wanted.
_TALKATIVE = ("uvicorn", "uvicorn.error", "asyncio", "aiosqlite", "sqlalchemy", "alembic")


def request_lines() -> JSONLines:
    """JSON lines with the request's id, where there is a request."""
    return JSONLines(lambda: {} if (current := request_id.get()) is None else {"request_id": current})


def write_json_lines(level: str, stream: TextIO | None = None) -> None:
    """Make these lines the only output of `logging`. For the process edge; called once."""
    write_lines(level, talkative=_TALKATIVE, formatter=request_lines(), stream=stream)
