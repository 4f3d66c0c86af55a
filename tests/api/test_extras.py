"""Facets, highlights, chosen members and the way back, through both doors."""

from collections import Counter
from typing import Any

import pytest

from index.folding import fold
from schema.members import LIST_MEMBERS, MEMBERS
from schema.search import FACETS, SORT_FIELDS
from tests.api.client import Client, running
from tests.large import two_thousand_papers

FACETS_DOCUMENT = """query($query: String, $filter: PaperFilter, $size: Int) {
  papers(query: $query, filter: $filter) { facets(size: $size) {
    year { ...f } month { ...f } author { ...f } category { ...f } hasCode { ...f } source { ...f }
  } } }
  fragment f on Facet { values { value count selected } totalValues otherCount missingCount }"""


def listed(client: Client, *parameters: tuple[str, str]) -> dict[str, Any]:
    answer = client.get("/v1/papers", parameters)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def everything(client: Client, *parameters: tuple[str, str]) -> list[dict[str, Any]]:
    """All papers of a search, walked through."""
    papers: list[dict[str, Any]] = []
    target: str | None = None
    answer = listed(client, *parameters, ("limit", "100"))
    while True:
        papers += answer["data"]
        target = answer["links"]["next"]
        if target is None:
            return papers
        answer = client.get(target).json()


def values_of(paper: dict[str, Any], facet: str) -> set[str]:
    """The values of a facet that a paper has, read from the paper itself."""
    day = paper["publishedAt"]
    return {
        "year": {day[:4]} if day else set(),
        "month": {day[:7]} if day else set(),
        "author": {" ".join(fold(each["name"]).split()) for each in paper["authors"] or ()},
        "category": {fold(each) for each in paper["categories"]},
        "hasCode": {str(paper["hasCode"]).lower()},
        "source": {each["name"] for each in paper["sources"]},
    }[facet]


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory, engine: str):  # type: ignore[no-untyped-def]
    """The application over 400 papers with authors, in two files."""
    from index.shelf import Shelf
    from tests.api.client import Silent

    folder = tmp_path_factory.mktemp("extras")
    whole = folder / "whole.jsonl"
    two_thousand_papers(whole)
    lines = whole.read_bytes().splitlines(keepends=True)
    (folder / "first.jsonl").write_bytes(b"".join(lines[:300]))
    (folder / "second.jsonl").write_bytes(b"".join(lines[200:400]))
    with Shelf(folder / "data", engine) as shelf:
        shelf.load([folder / "first.jsonl", folder / "second.jsonl"], Silent())
    with running(folder / "data", engine=engine) as client:
        yield client


@pytest.mark.parametrize(
    "parameters",
    [
        [],
        [("q", "language")],
        [("q", "neural translation"), ("year", "2017-2020")],
        [("q", "parsing"), ("hasCode", "false"), ("year", "2018"), ("year", "2019")],
        [("source", "second.jsonl"), ("q", "model")],
        [("q", "-language"), ("from", "2017-06"), ("maxAuthors", "3")],
        [("q", "nothinglikethis")],
    ],
)
def test_facets_count_what_reading_the_papers_gives(
    crowded: Client, parameters: list[tuple[str, str]]
) -> None:
    answer = listed(crowded, *parameters, ("facets", ",".join(FACETS)), ("facetSize", "7"))
    for name in FACETS:
        others = [pair for pair in parameters if pair[0] != name]
        chosen = {value for key, value in parameters if key == name}
        papers = everything(crowded, *others, ("fields", ",".join(MEMBERS)))
        counts = Counter(value for paper in papers for value in values_of(paper, name))
        facet = answer["facets"][name]
        shown = {fold(each["value"]) if name in ("author", "category") else each["value"]: each
                 for each in facet["values"]}  # fmt: skip
        assert {value: each["count"] for value, each in shown.items()} == {
            value: counts[value] for value in shown
        }
        least = min((each["count"] for each in shown.values() if not each["selected"]), default=0)
        assert all(count <= least for value, count in counts.items() if value not in shown) or (
            not shown
        )
        assert facet["totalValues"] == len(counts)
        assert facet["otherCount"] == counts.total() - sum(counts[value] for value in shown)
        assert facet["missingCount"] == sum(not values_of(paper, name) for paper in papers)
        for value in chosen & counts.keys():
            assert shown[value]["selected"]
        if not chosen:
            assert not any(each["selected"] for each in shown.values())


def test_names_are_shown_as_papers_write_them(crowded: Client) -> None:
    facet = listed(crowded, ("facets", "author"), ("facetSize", "30"))["facets"]["author"]
    written = {each["name"] for paper in everything(crowded) for each in paper["authors"] or ()}
    assert len(facet["values"]) == 30
    assert {each["value"] for each in facet["values"]} <= written
    name = facet["values"][0]["value"]
    found = listed(crowded, ("author", name), ("facets", "author"))
    assert found["meta"]["total"] == facet["values"][0]["count"]
    assert next(each for each in found["facets"]["author"]["values"] if each["selected"])


def test_both_doors_count_alike(crowded: Client) -> None:
    for q, year in (("language", None), ("parsing", "2018"), (None, "2016-2017")):
        parameters = [("facets", ",".join(FACETS)), ("facetSize", "4")]
        parameters += [("q", q)] if q else []
        parameters += [("year", year)] if year else []
        rest = listed(crowded, *parameters)["facets"]
        graphql = crowded.graphql(
            FACETS_DOCUMENT, query=q, filter={"year": [year]} if year else None, size=4
        )
        assert graphql["data"]["papers"]["facets"] == rest


def test_highlights_are_parts_of_the_text(client: Client) -> None:
    document = """query($q: String) { papers(query: $q) { edges {
      highlights { field fragments { text match } } node { id } } } }"""
    for q in ("optimal transport", '"large language models"', "align* -vision", "title:hydra"):
        papers = listed(client, ("q", q), ("highlight", "true"))["data"]
        assert papers
        for paper in papers:
            highlights = paper["search"]["highlights"]
            assert highlights or q.startswith("optimal")
            for highlight in highlights:
                fragments = highlight["fragments"]
                assert any(each["match"] for each in fragments)
                assert "".join(each["text"] for each in fragments) in paper[highlight["field"]]
        edges = client.graphql(document, q=q)["data"]["papers"]["edges"]
        assert [edge["highlights"] for edge in edges] == [
            paper["search"]["highlights"] for paper in papers
        ]


def test_without_being_asked_nothing_is_highlighted(client: Client) -> None:
    assert listed(client, ("q", "hydra"))["data"][0]["search"]["highlights"] is None
    assert "search" not in listed(client, ("highlight", "true"))["data"][0]


def test_fields_choose_members(client: Client) -> None:
    whole = listed(client, ("q", "hydra"))["data"][0]
    some = listed(client, ("q", "hydra"), ("fields", "title,id"), ("fields", "abstractRaw"))
    assert list(some["data"][0]) == ["id", "title", "abstractRaw", "search"]
    assert some["data"][0]["title"] == whole["title"]
    full = client.get(f"/v1/papers/{whole['id']}").json()["data"]
    every = listed(client, ("q", "hydra"), ("fields", ",".join(MEMBERS)))["data"][0]
    assert {name: every[name] for name in MEMBERS} == full
    assert tuple(full) == MEMBERS
    assert tuple(listed(client)["data"][0]) == LIST_MEMBERS


@pytest.mark.parametrize(
    ("parameters", "parameter", "code", "suggestion"),
    [
        ([("fields", "titel")], "fields", "parameter-invalid", "title"),
        ([("fields", "")], "fields", "parameter-invalid", None),
        ([("facets", "yeer")], "facets", "parameter-invalid", "year"),
        ([("facetSize", "0")], "facetSize", "parameter-invalid", "10"),
        ([("facetSize", "101")], "facetSize", "parameter-invalid", "10"),
        ([("highlight", "yes")], "highlight", "parameter-invalid", "true"),
        ([("highlight", "true"), ("highlight", "true")], "highlight", "parameter-repeated", None),
        ([("before", "x")], "before", "cursor-invalid", None),
        ([("before", "end"), ("cursor", "x")], "before", "parameter-conflict", None),
    ],
)
def test_wrong_extras_are_named(
    client: Client,
    parameters: list[tuple[str, str]],
    parameter: str,
    code: str,
    suggestion: str | None,
) -> None:
    answer = client.get("/v1/papers", parameters)
    assert answer.status_code == 400
    fault = answer.json()["errors"][0]
    assert (fault["parameter"], fault["code"], fault["suggestion"]) == (parameter, code, suggestion)


@pytest.mark.parametrize("sort", [*SORT_FIELDS, "-publishedAt", "-title,comments", "-comments"])
def test_the_way_back_is_the_way_there(client: Client, sort: str) -> None:
    asked = [("q", "alignment"), ("sort", sort), ("limit", "7")]
    pages = [listed(client, *asked)]
    while pages[-1]["links"]["next"]:
        pages.append(client.get(pages[-1]["links"]["next"]).json())
    back = [listed(client, *asked, ("before", "end"))]
    while back[-1]["links"]["prev"]:
        back.append(client.get(back[-1]["links"]["prev"]).json())
    there = [paper["id"] for page in pages for paper in page["data"]]
    assert len(there) == 40
    assert [paper["id"] for page in reversed(back) for paper in page["data"]] == there
    assert back[-1]["meta"]["previousCursor"] is None
    again = client.get(pages[2]["links"]["prev"]).json()
    assert again["data"] == pages[1]["data"]


def test_graphql_walks_back_alike(client: Client) -> None:
    document = """query($last: Int, $before: String) {
      papers(query: "optimal transport", last: $last, before: $before) {
        nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor } } }"""
    page = listed(client, ("q", "optimal transport"), ("limit", "4"), ("before", "end"))
    graphql = client.graphql(document, last=4)["data"]["papers"]
    assert [each["id"] for each in graphql["nodes"]] == [each["id"] for each in page["data"]]
    assert graphql["pageInfo"]["hasNextPage"] is False
    assert graphql["pageInfo"]["hasPreviousPage"] is True
    before = client.graphql(document, last=4, before=graphql["pageInfo"]["startCursor"])
    rest = client.get(page["links"]["prev"]).json()
    shown = before["data"]["papers"]
    assert [each["id"] for each in shown["nodes"]] == [each["id"] for each in rest["data"]]
    assert shown["pageInfo"]["hasNextPage"] is True


@pytest.mark.parametrize(
    ("arguments", "parameter", "code"),
    [
        ("first: 3, last: 3", "first", "parameter-conflict"),
        ('last: 3, after: "x"', "after", "parameter-conflict"),
        ('first: 3, before: "x"', "before", "parameter-conflict"),
        ("last: -1", "last", "parameter-invalid"),
        ("last: 101", "last", "parameter-invalid"),
        ('last: 1, before: "x"', "before", "cursor-invalid"),
    ],
)
def test_wrong_paging_is_named(client: Client, arguments: str, parameter: str, code: str) -> None:
    (error,) = client.graphql(f"{{ papers({arguments}) {{ totalCount }} }}")["errors"]
    fault = error["extensions"]["errors"][0]
    assert (fault["parameter"], fault["code"]) == (parameter, code)


def test_a_facet_has_bounds_in_graphql(client: Client) -> None:
    document = "{ papers { facets(size: 101) { year { totalValues } } } }"
    (error,) = client.graphql(document)["errors"]
    assert error["extensions"]["code"] == "parameter-invalid"
    assert error["extensions"]["errors"][0]["parameter"] == "size"
