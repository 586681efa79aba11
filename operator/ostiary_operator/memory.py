"""What kopf remembers of an object between events: nothing of its own. Status says what was decided on.

kopf's own storages write to annotations: a copy of each spec, marks of progress, one more write for each change,
and an object counts as handled whose status was never written.
"""

from collections.abc import Iterable
from typing import Any

import kopf


class DecidedGeneration(kopf.DiffBaseStorage):
    """What was last handled is what status says was decided on."""

    def build(self, *, body: kopf.Body, extra_fields: Iterable[Any] | None = None) -> kopf.BodyEssence:  # noqa: ARG002
        """The generation, which the API server raises with each change of spec."""
        return kopf.BodyEssence(spec={"generation": body.metadata.get("generation", 0)})

    def fetch(self, *, body: kopf.Body) -> kopf.BodyEssence | None:
        """None for an object that was never decided on."""
        decided = body.status.get("observedGeneration")
        return None if decided is None else kopf.BodyEssence(spec={"generation": decided})

    def store(self, *, body: kopf.Body, patch: kopf.Patch, essence: kopf.BodyEssence) -> None:
        """`status` does it, when it was decided."""


class NoProgress(kopf.ProgressStorage):
    """Handlers succeed at their first call, since the worklist does the work and the trying again."""

    def fetch(self, *, key: str, body: kopf.Body) -> kopf.ProgressRecord | None:  # noqa: ARG002
        """Nothing was begun."""
        return None

    def store(self, *, key: str, record: kopf.ProgressRecord, body: kopf.Body, patch: kopf.Patch) -> None:
        """Nowhere."""

    def purge(self, *, key: str, body: kopf.Body, patch: kopf.Patch) -> None:
        """There is nothing."""

    def touch(self, *, body: kopf.Body, patch: kopf.Patch, value: str | None) -> None:
        """Never."""

    def clear(self, *, essence: kopf.BodyEssence) -> kopf.BodyEssence:
        """There is nothing."""
        return essence
