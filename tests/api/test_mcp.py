"""The MCP door: its transport in each revision, its tools, and that it says what REST says."""

import asyncio
import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from jsonschema import Draft202012Validator

from api.mcp import HANDSHAKE, MODERN
from api.openapi import openapi_document
from api.pool import Pool
from api.rest import RestDoor
from api.route_parameters import SAMPLE_ID
from api.streaming import Streams
from api.tools import TOOLS, Tools
from index.shelf import Shelf
from schema.parameters import SEARCH, Several
from schema.search import FACETS
from tests.api.client import Client, running
from tests.api.questions import Question, ask_graphql, ask_rest, random_question
from tests.conftest import Tell
from tests.paths import SAMPLE
from tests.scale import SEED, scaled

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


# The transport


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


# The tools


def test_tools_are_described_by_valid_schemas(client: Client) -> None:
    tools = ask(client, "tools/list").json()["result"]["tools"]
    assert [tool["name"] for tool in tools] == list(TOOLS)
    for tool in tools:
        assert tool["annotations"]["readOnlyHint"] is True
        for member in ("inputSchema", "outputSchema"):
            assert tool[member]["type"] == "object"
            Draft202012Validator.check_schema(tool[member])
        for name, value in tool["inputSchema"]["properties"].items():
            assert value["description"], name
            for each in value.get("examples", ()):
                Draft202012Validator(value).validate(each)
    search = tools[0]["inputSchema"]["properties"]
    assert list(search) == list(SEARCH)


def test_every_answer_fits_its_schema(client: Client) -> None:
    tools = ask(client, "tools/list").json()["result"]["tools"]
    schemas = {tool["name"]: Draft202012Validator(tool["outputSchema"]) for tool in tools}
    for name, arguments in (
        ("search_papers", {"q": "alignment", "highlight": True, "facets": list(FACETS)}),
        ("search_papers", {"fields": ["id", "sources"]}),
        ("search_papers", {"q": "nothingofthekind"}),
        ("get_paper", {"id": SAMPLE_ID}),
        ("related_papers", {"id": SAMPLE_ID, "limit": 3}),
        ("list_facets", {}),
        ("list_facets", {"q": "colour:alignment", "facets": ["year"], "facetSize": 2}),
    ):
        result = call(client, name, **arguments)
        assert result["isError"] is False, result
        schemas[name].validate(result["structuredContent"])
        (content,) = result["content"]
        assert content["text"].startswith("# ")


def spelled_alike(body: dict[str, Any]) -> dict[str, Any]:
    """An answer with its links taken apart: addresses may be percent-encoded in several ways."""
    links = {}
    for name, link in body["links"].items():
        parts = urlsplit(link or "")
        links[name] = (parts.path, parse_qsl(parts.query, keep_blank_values=True))
    return body | {"links": links}


def arguments_of(question: Question) -> dict[str, Any]:
    """A question as JSON: numbers and flags as such, several values as a list."""
    made: dict[str, Any] = {}
    for name, value in question.parameters():
        parameter = SEARCH[name]
        plain = parameter.value["type"] in ("integer", "boolean")
        typed = json.loads(value) if plain and re.fullmatch(r"-?\d+|true|false", value) else value
        if parameter.several is Several.NO:
            made[name] = typed
        else:
            made.setdefault(name, []).append(typed)
    return made


def test_three_doors_answer_random_questions_alike(client: Client, engine: str, tell: Tell) -> None:
    chance = random.Random(f"{SEED} mcp {engine}")
    words = sorted(set(re.findall(r"[a-z]{4,}", SAMPLE.read_text(encoding="utf-8").lower())))
    mix: Counter[str] = Counter()
    cursors: list[tuple[Question, str, bool]] = []
    count = max(100, scaled(500))
    for number in range(count):
        kind = number % 10
        if kind in (3, 6, 9) and cursors:
            question, cursor, backward = cursors.pop(chance.randrange(len(cursors)))
            question = replace(question, cursor=cursor, backward=backward)
        else:
            question = random_question(chance, words, wrong=kind in (1, 5))
        rest = client.get("/v1/papers", question.parameters()).json()
        result = call(client, "search_papers", **arguments_of(question))
        plain, following = ask_rest(client, question)
        assert plain == ask_graphql(client, question)[0], question
        if plain.code:
            assert problem_of(result) == rest, question
        else:
            assert spelled_alike(result["structuredContent"]) == spelled_alike(rest), question
        cursors += [
            (question, place, back)
            for place, back in zip(following, (False, True), strict=True)
            if place
        ]
        mix["error" if plain.code else "answer" if plain.ids else "empty"] += 1
        mix["cursor"] += question.cursor is not None and plain.code is None
    tell(f"{count} questions, {dict(mix)}")
    assert mix["answer"] >= count / 3
    assert mix["error"] >= count / 5
    assert mix["cursor"] >= count / 5


def test_papers_and_their_like_are_those_of_rest(client: Client) -> None:
    ids = [paper["id"] for paper in client.get("/v1/papers?limit=5").json()["data"]]
    strange = ["nobody-0000", "arxiv:2407.09941", "\N{SNOWMAN}", "doi:10.1/x", "a?b#c%41"]
    for identifier in [*ids, *strange]:
        for tool, target in (("get_paper", "{}"), ("related_papers", "{}/related?limit=4")):
            arguments = {"id": identifier} | ({"limit": 4} if "limit" in target else {})
            quoted = "".join(f"%{byte:02X}" for byte in identifier.encode())
            rest = client.get(f"/v1/papers/{target.format(quoted)}").json()
            result = call(client, tool, **arguments)
            if "code" in rest:
                assert problem_of(result) == rest
            else:
                assert result["structuredContent"] == rest


def test_an_id_cannot_lead_elsewhere(client: Client) -> None:
    for identifier in (f"{SAMPLE_ID}/related", f"{SAMPLE_ID}.md", "batch", "", "../stats", "?q=x"):
        assert problem_of(call(client, "get_paper", id=identifier))["code"] == "paper-not-found"


def test_facets_are_those_of_the_search(client: Client) -> None:
    arguments = {"q": "alignment", "year": ["2023-2025"], "hasCode": True}
    given = {"q": "alignment", "year": "2023-2025", "hasCode": "true", "facets": ",".join(FACETS)}
    rest = client.get("/v1/papers", given).json()
    counted = call(client, "list_facets", **arguments)["structuredContent"]
    assert counted["facets"] == rest["facets"]
    assert counted["meta"] == {name: rest["meta"][name] for name in counted["meta"]}
    assert "nextCursor" not in counted["meta"]
    for name, value in (("limit", 5), ("fields", ["id"])):
        problem = problem_of(call(client, "list_facets", **{name: value}))
        assert problem["code"] == "parameter-unknown"


def test_arguments_are_taken_as_people_write_them(client: Client) -> None:
    def ids(**arguments: object) -> list[str]:
        result = call(client, "search_papers", **arguments)
        assert result["isError"] is False, result
        return [paper["id"] for paper in result["structuredContent"]["data"]]

    page = client.get("/v1/papers?year=2025&hasCode=true&limit=3").json()
    expected = [paper["id"] for paper in page["data"]]
    assert ids(year=2025, hasCode=True, limit=3) == expected
    assert ids(year=["2025"], hasCode="true", limit="3", q=None, sort=None) == expected
    assert ids(year=2025, hasCode=True, limit=3.0, fields="id,title") == expected
    assert ids(year=2025, hasCode=True, limit=3, fields=["id", "title"]) == expected


@pytest.mark.parametrize(
    ("arguments", "code", "suggestion"),
    [
        ({"yaer": 2025}, "parameter-unknown", "year"),
        ({"limit": 0}, "parameter-invalid", "20"),
        ({"limit": 2.5}, "parameter-invalid", "20"),
        ({"limit": [1, 2]}, "parameter-repeated", None),
        ({"limit": 10**30}, "parameter-invalid", "20"),
        ({"hasCode": "yes"}, "parameter-invalid", "true"),
        ({"year": []}, "parameter-invalid", "2023-2025"),
        ({"year": {"from": 2024}}, "parameter-invalid", "2023-2025"),
        ({"year": [["2024"]]}, "parameter-invalid", "2023-2025"),
        ({"nobody": {}}, "parameter-unknown", None),
        ({"q": "x" * 4001}, "query-too-long", None),
        ({"ids": ["nobody"] * 201}, "parameter-invalid", None),
        ({f"a{number}": {} for number in range(201)}, "parameter-invalid", None),
        ({"fields": ["id" * 30_000]}, "parameter-invalid", None),
    ],
)
def test_a_refusal_says_what_would_pass(
    client: Client, arguments: dict[str, Any], code: str, suggestion: str | None
) -> None:
    problem = problem_of(call(client, "search_papers", **arguments))
    assert problem["code"] == code
    if suggestion:
        assert problem["errors"][0]["suggestion"] == suggestion


def test_a_call_without_an_id_is_told_so(client: Client) -> None:
    for arguments in ({}, {"id": None}, {"id": []}, {"id": ["a", "b"]}, {"id": {}}):
        problem = problem_of(call(client, "get_paper", **arguments))
        assert problem["errors"][0]["parameter"] == "id"
    problem = problem_of(call(client, "get_paper", id=SAMPLE_ID, limit=3))
    assert problem["code"] == "parameter-unknown"


def test_the_text_tells_how_to_go_on(client: Client) -> None:
    first = call(client, "search_papers", q="alignment", limit=2)
    cursor = first["structuredContent"]["meta"]["nextCursor"]
    assert f"`cursor` {cursor}\n" in first["content"][0]["text"]
    last = call(client, "search_papers", q="alignment", limit=100)
    assert "`cursor`" not in last["content"][0]["text"]
    assert "Next page" not in first["content"][0]["text"]


def test_a_busy_server_says_so_in_the_answer(tmp_path: Path) -> None:
    with Shelf(tmp_path / "data") as shelf:
        shelf.catch_up()
        pool = Pool(threads=1, waiting=-1)
        try:
            rest = RestDoor(shelf, pool, Streams(), max_body=1000)
            schemas = openapi_document("1")["components"]["schemas"]
            tools = Tools(rest, pool, schemas, "")
            result = asyncio.run(tools.call(TOOLS["search_papers"], {"q": "al*"}))
        finally:
            pool.close()
    assert problem_of(result)["code"] == "time-budget"
