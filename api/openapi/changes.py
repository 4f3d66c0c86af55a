"""The JSON Schemas of what changed."""

from api.openapi.shapes import array, closed, described, nullable, ref
from schema.changes import MAX_CHANGES, TOKEN
from schema.values import JsonSchema


def changes_schemas() -> dict[str, JsonSchema]:
    """The components by name."""
    return {
        "Change": closed(_change(), "The last change of a paper."),
        "ChangesMeta": closed(_meta(), "How to go on."),
        "ChangesLinks": closed(_links(), "Addresses: relative, or below the public address."),
        "ChangesPage": closed(_page(), "What changed behind a place."),
    }


def _change() -> dict[str, JsonSchema]:
    replica: JsonSchema = {
        "type": "object",
        "description": "What only an exact copy needs (`papershelf follow`); not for others.",
        "additionalProperties": True,
    }
    return {
        "token": _token("The place behind this change, for `since`."),
        "op": {
            "type": "string",
            "enum": ["put", "remove"],
            "description": "Whether the paper is there, new or changed, or was removed.",
        },
        "id": {"type": "string", "description": "Our own id of the paper."},
        "changedAt": {
            "type": "string",
            "format": "date-time",
            "description": "When it changed, in UTC.",
        },
        "paper": described(nullable(ref("Paper")), "The whole paper; null for a removal."),
        "replica": replica,
    }


def _meta() -> dict[str, JsonSchema]:
    return {
        "limit": {
            "type": "integer",
            "format": "int32",
            "description": "How many changes a page has.",
            "minimum": 1,
            "maximum": MAX_CHANGES,
        },
        "next": _token("For `since`: what changes behind this page, and later."),
    }


def _links() -> dict[str, JsonSchema]:
    return {
        "self": {"type": "string", "format": "uri-reference", "description": "This page."},
        "next": {
            "type": ["string", "null"],
            "format": "uri-reference",
            "description": "The page that follows; null where that is all for now.",
        },
    }


def _page() -> dict[str, JsonSchema]:
    return {
        "data": array(ref("Change"), "The changes, the oldest first.", maxItems=MAX_CHANGES),
        "meta": ref("ChangesMeta"),
        "links": ref("ChangesLinks"),
    }


def _token(description: str) -> JsonSchema:
    return {"type": "string", "pattern": f"^{TOKEN}$", "description": description}
