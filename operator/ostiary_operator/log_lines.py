"""Logs: one JSON object a line on standard output. No bodies of requests or objects: some are Secrets."""

import logging
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

import orjson

# At debug kopf prints whole objects, aiohttp and the Kubernetes client what they send; at info they only chat.
_SILENCED = ("kopf", "kubernetes", "aiohttp", "asyncio", "urllib3", "sqlalchemy", "aiosqlite")


class JSONLines(logging.Formatter):
    """`{"time", "level", "logger", "message"}`, what `extra={"fields": {...}}` adds, and an exception's trace."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if fields := getattr(record, "fields", None):
            line |= fields
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def write_json_lines(level: str, stream: TextIO | None = None) -> None:
    """Make JSON lines the only output of `logging`. For the process edge; called once."""
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(JSONLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _SILENCED:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
