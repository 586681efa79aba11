"""What the suite measures, a line each, for docs/operations/high-availability.md; `-s` or a failure shows them."""

from __future__ import annotations

import sys


def figure(what: str, value: float, unit: str = "") -> None:
    """Print it."""
    shown = f"{value:.1f}" if isinstance(value, float) else f"{value:,}"
    sys.stdout.write(f"\nfigure: {what}: {shown} {unit}".rstrip() + "\n")
