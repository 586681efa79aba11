"""A child process with a log of its own, which ends when it is told to and at the latest when its parent does."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

POLL_S = 0.05
TERM_S = 10.0


class Child:
    """One command that can be started again with the same arguments, as after a crash."""

    def __init__(self, command: Sequence[str | Path], log: Path) -> None:
        # The kernel ends it with us, however we end; a Ctrl-C reaches us alone, so that the fixtures stop it in order.
        keeper = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        self._command = [*keeper, *map(str, command)]
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the running process; `setpriv` and `env` become what they start."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Returns at once; what it prints is appended to the log. One that still runs, or crashed, is gone first."""
        self.kill()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def wait_until(self, ready: Callable[[], bool], within_s: float) -> None:
        """Raises RuntimeError with the log's end if it dies or is not ready in time."""
        assert self._process is not None
        deadline = time.monotonic() + within_s
        while not ready():
            try:
                status = self._process.wait(POLL_S)
            except subprocess.TimeoutExpired:
                if time.monotonic() < deadline:
                    continue
                status = None
            what = f"not ready in {within_s:.0f} s" if status is None else f"ended with {status}"
            raise RuntimeError(f"{self._log}: {what}\n{self._log.read_text(errors='replace')[-3000:]}")

    def stop(self) -> None:
        """Asks, then insists; does nothing if it does not run."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(TERM_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def interrupt(self) -> int:
        """Ctrl-C; its exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        status = self._process.wait(TERM_S)
        self._process = None
        return status

    def kill(self) -> None:
        """Ends it at once, as a crash does; returns when it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def signal(self, number: int) -> None:
        """Sends one; does nothing if it does not run."""
        if self._process is not None:
            self._process.send_signal(number)

    def wait(self, within_s: float) -> int:
        """Its exit status, once it ends by itself; raises subprocess.TimeoutExpired."""
        assert self._process is not None
        return self._process.wait(within_s)


def free_port() -> int:
    """A TCP port on loopback that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
