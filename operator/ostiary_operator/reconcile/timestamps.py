"""Times as Kubernetes writes them: UTC, in whole seconds."""

from datetime import UTC, datetime


def timestamp(seconds: float) -> str:
    """`2026-11-27T05:50:00Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_of(written: object) -> float | None:
    """None for what is no such time."""
    try:
        return datetime.fromisoformat(written).timestamp() if isinstance(written, str) else None
    except ValueError:
        return None
