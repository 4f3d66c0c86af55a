"""The JSON Schemas of what is no paper: problems, GraphQL over HTTP, the server itself."""

from api.openapi.shapes import array, closed, described, ref
from schema.errors import PROBLEMS
from schema.values import JsonSchema


def protocol_schemas() -> dict[str, JsonSchema]:
    """The components by name."""
    return _service() | _graphql() | _problems()


def _service() -> dict[str, JsonSchema]:
    door = closed(
        {
            "href": {"type": "string", "description": "The address, perhaps a URI template."},
            "description": {"type": "string", "description": "What is behind it."},
        },
        "A door of the server.",
    )
    index: dict[str, JsonSchema] = {
        "name": {"type": "string", "description": "What this server is.", "const": "Papershelf"},
        "papers": {"type": "integer", "minimum": 0, "description": "How many papers there are."},
        "doors": {
            "type": "object",
            "description": "The doors by name.",
            "additionalProperties": ref("Door"),
        },
    }
    document: JsonSchema = {
        "type": "object",
        "description": "An OpenAPI document.",
        "required": ["openapi", "info", "paths"],
        "properties": {"openapi": {"type": "string", "description": "The version of OpenAPI."}},
        "additionalProperties": True,
    }
    return {
        "Door": door,
        "Index": closed(index, "An index of the doors."),
        "Health": _status("ok", "The process lives."),
        "Readiness": _status("ready", "The index has caught up."),
        "OpenAPI": document,
    }


def _status(word: str, description: str) -> JsonSchema:
    status = {"type": "string", "description": "Always the same word.", "const": word}
    return closed({"status": status}, description)


def _graphql() -> dict[str, JsonSchema]:
    free: JsonSchema = {"type": ["object", "null"], "additionalProperties": True}
    request: JsonSchema = {
        "type": "object",
        "description": "A request of GraphQL over HTTP.",
        "required": ["query"],
        "properties": {
            "query": {"type": "string", "description": "A GraphQL document.", "pattern": r"\S"},
            "variables": free | {"description": "The variables by name."},
            "operationName": {
                "type": ["string", "null"],
                "description": "Which operation of the document to run.",
            },
            "extensions": free | {"description": "Extensions of the request."},
        },
        "additionalProperties": True,
    }
    location = closed(
        {
            "line": {"type": "integer", "description": "Line, from 1.", "minimum": 1},
            "column": {"type": "integer", "description": "Column, from 1.", "minimum": 1},
        },
        "A place in the document.",
    )
    error: JsonSchema = closed(
        {
            "message": {"type": "string", "description": "What went wrong."},
            "locations": array(ref("GraphQLLocation"), "Where in the document."),
            "path": array({"type": ["string", "integer"]}, "Where in the answer."),
            "extensions": ref("GraphQLErrorExtensions"),
        },
        "An error of GraphQL.",
        ("locations", "path"),
    )
    extensions = closed(
        {"code": ref("ProblemCode"), "errors": array(ref("Fault"), "Every fault that was found.")},
        "The code, the same as in REST.",
        ("errors",),
    )
    response = closed(
        {
            "data": free | {"description": "What was asked for, by name; null if it failed."},
            "errors": array(ref("GraphQLError"), "What went wrong, if anything.", minItems=1),
        },
        "A response of GraphQL: `data`, `errors`, or both.",
        ("data", "errors"),
    )
    return {
        "GraphQLRequest": request,
        "GraphQLLocation": location,
        "GraphQLErrorExtensions": extensions,
        "GraphQLError": error,
        "GraphQLResponse": response,
    }


def _problems() -> dict[str, JsonSchema]:
    statuses = sorted({kind.status for kind in PROBLEMS.values()})
    fault = {
        "parameter": {"type": "string", "description": "The parameter, argument or member."},
        "code": described(ref("ProblemCode"), "What is wrong with it."),
        "message": {"type": "string", "description": "The same in words."},
        "suggestion": {
            "type": ["string", "null"],
            "description": "A value or name that would pass, if there is one to tell.",
        },
    }
    problem: dict[str, JsonSchema] = {
        "type": {
            "type": "string",
            "format": "uri-reference",
            "description": "`about:blank`: the status and the code say all (RFC 9457, 4.2.1).",
        },
        "title": {"type": "string", "description": "What the code means."},
        "status": {
            "type": "integer",
            "format": "int32",
            "description": "The HTTP status.",
            "enum": statuses,
        },
        "detail": {"type": "string", "description": "What went wrong this time."},
        "code": ref("ProblemCode"),
        "errors": array(ref("Fault"), "Every fault of the request that was found."),
    }
    return {
        "ProblemCode": {
            "type": "string",
            "description": "A stable code, the same in REST and GraphQL.",
            "enum": list(PROBLEMS),
        },
        "Fault": closed(fault, "One fault of a request."),
        "Problem": closed(problem, "A problem as RFC 9457 has it."),
    }
