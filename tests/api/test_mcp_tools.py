"""The tools of the MCP door, which say what REST says."""

import asyncio
import json
import random
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from jsonschema import Draft202012Validator

from api.openapi import openapi_document
from api.pool import Pool
from api.rest import RestDoor
from api.route_parameters import SAMPLE_ID
from api.streaming import Streams
from api.tools import TOOLS, Tools
from index.shelf import Shelf
from schema.parameters import SEARCH, Several
from schema.search import FACETS
from tests.api.client import Client
from tests.api.mcp_calls import ask, call, problem_of
from tests.api.questions import Question, ask_graphql, ask_rest, random_question
from tests.conftest import Tell
from tests.paths import SAMPLE
from tests.scale import SEED, scaled


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
