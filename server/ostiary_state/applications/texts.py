"""Names and texts that every kind of manifest has."""

from typing import Annotated

from pydantic import StringConstraints

from ostiary_state.kinds.checks import Check, Checks

NAME = Checks.of(
    Check(
        r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$",
        "write the name of a Kubernetes object: lower-case letters, digits, - and . but not at either end",
    )
)
TEXT = Checks.of(Check(r"^[^\x00-\x1f\x7f]+$", "write one line of text without control characters"))

Text = Annotated[str, StringConstraints(min_length=1, max_length=256), TEXT]
ObjectName = Annotated[str, StringConstraints(min_length=1, max_length=253), NAME]
