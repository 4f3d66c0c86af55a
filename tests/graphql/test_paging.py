"""Walking a connection: exact, complete, with totals that stay."""

import pytest

from tests.graphql.asking import Client

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
