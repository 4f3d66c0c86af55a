"""The MCP door: its transport in each revision."""

from collections.abc import Iterator
from typing import Any

import pytest

from api.mcp import HANDSHAKE, MODERN
from api.route_parameters import SAMPLE_ID
from tests.api.client import Client, running
from tests.api.mcp_calls import BOTH, ENVELOPE, META, ask, ask_modern, error_of


@pytest.mark.parametrize("version", HANDSHAKE)
def test_a_handshake_agrees_on_what_the_client_wants(client: Client, version: str) -> None:
    params = {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "x"}}
    result = ask(client, "initialize", params).json()["result"]
    assert result["protocolVersion"] == version
    assert result["capabilities"] == {"tools": {"listChanged": False}}
    assert result["serverInfo"]["name"] == "papershelf"
    message = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    told = client.post("/mcp", message, headers=BOTH | {"mcp-protocol-version": version})
    assert (told.status_code, told.content) == (202, b"")
    assert ask(client, "ping", mcp_protocol_version=version).json()["result"] == {}
    assert "mcp-session-id" not in told.headers


@pytest.mark.parametrize("version", ["2024-11-05", "2099-01-01", "", None, 5, ["2025-11-25"]])
def test_a_handshake_offers_the_newest_it_knows_otherwise(client: Client, version: object) -> None:
    result = ask(client, "initialize", {"protocolVersion": version}).json()["result"]
    assert result["protocolVersion"] == HANDSHAKE[0]


def test_the_newest_revision_needs_no_handshake(client: Client) -> None:
    found = ask_modern(client, "server/discover").json()["result"]
    assert found["supportedVersions"] == [*MODERN, *HANDSHAKE]
    assert found["capabilities"] == {"tools": {"listChanged": False}}
    listed = ask_modern(client, "tools/list").json()["result"]
    for result in (found, listed):
        assert result["ttlMs"] > 0
        assert result["cacheScope"] == "public"
        assert result["resultType"] == "complete"
        assert result["_meta"][f"{META}serverInfo"]["name"] == "papershelf"
    params = {"name": "get_paper", "arguments": {"id": SAMPLE_ID}}
    for name in ("get_paper", "=?base64?Z2V0X3BhcGVy?="):
        result = ask_modern(client, "tools/call", params, mcp_name=name).json()["result"]
        assert result["resultType"] == "complete"
        assert result["structuredContent"]["data"]["id"] == SAMPLE_ID


def test_both_eras_answer_the_same(client: Client) -> None:
    params = {"name": "search_papers", "arguments": {"q": "alignment", "limit": 2}}
    old = ask(client, "tools/call", params).json()["result"]
    new = ask_modern(client, "tools/call", params).json()["result"]
    assert new == old | {"resultType": "complete", "_meta": new["_meta"]}
    listed = ask(client, "tools/list").json()["result"]
    assert listed["tools"] == ask_modern(client, "tools/list").json()["result"]["tools"]


@pytest.mark.parametrize(
    ("meta", "headers", "expected"),
    [
        ({}, {}, (400, -32602)),
        (None, {}, (400, -32602)),
        ({f"{META}protocolVersion": MODERN[0]}, {}, (400, -32602)),
        (ENVELOPE | {f"{META}clientCapabilities": None}, {}, (400, -32602)),
        (ENVELOPE | {f"{META}protocolVersion": 20260728}, {}, (400, -32602)),
        (ENVELOPE, {"mcp_protocol_version": ""}, (400, -32020)),
        (ENVELOPE, {"mcp_protocol_version": "2025-11-25"}, (400, -32020)),
        (ENVELOPE, {"mcp_method": ""}, (400, -32020)),
        (ENVELOPE, {"mcp_method": "tools/list"}, (400, -32020)),
        (ENVELOPE, {"mcp_name": ""}, (400, -32020)),
        (ENVELOPE, {"mcp_name": "list_facets"}, (400, -32020)),
        (ENVELOPE, {"mcp_name": "=?base64?!?="}, (400, -32020)),
        (
            ENVELOPE | {f"{META}protocolVersion": "2099-01-01"},
            {"mcp_protocol_version": "2099-01-01"},
            (400, -32022),
        ),
    ],
)
def test_a_modern_request_that_contradicts_itself_is_refused(
    client: Client, meta: object, headers: dict[str, str], expected: tuple[int, int]
) -> None:
    params = {"name": "get_paper", "arguments": {"id": SAMPLE_ID}, "_meta": meta}
    answer = ask_modern(client, "tools/call", params, **headers)
    assert error_of(answer) == expected
    assert answer.json()["id"] == 7


def test_an_unknown_revision_is_told_the_known_ones(client: Client) -> None:
    answer = ask(client, "tools/list", mcp_protocol_version="1900-01-01")
    assert error_of(answer) == (400, -32022)
    data = {"supported": [*MODERN, *HANDSHAKE], "requested": "1900-01-01"}
    assert answer.json()["error"]["data"] == data


def test_methods_that_are_not_there(client: Client) -> None:
    for method in ("resources/list", "prompts/get", "server/discover", ""):
        assert error_of(ask(client, method)) == (200, -32601)
    for method in ("resources/list", "ping", "initialize", "logging/setLevel"):
        assert error_of(ask_modern(client, method)) == (404, -32601)


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"name": "no_such_tool"}, -32602),
        ({"name": None}, -32602),
        ({"name": ["get_paper"]}, -32602),
        ({}, -32602),
        ([], -32602),
        ({"name": "get_paper", "arguments": []}, -32602),
        ({"name": "get_paper", "arguments": "x"}, -32602),
    ],
)
def test_calls_that_are_no_calls(client: Client, params: object, code: int) -> None:
    assert ask(client, "tools/call", params).json()["error"]["code"] == code


def test_a_list_of_tools_has_one_page(client: Client) -> None:
    assert error_of(ask(client, "tools/list", {"cursor": "x"})) == (200, -32602)
    assert error_of(ask_modern(client, "tools/list", {"cursor": "x"})) == (400, -32602)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", -32700),
        (b"", -32700),
        (b"\xff", -32700),
        (b"[]", -32600),
        (b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600),
        (b"null", -32600),
        (b"{}", -32600),
        (b'{"id":1,"method":"ping"}', -32600),
        (b'{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":1}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"result":{}}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":5}', -32600),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":true,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600),
        (b"[" * 2000 + b"]" * 2000, -32700),
    ],
)
def test_bodies_that_are_no_messages(client: Client, body: bytes, code: int) -> None:
    answer = client.request(
        "POST", "/mcp", content=body, headers=BOTH | {"content-type": "application/json"}
    )
    assert error_of(answer) == (400, code)
    assert answer.json()["id"] is None


@pytest.mark.parametrize("identifier", [0, -1, 2**53, "", "a\u0000b", "é"])
def test_an_id_comes_back_as_it_was(client: Client, identifier: object) -> None:
    message = {"jsonrpc": "2.0", "id": identifier, "method": "ping"}
    assert client.post("/mcp", message, headers=BOTH).json()["id"] == identifier


def test_what_is_wrong_as_http_is_a_problem(client: Client) -> None:
    def refused(**options: Any) -> tuple[int, str]:
        method = options.pop("method", "POST")
        answer = client.request(method, "/mcp", **options)
        assert answer.headers["content-type"] == "application/problem+json"
        return answer.status_code, answer.json()["code"]

    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    for method in ("GET", "DELETE", "PUT"):  # neither a stream nor a session to end
        assert refused(method=method, headers=BOTH) == (405, "method-not-allowed")
    text = {"content": b"{}", "headers": {"content-type": "text/plain"}}
    assert refused(**text) == (415, "media-type-unsupported")
    assert refused(json=ping, headers={"accept": "text/event-stream"}) == (406, "not-acceptable")
    assert refused(json=ping | {"params": {"x": "y" * 140_000}}) == (413, "body-too-large")
    assert client.post("/mcp", ping).status_code == 200, "no Accept takes anything"


ORIGINS = [
    ("http://localhost:6274", True),
    ("https://127.0.0.1", True),
    ("http://[::1]:8000", True),
    ("https://app.example.org", True),
    ("https://papers.example.org", True),
    ("http://app.example.org", False),
    ("https://app.example.org:8443", False),
    ("https://papershelf.test", False),
    ("http://papershelf.test", False),
    ("https://localhost.evil.example", False),
    ("https://evil.example", False),
    ("null", False),
    ("http://[", False),
    ("*", False),
]


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """An empty shelf with a public address and one origin of its own."""
    with running(
        tmp_path_factory.mktemp("public") / "data",
        cors_origins="https://app.example.org",
        public_url="https://papers.example.org/shelf",
    ) as client:
        yield client


@pytest.mark.parametrize(("origin", "allowed"), ORIGINS)
def test_pages_of_other_origins_may_not_ask(public: Client, origin: str, allowed: bool) -> None:
    """A name that leads to this machine (DNS rebinding) is both the host and the origin."""
    answer = ask(public, "ping", origin=origin)
    if allowed:
        assert answer.json()["result"] == {}
    else:
        assert (answer.status_code, answer.json()["code"]) == (403, "origin-not-allowed")


def test_a_star_for_all_origins_is_none_here(client: Client) -> None:
    assert ask(client, "ping", origin="https://evil.example").status_code == 403
    assert ask(client, "ping", origin="http://localhost:3000").status_code == 200
