"""Logs: one JSON object a line on standard output, the same for every process.

What is logged never holds a secret, a query string, or the body of a request or an object; libraries that print those
are named by each process and kept to warnings.
"""

import logging
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

import orjson


class JSONLines(logging.Formatter):
    """`{"time", "level", "logger", "message"}`, what `context` tells at the time, and `extra={"fields": {...}}`."""

    def __init__(self, context: Callable[[], Mapping[str, Any]] = dict) -> None:
        super().__init__()
        self._context = context

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= self._context()
        if fields := getattr(record, "fields", None):
            line |= fields
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def write_lines(
    level: str, *, talkative: Iterable[str], formatter: logging.Formatter, stream: TextIO | None = None
) -> None:
    """Make `formatter` the only output of `logging`, from `level` on; `talkative` loggers from warnings on.

    For the process edge; called once.
    """
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in talkative:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(max(logging.WARNING, root.level))
