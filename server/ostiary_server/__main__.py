"""`python -m ostiary_server`: the process edge. One process is one replica."""

import argparse
import asyncio
import gc
import logging
import os
import signal
import sys
import textwrap

import uvloop
from pydantic import ValidationError

from ostiary_server.keys.sealing import CannotOpen
from ostiary_server.log_lines import write_json_lines
from ostiary_server.server import CannotStart, Server
from ostiary_server.settings import PREFIX, ServerSettings, complaints
from ostiary_state.errors import SchemaMismatch

CANNOT_RUN = os.EX_CONFIG  # 78: settings, keys, port or schema must change first; a restart alone does not help

log = logging.getLogger("ostiary_server")


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m ostiary_server",
        description="The OAuth 2.0 and OpenID Connect server. All settings are environment variables.",
        epilog=reference(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.parse_args(arguments)
    try:
        settings = ServerSettings()
    except ValidationError as refusal:
        sys.stderr.write("\n".join(["ostiary_server cannot start:", *complaints(refusal), ""]))
        return CANNOT_RUN
    write_json_lines(settings.log_level)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve_until_signalled(settings))
    except (SchemaMismatch, CannotOpen, CannotStart) as refusal:
        log.error("cannot start: %s", refusal)
        return CANNOT_RUN
    return 0


async def serve_until_signalled(settings: ServerSettings) -> None:
    """One replica; SIGTERM and SIGINT drain it. Raises what keeps it from running."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with Server(settings) as server:
        log.info("listening on port %d, metrics on %s", server.port, server.metrics_port)
        await server.until_loaded(or_until=stop)
        # What was loaded stays: the collector need not walk ten thousand applications again and again.
        gc.collect()
        gc.freeze()
        await server.until_failed(or_until=stop)
        log.info("draining")


def reference() -> str:
    """Every setting with its text, for --help."""
    lines = ["environment variables:"]
    for name, field in ServerSettings.model_fields.items():
        lines.append(f"  {PREFIX}{name.upper()}")
        text = " ".join((field.description or "").split())
        lines += textwrap.wrap(text, 100, initial_indent="      ", subsequent_indent="      ")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
