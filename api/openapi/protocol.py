"""The JSON Schemas of what is no paper: problems, GraphQL over HTTP, the server itself."""

from api.openapi.shapes import array, closed, described, ref
from schema.errors import PROBLEMS
from schema.values import NOT_BLANK, JsonSchema


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
    doors: dict[str, JsonSchema] = {
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
        "properties": {
            "openapi": {"type": "string", "description": "The version of OpenAPI."},
            "info": {"type": "object", "description": "What it describes."},
            "paths": {"type": "object", "description": "The operations by path."},
        },
        "additionalProperties": True,
    }
    return {
        "Door": door,
        "Index": closed(doors, "An index of the doors."),
        "Health": _status("ok", "The process lives."),
        "Readiness": _status("ready", "The index has caught up."),
        "OpenAPI": document,
    }


def _status(word: str, description: str) -> JsonSchema:
    status = {"type": "string", "description": "Always the same word.", "const": word}
    return closed({"status": status}, description)


_FREE: JsonSchema = {"type": ["object", "null"], "additionalProperties": True}


def _graphql() -> dict[str, JsonSchema]:
    request: JsonSchema = {
        "type": "object",
        "description": "A request of GraphQL over HTTP.",
        "required": ["query"],
        "properties": {
            "query": {"type": "string", "description": "A GraphQL document.", "pattern": NOT_BLANK},
            "variables": described(_FREE, "The variables by name."),
            "operationName": {
                "type": ["string", "null"],
                "description": "Which operation of the document to run.",
            },
            "extensions": described(
                _FREE,
                "Extensions of the request. `persistedQuery` may stand in place of a `query` that "
                "this server has seen.",
            ),
        },
        "additionalProperties": True,
    }
    response = closed(
        {
            "data": described(_FREE, "What was asked for, by name; null if it failed."),
            "errors": array(ref("GraphQLError"), "What went wrong, if anything.", minItems=1),
        },
        "A response of GraphQL: `data`, `errors`, or both.",
        ("data", "errors"),
    )
    return {"GraphQLRequest": request, "GraphQLResponse": response} | _graphql_errors()


def _graphql_errors() -> dict[str, JsonSchema]:
    location = {
        "line": {"type": "integer", "description": "Line, from 1.", "minimum": 1},
        "column": {"type": "integer", "description": "Column, from 1.", "minimum": 1},
    }
    extensions = {
        "code": ref("ProblemCode"),
        "errors": array(ref("Fault"), "Every fault that was found."),
    }
    error = {
        "message": {"type": "string", "description": "What went wrong."},
        "locations": array(ref("GraphQLLocation"), "Where in the document."),
        "path": array({"type": ["string", "integer"]}, "Where in the answer."),
        "extensions": ref("GraphQLErrorExtensions"),
    }
    return {
        "GraphQLLocation": closed(location, "A place in the document."),
        "GraphQLErrorExtensions": closed(extensions, "The code, as in REST.", ("errors",)),
        "GraphQLError": closed(error, "An error of GraphQL.", ("locations", "path")),
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
        "error": {
            "type": "string",
            "description": "The same as `detail`, at the addresses of Hugging Face alone.",
        },
    }
    return {
        "ProblemCode": {
            "type": "string",
            "description": "A stable code, the same in REST and GraphQL.",
            "enum": list(PROBLEMS),
        },
        "Fault": closed(fault, "One fault of a request."),
        "Problem": closed(problem, "A problem as RFC 9457 has it.", ("error",)),
    }
