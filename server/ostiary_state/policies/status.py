"""What the status of an `OAuthApplicationPolicy` says, as `kubectl explain` prints it."""

from typing import Annotated

from pydantic import Field

from ostiary_state.kinds.manifest import Manifest
from ostiary_state.kinds.status import Conditions


class OAuthApplicationPolicyStatus(Manifest):
    """What became of the manifest. What it refuses is said by the condition PolicyAllowed of each object."""

    observed_generation: Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})] | None = None
    """The metadata.generation that is in force."""

    selected_namespaces: Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})] | None = None
    """How many namespaces it selects."""

    conditions: Conditions = ()
    """What is true about the policy now."""
