"""A day of more papers than a page holds, through both doors, with both engines."""

import json
from collections.abc import Iterator

import pytest

from index.shelf import Shelf
from tests.api.client import Client, Silent, running

LISTED = 350
OTHERS = {"2025-03-01": 3, "2025-03-31": 1}


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Iterator[Client]:
    """Papers of three days; the one in the middle has `LISTED`."""
    folder = tmp_path_factory.mktemp("busy")
    days = [day for day, count in OTHERS.items() for _ in range(count)] + ["2025-03-15"] * LISTED
    source = folder / "papers.jsonl"
    lines = (json.dumps({"title": f"Day {n}", "listed": day}) for n, day in enumerate(days))
    source.write_text("\n".join(lines), "utf-8")
    with Shelf(folder / "data", engine) as shelf:
        assert shelf.load([source], Silent()).added == len(days)
    with running(folder / "data", engine=engine) as client:
        yield client


def test_rest_pages_through_a_day(busy: Client) -> None:
    target: str | None = "/v1/daily/2025-03-15"
    seen: list[str] = []
    sizes = []
    while target:
        body = busy.get(target).json()
        meta, links = body["meta"], body["links"]
        assert (meta["date"], meta["total"]) == ("2025-03-15", LISTED)
        assert (meta["previous"], meta["next"]) == ("2025-03-01", "2025-03-31")
        assert links["previousDay"] == "/v1/daily/2025-03-01"
        assert links["nextDay"] == "/v1/daily/2025-03-31"
        seen += [paper["id"] for paper in body["data"]]
        sizes.append(len(body["data"]))
        target = links["next"]
        assert (target is None) == (meta["nextCursor"] is None)
    assert sizes == [100, 100, 100, 50]
    assert len(set(seen)) == LISTED
    assert sizes_by_graphql(busy) == (sizes, seen)


def sizes_by_graphql(client: Client) -> tuple[list[int], list[str]]:
    """The pages of the same day and the ids on them."""
    document = """query ($after: String) {
      daily(date: "2025-03-15", after: $after) {
        totalCount previous next endCursor papers {id abstractRaw}
      }
    }"""
    sizes, seen, after = [], [], None
    while True:
        day = client.graphql(document, after=after)["data"]["daily"]
        assert (day["totalCount"], day["previous"]) == (LISTED, "2025-03-01")
        sizes.append(len(day["papers"]))
        seen += [paper["id"] for paper in day["papers"]]
        after = day["endCursor"]
        if after is None:
            return sizes, seen


def test_a_page_that_ends_with_the_day_is_the_last(busy: Client) -> None:
    body = busy.get("/v1/daily/2025-03-01?limit=3").json()
    assert (len(body["data"]), body["links"]["next"]) == (3, None)
    body = busy.get("/v1/daily?limit=1").json()
    assert (body["meta"]["date"], body["links"]["next"]) == ("2025-03-31", None)
    assert body["links"]["nextDay"] is None


def test_a_cursor_belongs_to_its_day(busy: Client) -> None:
    cursor = busy.get("/v1/daily/2025-03-15?limit=10").json()["meta"]["nextCursor"]
    ok = busy.get(f"/v1/daily/2025-03-15?limit=2&cursor={cursor}")
    assert len(ok.json()["data"]) == 2
    for target in (f"/v1/daily/2025-03-01?cursor={cursor}", "/v1/daily/2025-03-15?cursor=x"):
        assert busy.get(target).json()["code"] == "cursor-invalid"
    document = 'query ($c: String) {daily(date: "2025-03-01", after: $c) {date}}'
    answer = busy.graphql(document, c=cursor)
    assert answer["errors"][0]["extensions"]["code"] == "cursor-invalid"
    assert answer["data"]["daily"] is None


@pytest.mark.parametrize(
    ("date", "code"),
    [
        ("2025-03-01", None), ("2025-03-02", "day-not-found"), ("2025-03", "parameter-invalid"),
        ("2025-3-1", "parameter-invalid"),
        ("2025-02-29", "parameter-invalid"), ("today", "parameter-invalid"),
        ("2025-03-15/", "parameter-invalid"), ("0000-01-01", "parameter-invalid"),
        ("9999-12-31", "day-not-found"), ("2025-03-15%00", "parameter-invalid"),
        ("%D9%A2025-03-15", "parameter-invalid"), ("2025-W11-1", "parameter-invalid"),
    ],
)  # fmt: skip
def test_only_a_day_is_a_day(busy: Client, date: str, code: str | None) -> None:
    body = busy.get(f"/v1/daily/{date}").json()
    assert body.get("code") == code
    if code is None:
        assert body["meta"]["date"] == "2025-03-01"


def test_a_page_of_a_day_has_its_bounds(busy: Client) -> None:
    for target in ("limit=0", "limit=101", "limit=x"):
        assert busy.get(f"/v1/daily?{target}").json()["code"] == "parameter-invalid"
    assert busy.get("/v1/daily?q=x").json()["code"] == "parameter-unknown"
    assert busy.get("/v1/daily?limit=1&limit=1").json()["code"] == "parameter-repeated"
    for first in (0, 101, -1):
        answer = busy.graphql("query ($n: Int) {daily(first: $n) {date}}", n=first)
        assert answer["errors"][0]["extensions"]["errors"][0]["parameter"] == "first"


def test_totals_and_a_hundred_nodes_of_a_big_shelf(busy: Client) -> None:
    total = LISTED + sum(OTHERS.values())
    data = busy.graphql("{papers(first: 0) {totalCount nodes {id} edges {cursor}}}")["data"]
    assert data["papers"] == {"totalCount": total, "nodes": [], "edges": []}
    ids = [paper["id"] for paper in busy.get("/v1/papers?limit=100").json()["data"]]
    document = "query ($ids: [ID!]!) {nodes(ids: $ids) {id ... on Paper {sources {name}}}}"
    nodes = busy.graphql(document, ids=ids[::-1])["data"]["nodes"]
    assert [node["id"] for node in nodes] == ids[::-1]
    assert nodes[0]["sources"] == [{"name": "papers.jsonl"}]
    answer = busy.graphql(document, ids=[*ids, "x"])
    fault = answer["errors"][0]["extensions"]["errors"][0]
    assert (fault["parameter"], fault["suggestion"]) == ("ids", "100")
    assert answer["errors"][0]["message"].startswith("`ids` ")
