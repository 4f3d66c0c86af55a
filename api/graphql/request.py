"""A GraphQL request as HTTP carries it: the GraphQL over HTTP draft, GET and POST of JSON."""

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.types import Receive, Scope

from api.http import header, query_parameters, read_body
from api.negotiation import media_ranges, media_weight
from schema.errors import Problem

GRAPHQL_JSON = b"application/graphql-response+json"
PLAIN_JSON = b"application/json"
_MEMBERS = ("query", "variables", "operationName", "extensions")


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """The members of a request that we use, and the bytes in which they were written.

    `sha256` is the hash of a persisted query: that of `query`, or in place of it where that is
    empty.
    """

    query: str
    variables: dict[str, Any] = field(default_factory=dict)
    operation_name: str | None = None
    raw: bytes = b""
    sha256: str | None = None


def response_media(scope: Scope) -> bytes | None:
    """The media type to answer with, by RFC 9110, section 12.5.1; None if none is acceptable.

    `application/json` where the client does not care, which older clients rely on.
    """
    ranges = media_ranges(header(scope, b"accept"))
    if not ranges:
        return PLAIN_JSON
    plain, own = (media_weight(each.decode(), ranges) for each in (PLAIN_JSON, GRAPHQL_JSON))
    named = GRAPHQL_JSON.decode() in ranges
    if max(own, plain) == 0:
        return None
    return GRAPHQL_JSON if own > plain or (own == plain and named) else PLAIN_JSON


async def read_request(scope: Scope, receive: Receive, max_body: int) -> GraphQLRequest:
    """The request of a GET or POST; raises `Problem` for what is not well-formed."""
    if scope["method"] == "POST":
        raw = await read_body(scope, receive, max_body)
        return _from_members(_body_members(scope, raw), raw)
    return _from_members(_url_members(scope), scope["query_string"])


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


def _from_members(members: dict[str, Any], raw: bytes) -> GraphQLRequest:
    query, variables, operation_name, extensions = (members.get(name) for name in _MEMBERS)
    if extensions is not None and not isinstance(extensions, dict):
        raise _invalid("`extensions` must be an object, or null.")
    sha256 = _persisted((extensions or {}).get("persistedQuery"), query)
    if query is None and sha256:
        query = ""
    elif not isinstance(query, str) or not query.strip():
        raise _invalid("`query` must be a string with a GraphQL document.")
    if variables is not None and not isinstance(variables, dict):
        raise _invalid("`variables` must be an object, or null.")
    if operation_name is not None and not isinstance(operation_name, str):
        raise _invalid("`operationName` must be a string, or null.")
    return GraphQLRequest(query, variables or {}, operation_name, raw, sha256)


def _persisted(given: object, query: object) -> str | None:
    """The hash of a persisted query, which is that of `query` if there is one."""
    if given is None:
        return None
    members = given if isinstance(given, dict) else {}
    sha256 = members.get("sha256Hash")
    if (
        members.get("version") != 1
        or not isinstance(sha256, str)
        or not re.fullmatch("[0-9a-f]{64}", sha256)
    ):
        raise _invalid(
            "`extensions.persistedQuery` must have `version: 1` and `sha256Hash`, the SHA-256 of "
            "the query's UTF-8 in lower-case hexadecimal."
        )
    if isinstance(query, str) and sha256 != hashlib.sha256(query.encode()).hexdigest():
        raise _invalid("provided sha does not match query: `sha256Hash` is that of another text.")
    return sha256


def _invalid(message: str) -> Problem:
    return Problem("graphql-request-invalid", message)
