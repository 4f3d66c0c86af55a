"""The official client of MCP: three ways in, every tool, refusals, and REST's own data."""

import asyncio
import json
import os
import urllib.request
from importlib.metadata import version
from typing import Any

import jsonschema
from mcp import Client, MCPError

ADDRESS = os.environ["CONFORMANCE_URL"]
WAYS = ("auto", "2026-07-28", "legacy")
QUERY = "/v1/papers?q=alignment&limit=3&sort=title&highlight=true&facets=year"
ARGUMENTS = {
    "q": "alignment",
    "limit": 3,
    "sort": ["title"],
    "highlight": True,
    "facets": ["year"],
}

checks = 0


def check(holds: bool, *seen: object) -> None:
    """Count what holds; raise `AssertionError` with what was seen where it does not."""
    global checks
    if not holds:
        raise AssertionError(*seen)
    checks += 1


def rest(path: str) -> Any:
    """The answer of REST at a path, decoded, without what differs by how its address is spelled."""
    with urllib.request.urlopen(ADDRESS + path, timeout=60) as answer:
        return without_links(json.load(answer))


def without_links(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in answer.items() if name != "links"}


async def call(client: Client, name: str, **arguments: object) -> dict[str, Any]:
    """What a tool answers; the client itself checks it against the tool's schema."""
    result = await client.call_tool(name, arguments)
    check(not result.is_error, result)
    check(result.content[0].type == "text" and result.content[0].text.startswith("# "), result)
    data = result.structured_content
    assert isinstance(data, dict)
    return data


async def judge(way: str) -> str:
    """Everything by one way in; the revision that was agreed on."""
    async with Client(f"{ADDRESS}/mcp", mode=way) as client:
        if way != "2026-07-28":  # which asks the server for nothing beforehand
            check(client.server_capabilities.tools is not None)
            check(client.server_capabilities.resources is None)
            check("search_papers" in (client.instructions or ""), client.instructions)
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        names = ["search_papers", "get_paper", "related_papers", "list_facets"]
        check(list(tools) == names, list(tools))
        for tool in tools.values():
            jsonschema.Draft202012Validator.check_schema(tool.input_schema)
            jsonschema.Draft202012Validator.check_schema(tool.output_schema)
            check(tool.annotations.read_only_hint is True, tool)

        found = await call(client, "search_papers", **ARGUMENTS)
        check(without_links(found) == rest(QUERY), found)
        seen, cursor = [], found["meta"]["nextCursor"]
        seen += [paper["id"] for paper in found["data"]]
        while cursor:
            found = await call(client, "search_papers", **ARGUMENTS, cursor=cursor)
            seen += [paper["id"] for paper in found["data"]]
            cursor = found["meta"]["nextCursor"]
        whole = rest("/v1/papers?q=alignment&sort=title&limit=100")
        check(seen == [paper["id"] for paper in whole["data"]], seen)

        paper = await call(client, "get_paper", id=seen[0])
        check(without_links(paper) == rest(f"/v1/papers/{seen[0]}"), paper)
        near = await call(client, "related_papers", id=seen[0], limit=5)
        check(without_links(near) == rest(f"/v1/papers/{seen[0]}/related?limit=5"), near)
        counts = await call(client, "list_facets", q="alignment", facets=["year", "hasCode"])
        counted = rest("/v1/papers?q=alignment&facets=year,hasCode")
        check(counts["facets"] == counted["facets"], counts)
        check(counts["meta"]["total"] == counted["meta"]["total"], counts)

        for name, arguments, code in (
            ("search_papers", {"year": "20x5"}, "parameter-invalid"),
            ("search_papers", {"yaer": 2025}, "parameter-unknown"),
            ("get_paper", {"id": "nobody"}, "paper-not-found"),
            ("get_paper", {}, "parameter-invalid"),
        ):
            refused = await client.call_tool(name, arguments)
            check(refused.is_error is True, refused)
            check(json.loads(refused.content[0].text)["code"] == code, refused)
        try:
            await client.call_tool("no_such_tool", {})
        except MCPError as error:
            check(error.code == -32602, error)
        else:
            check(False, "an unknown tool was called")
        return str(client.protocol_version)


async def main() -> None:
    revisions = [await judge(way) for way in WAYS]
    check(revisions == ["2026-07-28", "2026-07-28", "2025-11-25"], revisions)
    told = ", ".join(sorted(set(revisions)))
    print(f"mcp {version('mcp')}: revisions {told}, {checks} checks")


asyncio.run(main())
