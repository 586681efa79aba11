"""Logs: one JSON object a line on standard output, never a query string, a header or a secret."""

import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO

import orjson

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

# Their lines at info say when a socket opens; their errors and warnings are wanted.
_TALKATIVE = ("uvicorn", "uvicorn.error", "asyncio", "aiosqlite", "sqlalchemy", "alembic")


class JSONLines(logging.Formatter):
    """`{"time", "level", "logger", "message"}`, the request's id, and what `extra={"fields": {...}}` adds."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (current := request_id.get()) is not None:
            line["request_id"] = current
        if fields := getattr(record, "fields", None):
            line |= fields
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def write_json_lines(level: str, stream: TextIO | None = None) -> None:
    """Make JSON lines the only output of `logging`, from `level` on. For the process edge; called once."""
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(JSONLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(max(logging.WARNING, root.level))
