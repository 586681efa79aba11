"""The `claims` parameter (OpenID Connect Core section 5.5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import orjson

from ostiary_server.protocol.errors import InvalidRequest

MOST_CLAIMS: Final = 100
_NOTHING: Final[Mapping[str, "Wanted"]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Wanted:
    """How one claim is asked for; `values` empty: whatever it is."""

    essential: bool = False
    values: tuple[Any, ...] = ()

    def accepts(self, value: Any) -> bool:
        return not self.values or value in self.values

    def json(self) -> dict[str, Any] | None:
        """As the parameter had it."""
        members = {"essential": True} if self.essential else {}
        return (members | ({"values": list(self.values)} if self.values else {})) or None


@dataclass(frozen=True, slots=True)
class ClaimsRequest:
    """What is asked for the ID token and for userinfo, by claim."""

    id_token: Mapping[str, Wanted] = field(default_factory=lambda: _NOTHING)
    userinfo: Mapping[str, Wanted] = field(default_factory=lambda: _NOTHING)

    @property
    def names(self) -> frozenset[str]:
        """Of both."""
        return frozenset((*self.id_token, *self.userinfo))

    def only(self, names: frozenset[str]) -> "ClaimsRequest":
        """What of it is asked for `names`."""
        return ClaimsRequest(
            {name: want for name, want in self.id_token.items() if name in names},
            {name: want for name, want in self.userinfo.items() if name in names},
        )

    def json(self) -> dict[str, Any] | None:
        """To be stored with a grant; None when nothing is asked for."""
        members = {
            part: {name: want.json() for name, want in wanted.items()}
            for part, wanted in (("id_token", self.id_token), ("userinfo", self.userinfo))
            if wanted
        }
        return members or None

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None) -> "ClaimsRequest":
        """What `json` gave, or the object that the parameter holds. Raises InvalidRequest."""
        return cls(*(_wanted((stored or {}).get(part)) for part in ("id_token", "userinfo")))


def parse_claims(value: str | None) -> ClaimsRequest:
    """Members that are not understood are ignored (section 5.5). Raises InvalidRequest for what is no such object."""
    if value is None:
        return ClaimsRequest()
    try:
        parsed = orjson.loads(value)
    except ValueError as error:
        raise InvalidRequest("The parameter 'claims' is not valid JSON.") from error
    if not isinstance(parsed, dict):
        raise InvalidRequest("The parameter 'claims' must be a JSON object.")
    return ClaimsRequest.of(parsed)


def _wanted(members: object) -> Mapping[str, Wanted]:
    if members is None:
        return _NOTHING
    if not isinstance(members, dict):
        raise InvalidRequest("The members 'id_token' and 'userinfo' of 'claims' must be JSON objects.")
    if len(members) > MOST_CLAIMS:
        raise InvalidRequest(f"The parameter 'claims' asks for more than {MOST_CLAIMS} claims.")
    return {name: _want(name, how) for name, how in members.items()}


def _want(name: str, how: object) -> Wanted:
    if how is None:
        return Wanted()
    if not isinstance(how, dict) or not isinstance(how.get("values", []), list):
        shown = name if name.isascii() and name.isprintable() and len(name) < 41 else "?"
        raise InvalidRequest(f"In 'claims', '{shown}' must be null or an object with essential, value or values.")
    values = how.get("values", [])
    if "value" in how:
        values = [how["value"]]
    return Wanted(how.get("essential") is True, tuple(values))
