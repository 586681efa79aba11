"""What every kind's status says. The operator writes it; these shapes only describe it for `kubectl explain`."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ostiary_state.kinds.manifest import Manifest


class ConditionStatus(Manifest):
    """One thing that is true, false or unknown about the object."""

    type: Annotated[str, StringConstraints(max_length=64)]
    """What the condition is about. Ready sums up the others."""

    status: Literal["True", "False", "Unknown"]
    """Whether it is so."""

    reason: Annotated[str, StringConstraints(max_length=128)]
    """Why, in one word."""

    message: Annotated[str, StringConstraints(max_length=4096)]
    """Why, in a sentence; where something is wrong, what to do."""

    last_transition_time: Annotated[
        str, StringConstraints(max_length=64), Field(json_schema_extra={"format": "date-time"})
    ]
    """When status last changed."""

    observed_generation: Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})] | None = None
    """The metadata.generation that the condition is about."""


Conditions = Annotated[
    tuple[ConditionStatus, ...],
    Field(
        max_length=16,
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
    ),
]


class ObjectStatus(Manifest):
    """What became of the manifest."""

    observed_generation: Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})] | None = None
    """The metadata.generation that was last decided on, accepted or refused."""

    revision: Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})] | None = None
    """The revision of the store from which this object is served. A replica serves it when it has applied this one."""

    served_until: (
        Annotated[str, StringConstraints(max_length=64), Field(json_schema_extra={"format": "date-time"})] | None
    ) = None
    """Where policies no longer allow what is served: until when it is served still. In the past: it is served no
    more."""

    conditions: Conditions = ()
    """What is true about the object now."""
