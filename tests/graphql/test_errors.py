"""Errors: the codes of REST under the names of GraphQL, and nothing of Python in them."""

import asyncio
import logging
from typing import Any

import pytest

from api.graphql import GraphQLDoor
from api.pool import Pool
from index.shelf import Shelf
from schema.errors import PROBLEMS, Problem
from schema.request import parse_request
from tests.graphql.asking import Client

SEARCH = """query ($query: String, $filter: PaperFilter, $order: [PaperOrder!], $first: Int,
  $after: String) {
  papers(query: $query, filter: $filter, orderBy: $order, first: $first, after: $after) {totalCount}
}"""


def rest_codes(parameters: list[tuple[str, str]]) -> list[str]:
    with pytest.raises(Problem) as caught:
        parse_request(parameters)
    return [caught.value.code, *(fault.code for fault in caught.value.errors)]


FAULTS: list[tuple[dict[str, Any], list[tuple[str, str]], str]] = [
    ({"filter": {"publishedAt": {"from": "yesterday"}}}, [("from", "yesterday")],
     "filter.publishedAt.from"),
    ({"filter": {"publishedAt": {"to": "2025-13"}}}, [("to", "2025-13")], "filter.publishedAt.to"),
    ({"filter": {"year": ["2024", "x"]}}, [("year", "2024"), ("year", "x")], "filter.year"),
    ({"filter": {"authorCount": {"min": -1}}}, [("minAuthors", "-1")], "filter.authorCount.min"),
    ({"filter": {"listedWeek": "2025-W60"}}, [("listedWeek", "2025-W60")], "filter.listedWeek"),
    ({"filter": {"author": " "}}, [("author", " ")], "filter.author"),
    ({"filter": {"ids": ["a b"]}}, [("ids", "a b")], "filter.ids"),
    ({"filter": {"ids": ["x"] * 101}}, [("ids", "x")] * 101, "filter.ids"),
    ({"query": "x" * 4001}, [("q", "x" * 4001)], "query"),
    ({"order": [{"field": "TITLE"}, {"field": "TITLE"}]}, [("sort", "title,title")], "orderBy"),
    ({"order": [{"field": "TITLE"}, {"field": "RELEVANCE"}]}, [("sort", "title,relevance")],
     "orderBy"),
    ({"order": [{"field": "TITLE"}, {"field": "COMMENTS"}, {"field": "UPVOTES"}]},
     [("sort", "title,comments,upvotes")], "orderBy"),
]  # fmt: skip


@pytest.mark.parametrize(("variables", "parameters", "name"), FAULTS)
def test_a_fault_has_the_code_of_rest_and_the_name_of_graphql(
    client: Client, variables: dict[str, Any], parameters: list[tuple[str, str]], name: str
) -> None:
    answer = client.post(SEARCH, variables)
    assert answer.status_code == 200
    body = answer.json()
    assert body["data"] is None
    [error] = body["errors"]
    assert error["path"] == ["papers"]
    faults = error["extensions"]["errors"]
    assert [error["extensions"]["code"], *(each["code"] for each in faults)] == rest_codes(
        parameters
    )
    assert [each["parameter"] for each in faults] == [name]
    assert f"`{name}`" in faults[0]["message"] or "`RELEVANCE`" in faults[0]["message"]
    assert error["message"] == faults[0]["message"]


def test_every_fault_is_told_at_once(client: Client) -> None:
    [error] = client.errors(
        SEARCH,
        status=200,
        query="y" * 5000,
        filter={"year": "x", "month": [], "comments": {"min": -3}},
    )
    names = [each["parameter"] for each in error["extensions"]["errors"]]
    assert sorted(names) == ["filter.comments.min", "filter.month", "filter.year", "query"]


def test_a_suggested_order_can_be_pasted(client: Client) -> None:
    [error] = client.errors(
        SEARCH, status=200, order=[{"field": "PUBLISHED_AT", "direction": "DESC"}] * 2
    )
    suggestion = error["extensions"]["errors"][0]["suggestion"]
    assert suggestion == "[{field: PUBLISHED_AT, direction: DESC}]"
    assert client.data(f"{{papers(orderBy: {suggestion}) {{totalCount}}}}")


def test_an_empty_list_is_not_taken_for_no_filter(client: Client) -> None:
    [error] = client.errors(SEARCH, status=200, filter={"ids": []})
    assert error["extensions"]["code"] == "parameter-invalid"
    assert error["extensions"]["errors"][0]["parameter"] == "filter.ids"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "graphql-parse"),
        ("{}", "graphql-parse"),
        ("{papers{totalCount}} garbage", "graphql-parse"),
        ('{paper(id: "\\uD800") {id}}', "graphql-parse"),
        ("{nothing}", "graphql-validation"),
        ("{papers}", "graphql-validation"),
        ("{stats {papers {id}}}", "graphql-validation"),
        ("{paper {id}}", "graphql-validation"),
        ('{papers(match: "all") {totalCount}}', "graphql-validation"),
        ("{papers(first: 99999999999) {totalCount}}", "graphql-validation"),
        ('{daily(date: "2025-02-30") {date}}', "graphql-validation"),
        ("{...A} fragment A on Query {...B} fragment B on Query {...A}", "graphql-validation"),
        ("query ($x: Int) {papers(query: $x) {totalCount}}", "graphql-validation"),
        ("mutation {remove}", "graphql-validation"),
        ("mutation {__typename}", "graphql-validation"),
        ("subscription {papers}", "graphql-validation"),
        ("{papers @defer {totalCount}}", "graphql-validation"),
        ("query A {stats {papers}} query B {stats {papers}}", "graphql-request-invalid"),
    ],
)
def test_a_document_that_is_wrong_is_refused(client: Client, query: str, code: str) -> None:
    answer = client.post(query)
    assert answer.status_code == 400
    body = answer.json()
    assert "data" not in body
    assert {each["extensions"]["code"] for each in body["errors"]} == {code}


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("query ($x: Int!) {papers(first: $x) {totalCount}}", {}),
        ("query ($x: Int!) {papers(first: $x) {totalCount}}", {"x": None}),
        ("query ($x: Int) {papers(first: $x) {totalCount}}", {"x": "5"}),
        ("query ($x: Int) {papers(first: $x) {totalCount}}", {"x": 1.5}),
        ("query ($x: Int) {papers(first: $x) {totalCount}}", {"x": 2**31}),
        ("query ($x: Int) {papers(first: $x) {totalCount}}", {"x": 10**30}),
        ("query ($x: Match) {papers(match: $x) {totalCount}}", {"x": "all"}),
        ("query ($x: Date) {daily(date: $x) {date}}", {"x": "12 December"}),
        ("query ($x: Date) {daily(date: $x) {date}}", {"x": "20251212"}),
        ("query ($x: Date) {daily(date: $x) {date}}", {"x": 20251212}),
        ("query ($x: PaperFilter) {papers(filter: $x) {totalCount}}", {"x": {"nope": 1}}),
        ("query ($x: PaperFilter) {papers(filter: $x) {totalCount}}", {"x": []}),
        ("query ($x: [ID!]!) {nodes(ids: $x) {id}}", {"x": [None]}),
    ],
)
def test_a_variable_that_does_not_fit_is_refused(
    client: Client, query: str, variables: dict[str, Any]
) -> None:
    answer = client.post(query, variables)
    assert answer.status_code == 400
    assert "data" not in answer.json()
    for error in answer.json()["errors"]:
        assert error["extensions"]["code"] == "graphql-coercion"
        for word in ("Traceback", "Error(", "object at 0x", "ValueError"):
            assert word not in error["message"]


def test_the_operation_is_chosen_by_name(client: Client) -> None:
    document = "query A {stats {papers}} query B {stats {engine}}"
    assert client.post(document, name="B").json() == {"data": {"stats": {"engine": "tantivy"}}}
    answer = client.post(document, name="C")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "graphql-request-invalid"
    assert client.post("{stats {papers}}", name="A").status_code == 400


def test_what_was_not_foreseen_is_internal_and_logged(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret: the inner workings")

    monkeypatch.setattr(Shelf, "stats", broken)
    with caplog.at_level(logging.ERROR, "papershelf"):
        answer = client.post("{broken: stats {papers}}")
    [error] = answer.json()["errors"]
    assert error["message"] == "Internal error"
    assert error["extensions"] == {"code": "internal"}
    assert "secret" not in answer.text
    assert "secret" in caplog.text


def test_a_search_beyond_its_budget_is_told_as_such(shelf: Shelf) -> None:
    pool = Pool(threads=1, waiting=-1)
    try:
        client = Client(GraphQLDoor(shelf, pool))
        query = '{papers(query: "al* mo* le* re*") {totalCount}}'
        assert client.codes(query, status=200) == ["time-budget"]
    finally:
        pool.close()


def test_every_code_is_of_the_table(client: Client) -> None:
    queries = [
        "{",
        "{x}",
        "{nodes(ids: [" + '"a",' * 101 + "]) {id}}",
        "{papers(first: -1) {matched}}",
    ]
    for query in queries:
        for error in client.post(query).json()["errors"]:
            assert error["extensions"]["code"] in PROBLEMS


def test_heavy_searches_of_one_document_run_beside_each_other(client: Client) -> None:
    answer = client.data(
        '{a: papers(query: "align*") {totalCount} b: papers(query: "mod* OR rew*") {totalCount}'
        ' c: papers(query: "alignment") {totalCount}}'
    )
    assert answer["c"]["totalCount"] == 40
    assert answer["a"]["totalCount"] == 40
    assert answer["b"]["totalCount"] > 0


def test_documents_may_be_asked_from_many_tasks_at_once(client: Client) -> None:
    async def many() -> list[Any]:
        from api.graphql.request import GraphQLRequest

        request = GraphQLRequest('{papers(query: "align*", first: 3) {nodes {id}}}')
        return await asyncio.gather(*(client.door.execute(request) for _ in range(30)))

    answers = asyncio.run(many())
    assert all(answer == answers[0] for answer in answers)
    assert len(answers[0]["data"]["papers"]["nodes"]) == 3


@pytest.mark.parametrize("written", ['"2025"', '"2025-02-30"', "20251212", "null_", "[1]"])
def test_a_day_that_is_none_is_pointed_at(client: Client, written: str) -> None:
    [error] = client.errors(f"{{daily(date: {written}) {{date}}}}")
    assert error["extensions"] == {"code": "graphql-validation"}
    assert error["locations"] == [{"line": 1, "column": 14}]
    assert "YYYY-MM-DD" in error["message"]
