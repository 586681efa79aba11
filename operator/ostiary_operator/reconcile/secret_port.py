"""The little that reconciling needs of Secrets. The operator meets a cluster here, `ostiary up` a directory."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

LABEL = "ostiary.dev/secret"  # = "true": the only Secrets that are listed and watched
APPLICATION_ANNOTATION = "ostiary.dev/application"  # on a generated one: the name of the application it is for


APPLIED_ANNOTATION = "ostiary.dev/applied"  # on a generated one: the names of what the operator has put there


@dataclass(frozen=True, slots=True)
class Applied:
    """Names of what the operator has put into a Secret, and will take away when it is not wanted any more."""

    keys: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    annotations: frozenset[str] = frozenset()
    secret_key: str = "client-secret"  # where the client secret stands

    def annotation(self) -> str:
        """As it stands on the Secret, names and no values."""
        names = {"keys": sorted(self.keys), "labels": sorted(self.labels), "annotations": sorted(self.annotations)}
        return json.dumps({**names, "secretKey": self.secret_key}, separators=(",", ":"))

    @classmethod
    def of(cls, annotation: str | None) -> "Applied":
        """Nothing but the usual key, where it is missing or was changed by somebody."""
        try:
            written = json.loads(annotation or "")
            names = {name: frozenset(map(str, written[name])) for name in ("keys", "labels", "annotations")}
            return cls(**names, secret_key=str(written["secretKey"]))
        except (ValueError, TypeError, KeyError):
            return cls()


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
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    type: str = "Opaque"
    immutable: bool = False  # the cluster refuses every change of it

    @property
    def applied(self) -> Applied:
        """What the operator has put there."""
        return Applied.of(self.annotations.get(APPLIED_ANNOTATION))


@dataclass(frozen=True, slots=True)
class WantedSecret:
    """A generated Secret as it should be: labelled, annotated, and owned by its application."""

    namespace: str
    name: str
    application: str  # the OAuthApplication's name, in the same namespace
    owner: str | None  # its uid; None: nobody's, so that it outlives an orphaned application
    data: Mapping[str, bytes] = field(repr=False)
    labels: Mapping[str, str] = field(default_factory=dict)  # beside ours
    annotations: Mapping[str, str] = field(default_factory=dict)  # beside ours
    type: str = "Opaque"
    applied: Applied = Applied()

    @property
    def all_labels(self) -> dict[str, str]:
        """With ours."""
        return {**self.labels, LABEL: "true", "app.kubernetes.io/managed-by": "ostiary"}

    @property
    def all_annotations(self) -> dict[str, str]:
        """With ours."""
        own = {APPLICATION_ANNOTATION: self.application, APPLIED_ANNOTATION: self.applied.annotation()}
        return {**self.annotations, **own}

    def over(self, held: HeldSecret) -> "WantedSecret":
        """With what others have put there; what the operator put there and does not want any more is gone."""
        before = held.applied
        kept = {key: value for key, value in held.data.items() if key not in before.keys}
        labels = {name: value for name, value in held.labels.items() if name not in before.labels}
        annotations = {name: value for name, value in held.annotations.items() if name not in before.annotations}
        return replace(
            self,
            data={**kept, **self.data},
            labels={**labels, **self.labels},
            annotations={**annotations, **self.annotations},
        )


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
