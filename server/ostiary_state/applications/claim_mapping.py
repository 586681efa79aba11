"""Claims under the names that an application expects: what a manifest says, and what is served."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from ostiary_state.applications.registered_claims import REGISTERED_CLAIMS
from ostiary_state.applications.texts import Text
from ostiary_state.kinds.checks import Check, Checks
from ostiary_state.kinds.manifest import EachOnce, Manifest

TokenKind = Literal["IDToken", "UserInfo", "AccessToken"]

CLAIM_NAME = Checks.of(
    Check(r"^[!#-\[\]-~]+$", "write the name of the claim in printable ASCII without spaces"),
    Check(
        rf"^({'|'.join(REGISTERED_CLAIMS)}|ost)$",
        "choose another name: by this claim tokens are checked",
        refuses=True,
    ),
)
ClaimName = Annotated[str, StringConstraints(min_length=1, max_length=256), CLAIM_NAME]


class ClaimSpec(Manifest):
    """One claim: from the user, or the same for everybody."""

    name: ClaimName
    """Name of the claim, such as roles, or an address of its own such as https://example.com/roles."""

    from_: ClaimName | None = Field(default=None, alias="from")
    """The claim of the user that it is taken from: one of OpenID Connect, such as groups or preferred_username, or one
    of the user's own claims. It is left out where the user has none, and where the scope that guards it was not
    granted: email, phone, address, groups, else profile."""

    value: Text | None = None
    """The same text for every user."""

    values: Annotated[tuple[Text, ...], Field(max_length=32), EachOnce()] = ()
    """The same list for every user."""

    tokens: Annotated[tuple[TokenKind, ...], Field(min_length=1, max_length=3), EachOnce()] = ("IDToken", "UserInfo")
    """Where it appears. AccessToken only where audiences are listed and each begins with this namespace and a dot:
    other resources must not be told what this manifest says."""


@dataclass(frozen=True, slots=True)
class MappedClaim:
    """A claim as it is served: `source` is the user's claim, None: `constant` is said of everybody."""

    name: str
    source: str | None
    constant: str | tuple[str, ...] | None
    tokens: frozenset[str]

    @classmethod
    def from_spec(cls, spec: ClaimSpec) -> "MappedClaim":
        """`spec` has passed `rules`."""
        return cls(spec.name, spec.from_, spec.value or spec.values or None, frozenset(spec.tokens))

    def json(self) -> Any:
        """The constant as JSON has it."""
        return list(self.constant) if isinstance(self.constant, tuple) else self.constant
