"""The building blocks of the document's JSON Schemas."""

from collections.abc import Iterable, Mapping

from schema.values import JsonSchema


def ref(name: str) -> JsonSchema:
    """A reference to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


def nullable(value: JsonSchema) -> JsonSchema:
    """`value` or null."""
    if isinstance(value.get("type"), str):
        return value | {"type": [value["type"], "null"]}
    return {"anyOf": [value, {"type": "null"}]}


def closed(
    properties: Mapping[str, JsonSchema], description: str, optional: Iterable[str] = ()
) -> JsonSchema:
    """An object with these members, all of them but the `optional` ones, and no others."""
    required = [name for name in properties if name not in set(optional)]
    made: JsonSchema = {"type": "object", "description": description}
    if required:
        made["required"] = required
    return made | {"properties": dict(properties), "additionalProperties": False}


def array(items: JsonSchema, description: str, **further: object) -> JsonSchema:
    """A list of `items`."""
    return {"type": "array", "description": description, "items": items, **further}


def described(value: JsonSchema, description: str) -> JsonSchema:
    """`value` with a description; a reference keeps it beside itself, as OpenAPI 3.1 allows."""
    return {"description": description} | value
