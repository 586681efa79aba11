"""The little that reconciling needs of Secrets. The operator meets a cluster here, `ostiary up` a directory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

LABEL = "ostiary.dev/secret"  # = "true": the only Secrets that are listed and watched
APPLICATION_ANNOTATION = "ostiary.dev/application"  # on a generated one: the name of the application it is for


@dataclass(frozen=True, slots=True)
class HeldSecret:
    """A Secret as it is. Its values never show in a repr."""

    namespace: str
    name: str
    version: str  # "<uid>/<resourceVersion>": names the content without being derived from it
    data: Mapping[str, bytes] = field(repr=False)
    labelled: bool  # carries LABEL = "true"
    application: str | None = None  # its APPLICATION_ANNOTATION
    owner: str | None = None  # uid of the object that owns it


@dataclass(frozen=True, slots=True)
class WantedSecret:
    """A generated Secret as it should be: of type Opaque, labelled, annotated, and owned by its application."""

    namespace: str
    name: str
    application: str  # the OAuthApplication's name, in the same namespace
    owner: str | None  # its uid; None: nobody's, so that it outlives an orphaned application
    data: Mapping[str, bytes] = field(repr=False)


class SecretForbidden(Exception):
    """Secrets of this namespace may not be read or written. The text says how to allow it."""


class SecretChanged(Exception):
    """The Secret changed, came or went since it was read: read again."""


class ClusterUnavailable(Exception):
    """The Kubernetes API did not answer; try again."""


class SecretPort(Protocol):
    """Every method raises SecretForbidden or ClusterUnavailable."""

    async def get(self, namespace: str, name: str) -> HeldSecret | None:
        """The Secret, labelled or not; None where there is none. May be as old as the last watch event."""

    async def create(self, wanted: WantedSecret) -> HeldSecret:
        """Make it. Raises SecretChanged where a Secret of that name exists."""

    async def replace(self, held: HeldSecret, wanted: WantedSecret) -> HeldSecret:
        """Make what was read as wanted; keys that are not wanted stay. Raises SecretChanged if it is not as read."""
