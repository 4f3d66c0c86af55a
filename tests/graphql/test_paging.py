"""Walking a connection: exact, complete, with totals that stay."""

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest

from api.graphql import GraphQLDoor
from api.pool import Pool
from index.shelf import Shelf
from tests.graphql.asking import Client
from tests.shelf.building import load, numbered

WALK = """
query ($query: String, $order: [PaperOrder!], $first: Int, $after: String) {
  papers(query: $query, orderBy: $order, first: $first, after: $after) {
    totalCount
    edges {cursor node {id}}
    pageInfo {hasNextPage hasPreviousPage startCursor endCursor}
  }
}"""


@pytest.mark.parametrize(
    ("query", "order", "first"),
    [
        (None, None, 7),
        (None, [{"field": "TITLE"}], 13),
        (None, [{"field": "COMMENTS", "direction": "DESC"}, {"field": "PUBLISHED_AT"}], 1),
        ("alignment", None, 9),
        ("alignment learning", [{"field": "AUTHOR_COUNT"}], 10),
        ("optimal transport", None, 2),
    ],
)
def test_a_walk_meets_every_paper_once(
    client: Client, query: str | None, order: list[dict[str, str]] | None, first: int
) -> None:
    seen: list[str] = []
    after = None
    while True:
        page = client.data(WALK, query=query, order=order, first=first, after=after)["papers"]
        edges, info = page["edges"], page["pageInfo"]
        seen += [edge["node"]["id"] for edge in edges]
        assert info["hasPreviousPage"] == (after is not None)
        assert info["startCursor"] == edges[0]["cursor"]
        assert info["endCursor"] == edges[-1]["cursor"]
        after = info["endCursor"]
        if not info["hasNextPage"]:
            break
        assert len(edges) == first
    assert len(seen) == len(set(seen)) == page["totalCount"]
    whole = client.data(WALK, query=query, order=order, first=100)["papers"]["edges"]
    assert [edge["node"]["id"] for edge in whole] == seen


def test_every_edge_is_a_place_to_go_on_from(client: Client) -> None:
    whole = client.data(WALK, query="alignment", first=12)["papers"]["edges"]
    for place in (0, 5, 10):
        page = client.data(WALK, query="alignment", first=1, after=whole[place]["cursor"])
        assert page["papers"]["edges"][0]["node"] == whole[place + 1]["node"]


def test_nothing_follows_the_last_paper(client: Client) -> None:
    whole = client.data(WALK, first=100)["papers"]
    page = client.data(WALK, first=100, after=whole["pageInfo"]["endCursor"])["papers"]
    assert page["edges"] == []
    assert page["totalCount"] == 40
    assert page["pageInfo"] == {
        "hasNextPage": False,
        "hasPreviousPage": True,
        "startCursor": None,
        "endCursor": None,
    }


def test_zero_gives_totals_alone(client: Client) -> None:
    page = client.data(WALK, query="alignment", first=0)["papers"]
    assert (page["totalCount"], page["edges"]) == (40, [])
    assert page["pageInfo"]["hasNextPage"] is True
    assert page["pageInfo"]["endCursor"] is None
    none = client.data(WALK, query="xylophonist", first=0)["papers"]
    assert (none["totalCount"], none["pageInfo"]["hasNextPage"]) == (0, False)


@pytest.mark.parametrize(("first", "suggestion"), [(-1, "20"), (101, "100"), (2**31 - 1, "100")])
def test_a_first_out_of_bounds_is_refused(client: Client, first: int, suggestion: str) -> None:
    [error] = client.errors(WALK, first=first)
    assert error["extensions"]["code"] == "parameter-invalid"
    [fault] = error["extensions"]["errors"]
    assert fault["parameter"] == "first"
    assert "0 to 100" in fault["message"]
    assert fault["suggestion"] == suggestion


def test_a_cursor_belongs_to_its_search(client: Client) -> None:
    cursor = client.data(WALK, query="alignment", first=1)["papers"]["pageInfo"]["endCursor"]
    for wrong in (
        {"query": "learning", "after": cursor},
        {"query": "alignment", "after": cursor[:-2]},
        {"query": "alignment", "after": ""},
        {"after": "x" * 5000},
        {"after": "é\u0000"},
    ):
        [error] = client.errors(WALK, status=200, **wrong)
        assert error["extensions"]["code"] == "cursor-invalid"
        assert error["extensions"]["errors"][0]["parameter"] == "after"
        assert "`endCursor`" in error["message"]
        assert "nextCursor" not in error["message"]


BOTH_WAYS = """
query ($query: String, $first: Int, $after: String, $last: Int, $before: String) {
  papers(query: $query, first: $first, after: $after, last: $last, before: $before) {
    totalCount
    edges {cursor node {id}}
    pageInfo {hasNextPage hasPreviousPage startCursor endCursor}
  }
}"""


def test_a_walk_turns_round_anywhere(client: Client) -> None:
    """With the arguments of the other way null, as Relay's pagination sends them."""
    whole = client.data(BOTH_WAYS, query="alignment", first=100)["papers"]["edges"]
    seen = whole[20:25]
    start, end = seen[0]["cursor"], seen[-1]["cursor"]
    more = {"hasPreviousPage": True, "hasNextPage": True}
    while more["hasPreviousPage"]:
        page = client.data(
            BOTH_WAYS, query="alignment", first=None, after=None, last=6, before=start
        )["papers"]
        more, start = page["pageInfo"], page["pageInfo"]["startCursor"]
        assert more["hasNextPage"]
        seen = page["edges"] + seen
    while more["hasNextPage"]:
        page = client.data(
            BOTH_WAYS, query="alignment", first=6, after=end, last=None, before=None
        )["papers"]
        more, end = page["pageInfo"], page["pageInfo"]["endCursor"]
        assert more["hasPreviousPage"]
        seen += page["edges"]
    assert [edge["node"] for edge in seen] == [edge["node"] for edge in whole]


@pytest.mark.parametrize(
    ("arguments", "parameter", "code"),
    [
        ({"last": -1}, "last", "parameter-invalid"),
        ({"last": 101}, "last", "parameter-invalid"),
        ({"last": -(2**31)}, "last", "parameter-invalid"),
        ({"first": 3, "last": 3}, "first", "parameter-conflict"),
        ({"first": 0, "last": 0}, "first", "parameter-conflict"),
        ({"first": 3, "before": "{start}"}, "before", "parameter-conflict"),
        ({"before": "{start}"}, "before", "parameter-conflict"),
        ({"last": 3, "after": "{start}"}, "after", "parameter-conflict"),
        ({"last": 3, "before": ""}, "before", "cursor-invalid"),
        ({"last": 3, "before": "é\u0000"}, "before", "cursor-invalid"),
        ({"last": 3, "before": "x" * 5000}, "before", "cursor-invalid"),
        ({"last": 3, "before": "{start}", "query": "learning"}, "before", "cursor-invalid"),
    ],
)
def test_arguments_that_do_not_go_together_are_named(
    client: Client, arguments: dict[str, Any], parameter: str, code: str
) -> None:
    page = client.data(BOTH_WAYS, query="alignment", first=3)["papers"]
    start = page["edges"][1]["cursor"]
    given = {"query": "alignment"} | {
        name: start if value == "{start}" else value for name, value in arguments.items()
    }
    answer = client.post(BOTH_WAYS, given)
    [error] = answer.json()["errors"]
    assert error["extensions"]["code"] == code
    assert parameter in [fault["parameter"] for fault in error["extensions"]["errors"]]
    for internal in ("Traceback", "Error(", ".py", "nextCursor", "previousCursor"):
        assert internal not in answer.text


def test_a_cursor_that_was_tampered_with_is_refused(client: Client) -> None:
    """Whichever character is another: it is an error, or says what it said before."""
    cursor = client.data(BOTH_WAYS, query="alignment", first=7)["papers"]["pageInfo"]["endCursor"]
    honest = client.data(BOTH_WAYS, query="alignment", first=2, after=cursor)
    refused = 0
    for place, letter in enumerate(cursor):
        other = "A" if letter != "A" else "B"
        forged = cursor[:place] + other + cursor[place + 1 :]
        answer = client.post(BOTH_WAYS, {"query": "alignment", "first": 2, "after": forged})
        body = answer.json()
        if "errors" in body:
            assert [each["extensions"]["code"] for each in body["errors"]] == ["cursor-invalid"]
            refused += 1
        else:
            assert body["data"] == honest
    # The last letter of unpadded base64 has bits that mean nothing.
    assert refused >= len(cursor) - 1


@pytest.mark.parametrize(
    "identifier",
    [
        *("", " ", ":", "-1", "null", "nobody", "x" * 20_000, "paper:1", "UGFwZXI6MQ==", "doi:"),
        *("arxiv:", "é\u0000", "\u202e", "%00", "../../etc/passwd", "' OR 1=1 --"),
    ],
)
def test_a_forged_id_is_an_unknown_one(client: Client, identifier: str) -> None:
    document = (
        """query ($id: ID!) {paper(id: $id) {id} node(id: $id) {id} nodes(ids: [$id]) {id}}"""
    )
    assert client.data(document, id=identifier) == {"paper": None, "node": None, "nodes": [None]}


def test_a_walk_whose_revision_goes_is_not_answered_from_memory(tmp_path: Path, pool: Pool) -> None:
    """Its answers depend on more than the question and the current revision."""
    document = """query ($after: String) {
      papers(query: "walked", first: 2, after: $after) {warnings {code} pageInfo {endCursor}}
    }"""

    def page(after: str | None = None) -> tuple[list[str], str]:
        variables = orjson.dumps({"after": after})
        target = urlencode({"query": document, "variables": variables})
        answer = client.send("GET", f"/graphql?{target}")
        papers = answer.json()["data"]["papers"]
        return [each["code"] for each in papers["warnings"]], papers["pageInfo"]["endCursor"]

    with Shelf(tmp_path / "data") as shelf:
        client = Client(GraphQLDoor(shelf, pool))
        load(shelf, tmp_path, *map(numbered, range(8)))
        _, start = page()
        assert page(start) == page(start)
        load(shelf, tmp_path, numbered(50), name="more.jsonl")
        assert page(start)[0] == page(start)[0] == []
        shelf._views._kept.clear()
        assert page(start)[0] == page(start)[0] == ["revision-changed"]
