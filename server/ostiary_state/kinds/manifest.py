"""How every kind is written in a manifest: camelCase, nothing unknown, absent instead of null, frozen once read."""

from dataclasses import dataclass
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

_ACRONYMS = {"url": "URL", "urls": "URLs", "uri": "URI", "id": "ID", "pkce": "PKCE"}


def manifest_name(attribute: str) -> str:
    """`post_logout_redirect_urls` is `postLogoutRedirectURLs` in a manifest (Kubernetes API conventions)."""
    first, *rest = attribute.split("_")
    return first + "".join(_ACRONYMS.get(word, word.capitalize()) for word in rest)


class Manifest(BaseModel):
    """A part of a manifest. Refuses unknown fields, which the API server would prune without a word."""

    model_config = ConfigDict(
        alias_generator=manifest_name,
        extra="forbid",
        frozen=True,
        populate_by_name=True,
        use_attribute_docstrings=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, written: Any) -> Any:
        """As the API server does: a null is pruned, then the default applies."""
        if isinstance(written, dict):
            return {key: value for key, value in written.items() if value is not None}
        return written

    def canonical(self) -> dict[str, Any]:
        """JSON form with the manifest's names in the order of the fields; what equals a default is left out.

        Manifests that mean the same thing are equal here, whether or not the API server wrote defaults into them.
        """
        dumped = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return {key: value for key, value in dumped.items() if value != {}}

    @classmethod
    def read(cls, written: Any) -> Self:
        """Parse what a manifest says. Raises pydantic.ValidationError, which `violations_of` reads."""
        return cls.model_validate(written, by_alias=True, by_name=False)


@dataclass(frozen=True, slots=True)
class EachOnce:
    """Marks a list as a set: the API server refuses a repeated item, and so does parsing."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(_refuse_repeats, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(schema) | {"x-kubernetes-list-type": "set"}


@dataclass(frozen=True, slots=True)
class EachKeyOnce:
    """Marks a list of objects as a map: by `attribute`, which no two of them share; with `and_`, both together."""

    attribute: str
    and_: str | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._refuse_repeats, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        keys = [manifest_name(name) for name in self._names]
        return handler(schema) | {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": keys}

    def _refuse_repeats(self, items: tuple[Any, ...]) -> tuple[Any, ...]:
        _refuse_repeats(tuple(", ".join(getattr(item, name) for name in self._names) for item in items))
        return items

    @property
    def _names(self) -> tuple[str, ...]:
        return (self.attribute,) if self.and_ is None else (self.attribute, self.and_)


def _refuse_repeats(items: tuple[str, ...]) -> tuple[str, ...]:
    for index, item in enumerate(items):
        if item in items[:index]:
            raise ValueError(f"{item!r} is listed twice: remove one")
    return items
