"""Keys that come from the environment or a file: base64 text in, bytes out, and nothing of them in a log."""

import base64
import binascii
from collections.abc import Iterator, Sequence
from pathlib import Path

KEY_BYTES = 32
MAKE_ONE = "make one with `openssl rand -base64 32`"


class KeyMaterial(Sequence[bytes]):
    """Several 256-bit keys: the first seals, all of them open. Its repr says how many they are, nothing else."""

    __slots__ = ("_keys",)

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise ValueError(f"at least one key is needed, each of {KEY_BYTES} bytes")
        self._keys = tuple(keys)

    @classmethod
    def from_text(cls, text: str) -> "KeyMaterial":
        """Keys in base64, separated by commas or white space. Raises ValueError, which never quotes the text."""
        keys = []
        words = text.replace(",", " ").split()
        if not words:
            raise ValueError(f"it is empty; {MAKE_ONE}")
        for position, word in enumerate(words, 1):
            try:
                key = base64.b64decode(word + "=" * (-len(word) % 4), altchars=b"-_" if _url_safe(word) else None)
            except (binascii.Error, ValueError):
                raise ValueError(f"key {position} of {len(words)} is not base64; {MAKE_ONE}") from None
            if len(key) != KEY_BYTES:
                raise ValueError(f"key {position} of {len(words)} has {len(key)} bytes instead of 32; {MAKE_ONE}")
            keys.append(key)
        return cls(keys)

    @classmethod
    def from_file(cls, path: Path) -> "KeyMaterial":
        """The content of a file, as a mounted Secret has it. Raises ValueError."""
        try:
            text = path.read_text("ascii")
        except OSError as error:
            raise ValueError(f"cannot read {path}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise ValueError(f"{path} is not base64; {MAKE_ONE}") from None
        return cls.from_text(text)

    def __getitem__(self, index: int) -> bytes:  # type: ignore[override]
        return self._keys[index]

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._keys)

    def __repr__(self) -> str:
        return f"KeyMaterial(<{len(self._keys)} keys>)"


def _url_safe(word: str) -> bool:
    return "-" in word or "_" in word
