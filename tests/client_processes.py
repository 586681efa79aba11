"""Clients that this project did not write, as processes that a test talks to in lines of JSON."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

ANSWER_S = 30.0


class ClientProcess:
    """One at work."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def say(self, **value: object) -> dict[str, Any]:
        """Its answer; raises AssertionError with what it printed as an error if it ends without one."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._process.stdin.write(json.dumps(value).encode() + b"\n")
        await self._process.stdin.drain()
        line = await asyncio.wait_for(self._process.stdout.readline(), ANSWER_S)
        assert line, (await self._process.stderr.read()).decode()
        answer: dict[str, Any] = json.loads(line)
        return answer


@asynccontextmanager
async def running(*command: str | Path, directory: Path | None = None) -> AsyncIterator[ClientProcess]:
    """The client, which is gone when the block ends."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=directory, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        yield ClientProcess(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
