"""Asking the MCP door, as clients of each of its revisions do."""

import json
from collections.abc import Mapping
from typing import Any

import httpx

from api.mcp import MODERN
from tests.api.client import Client

META = "io.modelcontextprotocol/"
ENVELOPE = {f"{META}protocolVersion": MODERN[0], f"{META}clientCapabilities": {}}
BOTH = {"accept": "application/json, text/event-stream"}


def ask(client: Client, method: str, params: object = None, **headers: str) -> httpx.Response:
    """A request as clients of the handshake send it, once that is done."""
    message: dict[str, Any] = {"jsonrpc": "2.0", "id": 7, "method": method}
    if params is not None:
        message["params"] = params
    given = BOTH | {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post("/mcp", message, headers=given)


def ask_modern(
    client: Client, method: str, params: Mapping[str, Any] | None = None, **headers: str
) -> httpx.Response:
    """A request of the newest revision, which says all of itself; an empty header is left out."""
    whole = {"_meta": ENVELOPE, **(params or {})}
    told = {"mcp_protocol_version": MODERN[0], "mcp_method": method}
    if method == "tools/call":
        told["mcp_name"] = str(whole.get("name", ""))
    return ask(client, method, whole, **{k: v for k, v in (told | headers).items() if v})


def error_of(answer: httpx.Response) -> tuple[int, int]:
    """HTTP status and JSON-RPC code of an error."""
    body = answer.json()
    assert body.keys() == {"jsonrpc", "id", "error"}
    assert body["error"]["message"]
    return answer.status_code, body["error"]["code"]


def call(client: Client, tool: str, **arguments: object) -> dict[str, Any]:
    """The result of a tool."""
    answer = ask(client, "tools/call", {"name": tool, "arguments": arguments})
    assert answer.status_code == 200
    result: dict[str, Any] = answer.json()["result"]
    return result


def problem_of(result: dict[str, Any]) -> dict[str, Any]:
    """The problem that a tool answered."""
    assert result["isError"] is True
    assert result.keys() == {"content", "isError"}
    (content,) = result["content"]
    problem: dict[str, Any] = json.loads(content["text"])
    return problem
