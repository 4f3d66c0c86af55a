"""What programs can do over MCP: tools that are operations of REST under other names.

A tool takes the parameters of its operation as JSON, and answers with the JSON that REST answers,
beside the same as Markdown. So it can neither take nor say anything that REST does not.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from api.http import MAX_PARAMETERS, problem_answer
from api.openapi.document import typed_example
from api.openapi.shapes import closed, ref
from api.operation import JSON, MARKDOWN, Operation
from api.pool import Pool
from api.renderings import RENDERED_AT_ONCE, RENDERINGS
from api.rest import RestDoor
from api.routes import OPERATIONS
from schema.errors import ParameterError, Problem
from schema.parameters import Parameter
from schema.request import unknown_parameter
from schema.search import FACETS
from schema.values import JsonSchema

_REFERENCE = "#/components/schemas/"

_LONG = ("pattern", "not", "x-enum-varnames")

_OF_A_PAGE = ("limit", "nextCursor", "previousCursor")
"""What `meta` says of the page rather than of the whole result."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A row: what it is called, the operation that it is, and what it takes of its parameters.

    `defaults` stand in for arguments that are not given; those that are no `arguments` are fixed.
    """

    name: str
    title: str
    description: str
    operation: Operation
    arguments: Mapping[str, Parameter]
    defaults: Mapping[str, str] = field(default_factory=dict)

    @property
    def output(self) -> str:
        """The name of the schema of REST's answer."""
        return self.operation.answer.content[JSON] or ""

    @property
    def counts(self) -> bool:
        """Whether it tells the facets alone, without the papers."""
        return "fields" in self.defaults


def _tool(
    name: str,
    title: str,
    description: str,
    operation_id: str,
    leaving: Iterable[str] = (),
    **defaults: str,
) -> Tool:
    operation = next(each for each in OPERATIONS if each.operation_id == operation_id)
    taken = {**operation.path_parameters, **operation.query}
    arguments = {key: each for key, each in taken.items() if key not in set(leaving)}
    return Tool(name, title, description, operation, arguments, defaults)


_NOT_OF_FACETS = ("sort", "limit", "cursor", "before", "highlight", "fields", "explain")

TOOLS: Mapping[str, Tool] = {
    each.name: each
    for each in (
        _tool(
            "search_papers",
            "Search papers",
            "Find research papers by a query and filters, a page at a time, with the exact total. "
            "Without `q` it lists them, the newest first.",
            "listPapers",
        ),
        _tool(
            "get_paper",
            "Read a paper",
            "One paper whole, with its abstract and links, by any of its ids.",
            "getPaper",
        ),
        _tool(
            "related_papers",
            "Papers like a paper",
            "The papers whose words are most like those of a paper, the nearest first.",
            "getRelatedPapers",
        ),
        _tool(
            "list_facets",
            "Count papers by value",
            "How many papers of a query and filters there are by year, month, author, category, "
            "source, and with code: to see what there is before searching, or to narrow a search.",
            "listPapers",
            leaving=_NOT_OF_FACETS,
            facets=",".join(FACETS),
            limit="1",
            fields="id",
        ),
    )
}
"""The tools by name."""


class Tools:
    """The tools over the REST door; `schemas` are the components of the OpenAPI document.

    `base` stands before every link of the Markdown.
    """

    def __init__(
        self, rest: RestDoor, pool: Pool, schemas: Mapping[str, JsonSchema], base: str
    ) -> None:
        self._rest = rest
        self._pool = pool
        self._base = base
        self.listed = [_definition(tool, schemas) for tool in TOOLS.values()]
        """Their definitions, as `tools/list` shows them."""

    async def call(self, tool: Tool, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The result of a call: `structuredContent` and its text, or a problem and `isError`."""
        try:
            rest, given = _asked(tool, arguments)
            body = (await self._rest.ask(tool.operation, rest, given)).body
            if len(body) > RENDERED_AT_ONCE:
                text = await self._pool.run(_told, tool, body, self._base)
            else:
                text = _told(tool, body, self._base)
        except Problem as problem:
            told = problem_answer(problem).body.decode()
            return {"content": [{"type": "text", "text": told}], "isError": True}
        return {
            "content": [{"type": "text", "text": text}],
            "structuredContent": _counts(body) if tool.counts else orjson.Fragment(body),
            "isError": False,
        }


def _told(tool: Tool, body: bytes, base: str) -> str:
    """The Markdown of an answer, with how to go on: by arguments, not by links to other pages."""
    decoded = orjson.loads(body)
    if "prev" in decoded["links"]:
        decoded["links"] = {"prev": None, "next": None}
    if tool.counts:
        decoded["data"] = []
    text = RENDERINGS[MARKDOWN].renderers[tool.output](decoded, base)
    cursor = decoded["meta"].get("nextCursor")
    if cursor is None or tool.counts:
        return text
    return f"{text}\nThere are more: call again with the same arguments and `cursor` {cursor}\n"


def _counts(body: bytes) -> dict[str, Any]:
    """What a page says of its whole result."""
    page = orjson.loads(body)
    meta = {name: each for name, each in page["meta"].items() if name not in _OF_A_PAGE}
    return {"meta": meta, "facets": page["facets"]}


def _asked(tool: Tool, arguments: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    """What of the path a call leaves open, and its parameters as a URL has them.

    Null is the same as nothing. Raises `Problem` for what cannot be written in a URL; the rest is
    for REST to judge.
    """
    count = sum(len(each) if isinstance(each, list) else 1 for each in arguments.values())
    if count > MAX_PARAMETERS:
        message = f"There are more than {MAX_PARAMETERS} arguments and values in lists of them."
        raise Problem("parameter-invalid", message)
    errors: list[ParameterError] = []
    written: dict[str, list[str]] = {}
    for name, value in arguments.items():
        values = value if isinstance(value, list) else [value]
        if name in tool.defaults and name not in tool.arguments:
            errors.append(unknown_parameter(name, tool.arguments))
        elif value is None:
            continue
        elif not values or not all(isinstance(each, str | int | float) for each in values):
            errors.append(_fault(tool, name))
        else:
            written[name] = [_spelled(each) for each in values]
    rest = ""
    for name in tool.operation.path_parameters:
        values = written.pop(name, [])
        if len(values) == 1:
            rest = values[0]
        else:
            errors.append(_fault(tool, name))
    if errors:
        raise Problem(errors[0].code, errors[0].message, errors)
    for name, default in tool.defaults.items():
        written.setdefault(name, [default])
    return rest, [(name, each) for name, values in written.items() for each in values]


def _fault(tool: Tool, name: str) -> ParameterError:
    if name in tool.arguments:
        return tool.arguments[name].fault()
    return unknown_parameter(name, tool.arguments)


def _spelled(value: str | float) -> str:
    """A value of JSON as a URL has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _definition(tool: Tool, schemas: Mapping[str, JsonSchema]) -> dict[str, Any]:
    properties = {name: _argument(each) for name, each in tool.arguments.items()}
    root = schemas[tool.output]
    if tool.counts:
        meta = schemas["PageMeta"]
        of_all = {n: each for n, each in meta["properties"].items() if n not in _OF_A_PAGE}
        members = {"meta": closed(of_all, meta["description"]), "facets": ref("Facets")}
        root = closed(members, tool.description)
    return {
        "name": tool.name,
        "title": tool.title,
        "description": tool.description,
        "inputSchema": {
            "type": "object",
            "properties": properties,
            "required": list(tool.operation.path_parameters),
            "additionalProperties": False,
        },
        "outputSchema": _self_contained(root, schemas),
        "annotations": {
            "readOnlyHint": True,
            "destructiveHint": False,
            "idempotentHint": True,
            "openWorldHint": False,
        },
    }


def _argument(parameter: Parameter) -> JsonSchema:
    """The schema of an argument.

    Without the patterns of a URL's values: they are long, models read the example instead, and
    the refusal of a wrong value says more than a client's validator does.
    """
    made = {"description": parameter.description} | _brief(parameter.json_schema)
    return (
        made
        if parameter.example is None
        else made | {"examples": [typed_example(parameter, parameter.example)]}
    )


def _brief(value: JsonSchema) -> JsonSchema:
    kept = {name: each for name, each in value.items() if name not in _LONG}
    return kept | {"items": _brief(kept["items"])} if "items" in kept else kept


def _self_contained(root: JsonSchema, schemas: Mapping[str, JsonSchema]) -> JsonSchema:
    """A schema with all that it refers to among its own definitions."""
    needed: dict[str, JsonSchema] = {}

    def local(node: Any) -> Any:
        if isinstance(node, list):
            return [local(each) for each in node]
        if not isinstance(node, dict):
            return node
        made = {key: local(each) for key, each in node.items()}
        if isinstance(target := node.get("$ref"), str):
            name = target.removeprefix(_REFERENCE)
            made["$ref"] = f"#/$defs/{name}"
            if name not in needed:
                needed[name] = {}  # a schema may refer to itself
                needed[name] = local(schemas[name])
        return made

    return {**local(root), "$defs": needed}
