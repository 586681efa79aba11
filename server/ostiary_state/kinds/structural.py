"""A pydantic model as a structural schema, the dialect of OpenAPI v3 that a CustomResourceDefinition accepts.

References are written in place, an optional field is one that may be absent (no null, no anyOf), and a default
is one that the API server fills in, so that `kubectl get -o yaml` shows what is in force.
"""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from ostiary_state.kinds.durations import Duration

Schema = dict[str, Any]

# In this order, whatever order they were found in: a schema is read by people.
_KEPT = (
    "description", "type", "format", "enum", "default", "minLength", "maxLength", "minimum", "maximum",
    "minItems", "maxItems", "maxProperties", "items", "required", "properties", "additionalProperties",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields", "x-kubernetes-validations",
)  # fmt: skip
_DROPPED = frozenset({"title", "$defs"})


def structural_schema(model: type[BaseModel]) -> Schema:
    """Raises ValueError for what a model says in a way that the API server would refuse or silently ignore."""
    schema = model.model_json_schema(by_alias=True, schema_generator=_Defaults)
    return _structural(schema, schema.get("$defs", {}))


def _structural(schema: Schema, definitions: Schema) -> Schema:
    schema = _optional_as_absent(schema)
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]] | {k: v for k, v in schema.items() if k != "$ref"}
    if "const" in schema:  # a choice of one
        schema = {key: value for key, value in schema.items() if key != "const"} | {"enum": [schema["const"]]}
    if unknown := schema.keys() - set(_KEPT) - _DROPPED:
        raise ValueError(f"no structural form for {', '.join(sorted(unknown))}")
    found = {key: schema[key] for key in _KEPT if key in schema and key != "additionalProperties"}
    found["description"] = " ".join(found.get("description", "").split())
    if isinstance(of_each := schema.get("additionalProperties"), dict):
        found["additionalProperties"] = {k: v for k, v in _structural(of_each, definitions).items() if v != ""}
    if schema.get("additionalProperties") is True:  # else the API server would drop what no property names
        found["x-kubernetes-preserve-unknown-fields"] = True
    if "items" in found:
        found["items"] = {k: v for k, v in _structural(found["items"], definitions).items() if v != ""}
    if "properties" in found:
        found["properties"] = {name: _structural(field, definitions) for name, field in found["properties"].items()}
    return _with_default(found)


def _optional_as_absent(schema: Schema) -> Schema:
    if "anyOf" not in schema:
        return schema
    form, null = schema["anyOf"]
    if null != {"type": "null"}:
        raise ValueError("a field has one type")
    outer = {key: value for key, value in schema.items() if key != "anyOf"}
    if outer.get("default", ...) is None:
        del outer["default"]
    return {**form, **outer}


def _with_default(schema: Schema) -> Schema:
    """Nothing to fill in where the default is empty; an object is filled in field by field."""
    default = schema.get("default")
    if schema.get("type") == "object" and default:
        return schema | {"default": {}}
    if default in ([], {}):
        del schema["default"]
    return schema


class _Defaults(GenerateJsonSchema):
    def encode_default(self, dft: Any) -> Any:
        """Pydantic writes the default of a dataclass by its fields, whatever its type says of serialization."""
        return str(dft) if isinstance(dft, Duration) else super().encode_default(dft)
