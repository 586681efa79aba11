"""What has no equivalent, told so that a person can act on it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """A field of the source. Never holds a secret."""

    field: str  # as the source calls it
    why: str
    instead: str


class ImportFailed(Exception):
    """The input is not what it was said to be: one line with file, document and field, and never a value."""
