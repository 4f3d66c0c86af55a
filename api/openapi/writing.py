"""The JSON Schemas of what the write door answers."""

from api.openapi.shapes import array, closed, nullable, ref
from api.writing import MAX_SHOWN
from schema.values import JsonSchema


def writing_schemas() -> dict[str, JsonSchema]:
    """The components by name."""
    reject = {
        "line": _count("The line of the source, from 1.", 1),
        "reason": {"type": "string", "description": "Why nothing could be made of it."},
        "excerpt": {"type": "string", "description": "How it begins."},
    }
    warning = {
        "line": _count("The line of the source, from 1.", 1),
        "message": {"type": "string", "description": "What was not taken as written."},
    }
    removed: dict[str, JsonSchema] = {
        "id": {"type": "string", "description": "Our own id of the paper."}
    }
    return {
        "Reject": closed(reject, "A part of a source that could not become a paper."),
        "LoadWarning": closed(warning, "Something that was read, but not as written."),
        "LoadReport": closed(_report(), "What a load did."),
        "LoadAnswer": _answer("LoadReport", "What was loaded, and what was not."),
        "Removal": closed(removed, "The paper that is gone."),
        "RemovalAnswer": _answer("Removal", "What was removed."),
    }


def _report() -> dict[str, JsonSchema]:
    searchable: JsonSchema = {
        "type": "boolean",
        "description": "Whether searches find it already; null after a dry run.",
    }
    return {
        "dryRun": {"type": "boolean", "description": "Whether nothing was stored."},
        "readable": _count("How many papers could be read and are not refused."),
        "added": nullable(_count("How many are new; null after a dry run.")),
        "updated": nullable(_count("How many were known and changed; null after a dry run.")),
        "unchanged": nullable(_count("How many were known as they are; null after a dry run.")),
        "rejected": _count("How many could not be read or stored."),
        "rejects": array(ref("Reject"), "The first of those.", maxItems=MAX_SHOWN),
        "warned": _count("How many warnings there are."),
        "warnings": array(ref("LoadWarning"), "The first of them.", maxItems=MAX_SHOWN),
        "searchable": nullable(searchable),
    }


def _count(description: str, least: int = 0) -> JsonSchema:
    return {"type": "integer", "format": "int32", "description": description, "minimum": least}


def _answer(data: str, description: str) -> JsonSchema:
    members = {"data": ref(data), "meta": ref("RevisionMeta"), "links": ref("SelfLinks")}
    return closed(members, description)
