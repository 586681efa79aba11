"""What `ostiary up` keeps between runs, all in one directory of mode 0700 that one process uses at a time."""

import fcntl
import os
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ostiary_cli.up.private_file import make_private_directory, write_private

KEY_BYTES = 32


class DataDirectoryInUse(Exception):
    """Another process serves from it."""


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """The paths below a data directory that has been made."""

    path: Path

    @property
    def database(self) -> Path:
        """SQLite; beside it lie its write-ahead log and shared memory."""
        return self.path / "ostiary.db"

    @property
    def key_encryption_key(self) -> Path:
        """Seals the signing keys in the database."""
        return self.path / "key-encryption.key"

    @property
    def cookie_key(self) -> Path:
        """Seals what goes through browsers."""
        return self.path / "cookie.key"

    @property
    def incarnations(self) -> Path:
        """Which uid each object of the manifests has."""
        return self.path / "incarnations.json"

    @property
    def secrets(self) -> Path:
        """Generated Secrets, a file each."""
        return self.path / "secrets"

    @classmethod
    @contextmanager
    def locked(cls, path: Path, random_bytes: Callable[[int], bytes]) -> Iterator["DataDirectory"]:
        """Make what is missing, and keep others out until the end. Raises DataDirectoryInUse or OSError.

        The lock is the kernel's and goes with the process, however that ends: no stale file ever stands in the way.
        """
        make_private_directory(path)
        descriptor = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.read(descriptor, 20).decode("ascii", "replace").strip() or "unknown"
                raise DataDirectoryInUse(
                    f"{path} is in use by another ostiary up (process {holder}): "
                    "stop that one, or choose another directory with --data-dir"
                ) from None
            os.truncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
            directory = cls(path)
            directory._fill(random_bytes)
            yield directory
        finally:
            os.close(descriptor)

    def _fill(self, random_bytes: Callable[[int], bytes]) -> None:
        make_private_directory(self.secrets)
        ignored = self.path / ".gitignore"
        if not ignored.exists():
            write_private(ignored, "*\n")  # keys and secrets are never committed by accident
        for key in (self.key_encryption_key, self.cookie_key):
            if not key.exists():
                write_private(key, b64encode(random_bytes(KEY_BYTES)).decode() + "\n")
