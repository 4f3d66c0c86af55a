"""A GraphQL request as HTTP carries it: the GraphQL over HTTP draft, GET and POST of JSON."""

from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.types import Receive, Scope

from api.http import header, query_parameters, read_body
from schema.errors import Problem

GRAPHQL_JSON = b"application/graphql-response+json"
PLAIN_JSON = b"application/json"
_MEMBERS = ("query", "variables", "operationName", "extensions")


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """The members of a request that we use."""

    query: str
    variables: dict[str, Any] = field(default_factory=dict)
    operation_name: str | None = None


def response_media(scope: Scope) -> bytes | None:
    """The media type to answer with, by RFC 9110, section 12.5.1; None if none is acceptable.

    `application/json` where the client does not care, which older clients rely on.
    """
    accept = header(scope, b"accept")
    if not accept:
        return PLAIN_JSON
    ranges = _accepted(accept)
    weights = {media: _weight(media.decode(), ranges) for media in (PLAIN_JSON, GRAPHQL_JSON)}
    named = GRAPHQL_JSON.decode() in ranges
    best = max(weights, key=lambda media: (weights[media], named and media == GRAPHQL_JSON))
    return best if weights[best] > 0 else None


def _accepted(accept: str) -> dict[str, float]:
    """Media ranges and their weights."""
    ranges = {}
    for part in accept.lower().split(",")[:50]:
        media, *parameters = (each.strip() for each in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                weight = _quality(value.strip())
            elif name.strip() == "charset" and value.strip().strip('"') != "utf-8":
                weight = 0.0
        ranges[media] = weight
    return ranges


def _quality(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return 1.0
    return weight if 0 <= weight <= 1 else 1.0


def _weight(media: str, ranges: dict[str, float]) -> float:
    for candidate in (media, "application/*", "*/*"):
        if candidate in ranges:
            return ranges[candidate]
    return 0.0


async def read_request(scope: Scope, receive: Receive, max_body: int) -> GraphQLRequest:
    """The request of a GET or POST; raises `Problem` for what is not well-formed."""
    if scope["method"] == "POST":
        return _from_members(_body_members(scope, await read_body(scope, receive, max_body)))
    return _from_members(_url_members(scope))


def _body_members(scope: Scope, body: bytes) -> dict[str, Any]:
    media, _, parameters = header(scope, b"content-type").lower().partition(";")
    charset = parameters.partition("charset=")[2].partition(";")[0].strip().strip('"')
    if media.strip() != "application/json" or charset not in ("", "utf-8", "utf8"):
        raise Problem("media-type-unsupported", "Send the body as `application/json` in UTF-8.")
    try:
        members = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        detail = f"The body is not JSON: line {error.lineno}, column {error.colno}."
        raise Problem("body-not-json", detail) from None
    if isinstance(members, list):
        raise _invalid("A body is one request; lists of requests are not supported.")
    if not isinstance(members, dict):
        raise _invalid("The body must be a JSON object with the member `query`.")
    return members


def _url_members(scope: Scope) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in query_parameters(scope):
        if name in _MEMBERS and name in members:
            raise _invalid(f"`{name}` may be given only once.")
        members[name] = value
    for name in ("variables", "extensions"):
        text = members.get(name)
        try:
            members[name] = orjson.loads(text) if text else None
        except orjson.JSONDecodeError:
            raise _invalid(f"`{name}` must be a JSON object, percent-encoded.") from None
    members["operationName"] = members.get("operationName") or None
    return members


def _from_members(members: dict[str, Any]) -> GraphQLRequest:
    query, variables, operation_name, extensions = (members.get(name) for name in _MEMBERS)
    if not isinstance(query, str) or not query.strip():
        raise _invalid("`query` must be a string with a GraphQL document.")
    if variables is not None and not isinstance(variables, dict):
        raise _invalid("`variables` must be an object, or null.")
    if operation_name is not None and not isinstance(operation_name, str):
        raise _invalid("`operationName` must be a string, or null.")
    if extensions is not None and not isinstance(extensions, dict):
        raise _invalid("`extensions` must be an object, or null.")
    return GraphQLRequest(query, variables or {}, operation_name)


def _invalid(message: str) -> Problem:
    return Problem("graphql-request-invalid", message)
