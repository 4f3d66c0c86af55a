"""What the fields answer, against the stored papers and the service itself."""

from typing import Any

import orjson
import pytest

from index.shelf import Shelf
from schema.request import parse_request
from tests.graphql.asking import Client

FULL = """
  id title abstract abstractRaw authors { name } authorCount publishedAt publishedPrecision
  publishedYearInferred publishedRaw listedAt upvotes comments links { url kind } hasCode
  categories externalIds { arxiv doi acl s2 openalex other }
  sources { name sha256 start end } createdSeq updatedSeq
"""


def stored(shelf: Shelf, identifier: str) -> Any:
    """A stored paper with enum values as GraphQL names them."""
    paper = orjson.loads(shelf.paper(identifier))
    if paper["publishedPrecision"]:
        paper["publishedPrecision"] = paper["publishedPrecision"].upper()
    for link in paper["links"]:
        link["kind"] = link["kind"].upper()
    return paper


def test_every_member_of_every_paper_is_as_stored(client: Client, shelf: Shelf) -> None:
    nodes = client.data(f"{{papers(first: 100) {{nodes {{{FULL}}}}}}}")["papers"]["nodes"]
    assert len(nodes) == 40
    assert nodes == [stored(shelf, node["id"]) for node in nodes]
    for some in nodes[::13]:
        one = client.data(f"query($id: ID!) {{paper(id: $id) {{{FULL}}}}}", id=some["id"])
        assert one["paper"] == some


def test_the_sample_has_what_its_page_says(client: Client) -> None:
    nodes = client.data(f"{{papers(first: 100) {{nodes {{{FULL}}}}}}}")["papers"]["nodes"]
    assert sum(node["authorCount"] is None for node in nodes) == 1
    assert sum(node["publishedAt"] is None for node in nodes) == 1
    assert sum(node["publishedYearInferred"] for node in nodes) == 16
    assert sum(node["comments"] is not None for node in nodes) == 7
    assert all(node["authors"] is None for node in nodes)
    assert {node["listedAt"] for node in nodes} == {"2025-12-12"}


def test_edges_and_nodes_are_the_same_papers(client: Client) -> None:
    page = client.data(
        '{papers(query: "alignment", first: 7) {nodes {id title} edges {score node {id title}}}}'
    )["papers"]
    assert [edge["node"] for edge in page["edges"]] == page["nodes"]
    scores = [edge["score"] for edge in page["edges"]]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] > 0


def test_a_list_without_a_query_has_no_scores(client: Client) -> None:
    page = client.data("{papers(first: 3) {edges {score}}}")["papers"]
    assert [edge["score"] for edge in page["edges"]] == [None, None, None]


ALIKE = [
    ("", []),
    ('query: "alignment"', [("q", "alignment")]),
    ('query: "optimal transport"', [("q", "optimal transport")]),
    ('query: "optimal transport", match: ALL', [("q", "optimal transport"), ("match", "all")]),
    ('query: "\\"optimal transport\\""', [("q", '"optimal transport"')]),
    ('query: "title:hydra"', [("q", "title:hydra")]),
    ('query: "protein -llm"', [("q", "protein -llm")]),
    ('query: "align*"', [("q", "align*")]),
    ('query: ""', [("q", "")]),
    ('filter: {year: "2023"}', [("year", "2023")]),
    ('filter: {year: ["2023", "2024-2025"]}', [("year", "2023"), ("year", "2024-2025")]),
    ('filter: {publishedAt: {from: "2024-11", to: "2025-01"}}',
     [("from", "2024-11"), ("to", "2025-01")]),
    ("filter: {authorCount: {min: 20}}", [("minAuthors", "20")]),
    ("filter: {authorCount: {min: 3, max: 4}}", [("minAuthors", "3"), ("maxAuthors", "4")]),
    ("filter: {comments: {min: 2}}", [("minComments", "2")]),
    ("filter: {hasCode: true}", [("hasCode", "true")]),
    ("filter: {hasCode: false}", [("hasCode", "false")]),
    ('filter: {listedOn: "2025-12-12"}', [("listedOn", "2025-12-12")]),
    ('filter: {listedWeek: "2025-W50"}', [("listedWeek", "2025-W50")]),
    ('filter: {source: "daily-papers-2025-12-12.txt"}',
     [("source", "daily-papers-2025-12-12.txt")]),
    ('filter: {ids: ["no-such-paper"]}', [("ids", "no-such-paper")]),
    ("filter: {year: null, hasCode: null, comments: null}", []),
    ("orderBy: {field: TITLE}", [("sort", "title")]),
    ("orderBy: [{field: COMMENTS, direction: DESC}, {field: TITLE}]",
     [("sort", "-comments,title")]),
    ("orderBy: {field: RELEVANCE, direction: DESC}", [("sort", "-relevance")]),
    ("orderBy: []", []),
    ("first: 100", [("limit", "100")]),
    ("first: null, match: null, filter: null, orderBy: null, after: null, query: null", []),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "parameters"), ALIKE)
def test_both_doors_ask_the_same_question(
    client: Client, shelf: Shelf, arguments: str, parameters: list[tuple[str, str]]
) -> None:
    brackets = f"({arguments})" if arguments else ""
    answer = client.data(
        f"{{papers{brackets} {{nodes {{id}} totalCount totalAll matched revision warnings {{code}}"
        " pageInfo {hasNextPage endCursor}}}"
    )["papers"]
    page = shelf.search(parse_request(parameters))
    assert [node["id"] for node in answer["nodes"]] == [
        orjson.loads(row)["id"] for row in page.rows
    ]
    assert (answer["totalCount"], answer["totalAll"]) == (page.total, page.total_all)
    assert answer["matched"] == page.matched.name
    assert answer["revision"] == page.revision
    assert [each["code"] for each in answer["warnings"]] == [each.code for each in page.warnings]
    assert answer["pageInfo"]["hasNextPage"] == (page.next_cursor is not None)
    if page.next_cursor:
        assert answer["pageInfo"]["endCursor"] == page.next_cursor


def test_variables_carry_the_same_arguments(client: Client) -> None:
    query = """
      query ($words: String, $filter: PaperFilter, $order: [PaperOrder!], $match: Match) {
        papers(query: $words, filter: $filter, orderBy: $order, match: $match) {
          totalCount nodes {id}
        }
      }"""
    given = client.data(
        query,
        words="learning",
        filter={"publishedAt": {"from": "2024"}, "authorCount": {"max": 9}},
        order=[{"field": "TITLE", "direction": "DESC"}],
        match="ALL",
    )
    written = client.data(
        '{papers(query: "learning", filter: {publishedAt: {from: "2024"}, authorCount: {max: 9}},'
        " orderBy: {field: TITLE, direction: DESC}, match: ALL) {totalCount nodes {id}}}"
    )
    assert given == written
    assert 0 < given["papers"]["totalCount"] < 40
    assert client.data(query)["papers"]["totalCount"] == 40


def test_optimal_transport_finds_the_two_full_matches_first(client: Client) -> None:
    page = client.data(
        '{papers(query: "optimal transport") {totalAll matched totalCount nodes {title abstract}}}'
    )["papers"]
    assert (page["totalAll"], page["matched"]) == (2, "ANY")
    texts = [f"{node['title']} {node['abstract']}".lower() for node in page["nodes"]]
    assert [("optimal" in text and "transport" in text) for text in texts[:3]] == [
        True,
        True,
        False,
    ]


def test_a_query_that_is_not_understood_warns(client: Client) -> None:
    page = client.data(
        '{papers(query: "titel:hydra") {warnings {code message position length suggestion}}}'
    )["papers"]
    assert page["warnings"]
    for warning in page["warnings"]:
        assert warning["code"]
        assert warning["message"]


def test_a_paper_is_found_by_id_and_an_unknown_one_is_null(client: Client) -> None:
    some = client.data("{papers(first: 1) {nodes {id}}}")["papers"]["nodes"][0]["id"]
    answer = client.data(
        "query ($id: ID!) {paper(id: $id) {id} node(id: $id) {id __typename ... on Paper {title}}"
        ' unknown: paper(id: "no-such-paper") {id} other: node(id: "doi:10.1000/none") {id}'
        ' odd: paper(id: "\\u0000 %") {id} empty: paper(id: "") {id}}',
        id=some,
    )
    assert answer["paper"] == {"id": some}
    assert answer["node"]["__typename"] == "Paper"
    assert answer["node"]["title"]
    assert {answer[name] for name in ("unknown", "other", "odd", "empty")} == {None}


def test_nodes_keep_the_order_of_the_ids(client: Client) -> None:
    rows = client.data("{papers(first: 3) {nodes {id}}}")["papers"]["nodes"]
    ids = [rows[2]["id"], "no-such-paper", rows[0]["id"], rows[2]["id"], "???"]
    answer = client.data("query ($ids: [ID!]!) {nodes(ids: $ids) {id}}", ids=ids)["nodes"]
    assert [node and node["id"] for node in answer] == [ids[0], None, ids[2], ids[3], None]
    raw = client.data(
        "query ($ids: [ID!]!) {nodes(ids: $ids) {... on Paper {id abstractRaw}}}", ids=ids[:2]
    )["nodes"]
    assert raw[0]["abstractRaw"]
    assert raw[1] is None
    assert client.data("{nodes(ids: []) {id}}") == {"nodes": []}


def test_daily_gives_a_day_by_position(client: Client, shelf: Shelf) -> None:
    day = client.data(
        "{daily {date previous next totalCount endCursor revision papers {id sources {name}}}}"
    )["daily"]
    assert (day["date"], day["previous"], day["next"]) == ("2025-12-12", None, None)
    assert (day["totalCount"], day["endCursor"]) == (40, None)
    rows = [orjson.loads(row)["id"] for row in shelf.daily().rows]
    assert [paper["id"] for paper in day["papers"]] == rows
    assert day["papers"][0]["sources"][0]["name"] == "daily-papers-2025-12-12.txt"


def test_daily_goes_on_where_it_stopped(client: Client) -> None:
    query = """query ($after: String) {
      daily(date: "2025-12-12", first: 15, after: $after) {papers {id} endCursor totalCount}
    }"""
    seen: list[str] = []
    after, pages = None, 0
    while pages == 0 or after:
        day = client.data(query, after=after)["daily"]
        assert day["totalCount"] == 40
        seen += [paper["id"] for paper in day["papers"]]
        after, pages = day["endCursor"], pages + 1
    assert (pages, len(seen), len(set(seen))) == (3, 40, 40)


def test_a_day_without_papers_is_null(client: Client) -> None:
    assert client.data('{daily(date: "2020-02-29") {date}}') == {"daily": None}


def test_stats_are_those_of_the_shelf(client: Client, shelf: Shelf) -> None:
    answer = client.data(
        "{stats {papers storePosition indexPosition engine publishedFrom publishedTo revision}}"
    )["stats"]
    stats = shelf.stats()
    assert answer == {
        "papers": 40,
        "storePosition": stats.store_position,
        "indexPosition": stats.index_position,
        "engine": "tantivy",
        "publishedFrom": stats.published_from,
        "publishedTo": stats.published_to,
        "revision": stats.revision,
    }


def test_fragments_directives_and_aliases_work(client: Client) -> None:
    answer = client.data(
        """query Q($no: Boolean!) {
          first: papers(first: 2) {...Part}
          second: papers(first: 2, orderBy: {field: TITLE}) {...Part totalCount @include(if: $no)}
        }
        fragment Part on PaperConnection {nodes {__typename ref: id ...Name}}
        fragment Name on Paper {title @skip(if: $no)}""",
        no=False,
    )
    assert set(answer) == {"first", "second"}
    assert set(answer["second"]) == {"nodes"}
    assert set(answer["first"]["nodes"][0]) == {"__typename", "ref", "title"}
    assert answer["first"]["nodes"][0]["__typename"] == "Paper"
