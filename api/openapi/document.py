"""The document itself: operations, parameters, answers and refusals, put together.

Examples are answers of the real program, kept in `examples.json`. They are written by
`python -m tests.api.openapi_examples > api/openapi/examples.json`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import orjson

from api.graphql.query import build_schema
from api.openapi.changes import changes_schemas
from api.openapi.hub import hub_schemas
from api.openapi.papers import paper_schemas
from api.openapi.protocol import protocol_schemas
from api.openapi.shapes import ref
from api.openapi.sharing import share
from api.openapi.writing import writing_schemas
from api.operation import GRAPHQL_JSON, JSON, Body, Operation
from api.renderings import RENDERINGS
from api.route_parameters import GRAPHQL_REQUIRED
from api.routes import (
    AHEAD_OF_GRAPHQL,
    COMMON_PROBLEMS,
    CONNECTION_PROBLEMS,
    OPERATIONS,
    TAGS,
)
from schema.errors import PROBLEMS
from schema.parameters import LIMIT, SEARCH, Parameter, Several
from schema.values import JsonSchema

PROBLEM_JSON = "application/problem+json"

OPENAPI_JSON = "application/vnd.oai.openapi+json"
MEDIA_TYPES = (JSON, OPENAPI_JSON)
"""What the document may be sent as; the first unless a client prefers the other."""

Json = dict[str, Any]

_DESCRIPTION = """\
Search for research papers: list them, search and filter them, read them by their ids.

- An absent value is null, never left out.
- Unknown parameters are refused with the nearest name that exists.
- Errors are RFC 9457 problems with a stable `code` and a list of every fault that was found.
- A walk by `cursor` meets every paper once, while papers are loaded.
- `HEAD` works wherever `GET` does.
- Answers with papers can be had in other forms, at addresses that end in the suffix of the form,
  or where `Accept` names its media type.

| suffix | media type | for |
|---|---|---|
""" + "".join(
    f"| `{each.suffix}` | `{each.media}` | {each.purpose} |\n" for each in RENDERINGS.values()
)

HEADERS: Mapping[str, tuple[str, JsonSchema]] = {
    "ETag": ("The validator of this answer, for `If-None-Match`.", {"type": "string"}),
    "Link": ("Pages that belong to this one (RFC 8288).", {"type": "string"}),
    "Cache-Control": ("`no-cache`: keep it, but ask again.", {"type": "string"}),
    "Content-Disposition": ("What to call a file of it (RFC 6266).", {"type": "string"}),
    "Vary": ("The request headers that this answer depends on.", {"type": "string"}),
    "Server-Timing": ("Milliseconds that the server took: `app;dur=1.25`.", {"type": "string"}),
    "X-HF-Warning": (
        "What was not taken as written, or finds more: its code, `; `, and the same in words.",
        {"type": "string"},
    ),
    "WWW-Authenticate": ("How to show the token (RFC 6750).", {"type": "string"}),
    "Retry-After": (
        "Seconds after which the same request may pass.",
        {"type": "integer", "minimum": 0},
    ),
}

STATUSES: Mapping[int, str] = {
    400: "Something is wrong in the address, a header or the syntax of the body.",
    401: "The token is missing or wrong.",
    403: "That is not allowed here.",
    404: "It does not exist.",
    406: "No media type that the client accepts can be had.",
    409: "The shelf is as it is for a reason.",
    410: "It was removed.",
    413: "The body is too large.",
    415: "The body has another media type.",
    422: "A member of the body is wrong.",
    429: "Too many requests.",
    500: "Something went wrong in the server.",
    503: "Not now; try again later.",
}


@cache
def examples() -> Json:
    """Real answers: `answers` by operation and media type, `problems` and `graphql` by code."""
    content = (files("api.openapi") / "examples.json").read_bytes()
    found: Json = orjson.loads(content)
    return found


def openapi_document(version: str, public_url: str = "") -> Json:
    """The description of a server of this program version, as JSON.

    `public_url` is where clients reach it; empty: wherever they found the description.
    """
    paths: dict[str, Json] = {}
    for operation in described_operations():
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    components = _components()
    share(paths, components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Papershelf",
            "summary": "Self-hosted search for research papers.",
            "description": _DESCRIPTION,
            "version": version,
            "contact": _contact(public_url),
            "license": {"name": "MIT", "url": "https://opensource.org/license/mit"},
        },
        "servers": [{"url": public_url or "/", "description": "This server."}],
        "security": [],
        "tags": [{"name": tag.name, "description": tag.description} for tag in TAGS.values()],
        "paths": paths,
        "components": components,
    }


def _components() -> Json:
    return {
        "schemas": paper_schemas(build_schema())
        | hub_schemas()
        | changes_schemas()
        | protocol_schemas()
        | writing_schemas(),
        "securitySchemes": {TOKEN: _TOKEN},
        "parameters": {"IfNoneMatch": _IF_NONE_MATCH},
        "headers": {
            name: {"description": text, "schema": value} for name, (text, value) in HEADERS.items()
        },
        "responses": {
            "Problem": _refusal("Any other refusal.", CONNECTION_PROBLEMS),
            **{str(status): _by_status(status, codes) for status, codes in _COMMON.items()},
        },
        "examples": {
            code: {"summary": PROBLEMS[code].title, "value": problem}
            for code, problem in examples()["problems"].items()
        },
    }


_PAGE_LIMIT = replace(
    LIMIT,
    description="How many papers a page has. Without it, `cursor` and `before` the whole result "
    "comes, sent while it is read.",
    value={name: each for name, each in LIMIT.value.items() if name != "default"},
)
"""Clients send a default as if it had been asked for, and would never get a whole result."""


def described_operations() -> Iterator[Operation]:
    """Every operation; further forms of an answer stand at the addresses that they have as well.

    One response of several media types would be of all their types to a generated client, so that
    nobody could read a member of its JSON without asking first whether it is a text.
    """
    for operation in OPERATIONS:
        answer = operation.answer
        usual = next(iter(answer.content))
        further = [each for each in answer.content if each in RENDERINGS and each != usual]
        forms = [RENDERINGS[each] for each in further] if usual in RENDERINGS else []
        others = {form.media for form in forms}
        own = {media: name for media, name in answer.content.items() if media not in others}
        yield replace(operation, answer=replace(answer, content=own))
        for form in forms:
            query = {k: each for k, each in operation.query.items() if k not in form.without}
            if form.papers and operation.query is SEARCH:
                query |= {LIMIT.name: _PAGE_LIMIT}
            yield replace(
                operation,
                path=operation.path + form.suffix,
                operation_id=operation.operation_id + form.name,
                summary=f"{operation.summary}, as {form.name}",
                description=f"{operation.description} The same as with `Accept: {form.media}`.",
                query=query,
                answer=replace(answer, content={form.media: answer.content[form.media]}),
            )


def _contact(public_url: str) -> Json:
    """Whoever runs this server, by the mailbox that RFC 2142 has for web servers."""
    host = urlsplit(public_url).hostname or ""
    named = "." in host and host[-1].isalpha()
    return {
        "name": "Whoever runs this server",
        "url": public_url or "http://localhost",
        "email": f"webmaster@{host if named else 'localhost.localdomain'}",
    }


TOKEN = "token"
"""The name of the security scheme."""

_TOKEN: Json = {
    "type": "http",
    "scheme": "bearer",
    "description": "The token that the server was started with (RFC 6750). Reads need none.",
}

_IF_NONE_MATCH: Json = {
    "name": "If-None-Match",
    "in": "header",
    "description": "An `ETag` that the client has: if it is still right, the answer is 304.",
    "required": False,
    "schema": {"type": "string"},
    "example": '"0123456789abcdef01234567"',
}


def _operation(operation: Operation) -> Json:
    parameters = [_parameter(each, "path") for each in operation.path_parameters.values()]
    parameters += [_parameter(each, "query") for each in operation.query.values()]
    if operation.answer.tagged:
        parameters.append({"$ref": "#/components/parameters/IfNoneMatch"})
    made: Json = {
        "operationId": operation.operation_id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
    }
    if operation.secured:
        made["security"] = [{TOKEN: []}]
    if parameters:
        made["parameters"] = parameters
    if operation.body:
        made["requestBody"] = _body(operation.body)
    return made | {"responses": _responses(operation)}


def _parameter(parameter: Parameter, place: str) -> Json:
    description = parameter.description
    if parameter.several is Several.LISTED:
        description += " Repeated, or in one with commas between."
    made: Json = {"name": parameter.name, "in": place, "description": description}
    made["required"] = place == "path" or parameter.name in GRAPHQL_REQUIRED
    if parameter.several is not Several.NO:
        made |= {"style": "form", "explode": True}
    shown: Json = {"schema": parameter.json_schema}
    if parameter.example is not None:
        shown["example"] = typed_example(parameter, parameter.example)
    return made | ({"content": {JSON: shown}} if parameter.value["type"] == "object" else shown)


def typed_example(parameter: Parameter, written: str) -> Any:
    """A written value as its schema has it: `20` of a URL is the number 20."""
    if parameter.several is Several.LISTED:
        return written.split(",")
    plain = parameter.value["type"] in ("integer", "boolean", "object")
    single = orjson.loads(written) if plain else written
    return [single] if parameter.several is Several.REPEATED else single


def _body(body: Body) -> Json:
    told = ref(body.schema_name) if body.schema_name else {"type": "string", "format": "binary"}
    media = {"schema": told, "example": body.example}
    return {"description": body.description, "required": True, "content": {body.media: media}}


def _responses(operation: Operation) -> Json:
    answer = operation.answer
    answers = examples()["answers"]  # JSON at an address of its own is the operation's all the same
    whole = operation.operation_id.removesuffix(RENDERINGS[JSON].name)
    shown = answers.get(operation.operation_id) or answers.get(whole, {})
    content: dict[str, Json] = {}
    names = ["Cache-Control", "Vary"]
    for media, name in answer.content.items():
        form = RENDERINGS.get(media)
        plain = form.json_schema if form else {"type": "string"}
        content[media] = {"schema": ref(name) if name else plain}
        names += ["Content-Disposition"] if form and form.papers else []
        if media in shown:
            content[media]["example"] = shown[media]
    names += ["ETag"] if answer.tagged else []
    names += ["Link"] if answer.linked else []
    names += ["X-HF-Warning"] if answer.warned else []
    names += ["Server-Timing"] if operation.tag != "service" else []
    made: Json = {
        "200": {"description": answer.description, "headers": _headers(names), "content": content}
    }
    if answer.tagged:
        kept = _headers(["Cache-Control", "Vary", "ETag"])
        made["304"] = {"description": "The client has this answer already.", "headers": kept}
    codes = (*TAGS[operation.tag].problems, *operation.problems, *COMMON_PROBLEMS)
    for status, found in _grouped(codes).items():
        if found == _COMMON.get(status) and operation.tag != "graphql":
            made[str(status)] = {"$ref": f"#/components/responses/{status}"}
        else:
            made[str(status)] = _by_status(status, found, graphql=operation.tag == "graphql")
    return made | {"default": {"$ref": "#/components/responses/Problem"}}


def _grouped(codes: Iterable[str]) -> dict[int, tuple[str, ...]]:
    """Codes by status, both in order."""
    given = tuple(codes)
    statuses = sorted({PROBLEMS[code].status for code in given})
    return {
        status: tuple(code for code in given if PROBLEMS[code].status == status)
        for status in statuses
    }


_COMMON = _grouped(COMMON_PROBLEMS)


def _headers(names: Iterable[str]) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in sorted(names)}


_TOLD: Mapping[int, str] = {401: "WWW-Authenticate", 429: "Retry-After", 503: "Retry-After"}
"""What a refusal tells in a header, by its status."""


def _by_status(status: int, codes: tuple[str, ...], *, graphql: bool = False) -> Json:
    """A response with a status; GraphQL's own refusals have GraphQL's shape."""
    own = tuple(code for code in codes if graphql and code not in AHEAD_OF_GRAPHQL)
    made = _refusal(STATUSES[status], tuple(code for code in codes if code not in own))
    made["description"] = f"{STATUSES[status]} Codes: {', '.join(codes)}."
    if own:
        shown = {
            code: {"summary": PROBLEMS[code].title, "value": examples()["graphql"][code]}
            for code in own
            if code in examples()["graphql"]
        }
        for media in (GRAPHQL_JSON, JSON):
            made["content"][media] = {"schema": ref("GraphQLResponse"), "examples": shown}
    if status in _TOLD:
        made["headers"] = _headers([_TOLD[status]])
    return made


def _refusal(description: str, codes: tuple[str, ...]) -> Json:
    """Problems with these codes, if there are any."""
    shown = [code for code in codes if code in examples()["problems"]]
    media: Json = {"schema": ref("Problem")}
    if shown:
        media["examples"] = {code: {"$ref": f"#/components/examples/{code}"} for code in shown}
    content = {PROBLEM_JSON: media} if codes else {}
    return {"description": f"{description} Codes: {', '.join(codes)}.", "content": content}
