"""Errors as a GraphQL client reads them: a message, where, and the code of `schema.errors`."""

import logging
from typing import Any

from graphql import GraphQLError

from api.graphql.arguments import as_graphql
from api.http import fault
from schema.errors import Problem

MAX_MESSAGE = 500
"""Characters of a message that may quote what a client sent."""

MAX_LOCATIONS = 10
"""Places that an error names; a name that is used twice has two."""

_log = logging.getLogger("papershelf")


def problem_error(problem: Problem) -> dict[str, Any]:
    """An error that concerns the request as a whole."""
    return {"message": problem.detail, "extensions": _extensions(problem)}


def request_error(error: GraphQLError, code: str) -> dict[str, Any]:
    """What graphql-core, or we in its stead, refused before execution."""
    extensions: dict[str, Any] = {"code": code}
    if isinstance(error.original_error, Problem):
        extensions = _extensions(error.original_error)
    extensions |= error.extensions or {}
    return _located(error, _cut(error.message)) | {"extensions": extensions}


def field_error(error: GraphQLError) -> dict[str, Any]:
    """What went wrong while a field was resolved; whatever we did not foresee is `internal`.

    An error without a cause is graphql-core's own: an argument that does not fit its type.
    """
    cause = error.original_error
    if isinstance(cause, Problem):
        problem = as_graphql(cause)
        return _located(error, problem.detail) | {"extensions": _extensions(problem)}
    if cause is None or isinstance(cause, GraphQLError):
        return request_error(error, "graphql-coercion")
    _log.error("An unexpected error at %s", error.path, exc_info=cause)
    return _located(error, "Internal error") | {"extensions": {"code": "internal"}}


def _located(error: GraphQLError, message: str) -> dict[str, Any]:
    result: dict[str, Any] = {"message": message}
    if error.locations:
        result["locations"] = [
            {"line": place.line, "column": place.column}
            for place in error.locations[:MAX_LOCATIONS]
        ]
    if error.path is not None:
        result["path"] = error.path
    return result


def _extensions(problem: Problem) -> dict[str, Any]:
    return {"code": problem.code, "errors": [fault(each) for each in problem.errors]}


def _cut(message: str) -> str:
    return message if len(message) <= MAX_MESSAGE else message[:MAX_MESSAGE] + "…"
