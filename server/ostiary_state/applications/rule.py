"""One rule over several fields of an application, as CEL and as Python."""

from collections.abc import Callable
from dataclasses import dataclass

from ostiary_state.applications.spec import OAuthApplicationSpec


@dataclass(frozen=True, slots=True)
class Rule:
    """`cel` is over `self`, the spec with its defaults; `holds` is the same. `field` is a name in the manifest."""

    field: str
    message: str
    cel: str
    holds: Callable[[OAuthApplicationSpec], bool]
