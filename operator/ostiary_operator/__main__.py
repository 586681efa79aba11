"""`python -m ostiary_operator`: settings from the environment, logs as JSON, exit status for Kubernetes."""

import asyncio
import logging
import os
import sys

import uvloop
from kubernetes.aio.config import ConfigException
from pydantic import ValidationError

from ostiary_operator import cluster
from ostiary_operator.lifecycle import Lifecycle
from ostiary_operator.settings import PREFIX, OperatorSettings
from ostiary_state.errors import SchemaMismatch
from ostiary_state.log_lines import JSONLines, write_lines
from ostiary_state.store import schema
from ostiary_state.store.engine import open_database
from ostiary_state.store.intent import IntentRepository
from ostiary_state.store.limits import ConnectionLimits

# At debug kopf prints whole objects, aiohttp and the Kubernetes client what they send; at info they only chat.
_TALKATIVE = ("kopf", "kubernetes", "aiohttp", "asyncio", "urllib3", "sqlalchemy", "aiosqlite")

logger = logging.getLogger(__name__)


def main() -> None:
    """Exit status 0 after SIGTERM, 1 after a loss that a restart cures, 78 for what must be changed first."""
    if sys.argv[1:]:
        print(_help())  # noqa: T201
        sys.exit(0 if sys.argv[1:] in (["--help"], ["-h"]) else os.EX_USAGE)
    try:
        settings = OperatorSettings()
    except ValidationError as error:
        for each in error.errors(include_url=False, include_context=False, include_input=False):
            print(f"{PREFIX}{'_'.join(map(str, each['loc'])).upper()}: {each['msg']}", file=sys.stderr)  # noqa: T201
        sys.exit(os.EX_CONFIG)
    write_lines(settings.log_level, talkative=_TALKATIVE, formatter=JSONLines())
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # a fifth less of a core than asyncio's own
            sys.exit(runner.run(_run(settings)))
    except (ConfigException, SchemaMismatch, ValueError, OSError) as error:
        logger.critical("cannot start: %s", error)
        sys.exit(os.EX_CONFIG)


def _help() -> str:
    """Every setting with its text."""
    fields = OperatorSettings.model_fields.items()
    texts = (f"{PREFIX}{name.upper()}\n    {' '.join((field.description or '').split())}" for name, field in fields)
    return "python -m ostiary_operator: the operator, configured by environment variables.\n\n" + "\n".join(texts)


async def _run(settings: OperatorSettings) -> int:
    api = cluster.Cluster(await cluster.configuration())
    database = open_database(
        settings.database_url.get_secret_value(),
        limits=ConnectionLimits(pool_size=settings.database_pool_size),
        pooler=settings.database_pooler,
    )
    try:
        return await Lifecycle(settings, api, IntentRepository(database), lambda: schema.check(database)).run()
    finally:
        await database.close()
        await api.close()


if __name__ == "__main__":
    main()
