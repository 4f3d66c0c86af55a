"""The REST door on the sample page, with both engines."""

from typing import Any

import pytest

from tests.api.client import Client
from tests.paths import SAMPLE

MEMBERS = [
    "id", "title", "abstract", "authors", "authorCount", "publishedAt", "publishedPrecision",
    "publishedYearInferred", "listedAt", "upvotes", "comments", "links", "hasCode", "categories",
    "externalIds", "createdSeq", "updatedSeq",
]  # fmt: skip


def search(client: Client, *parameters: tuple[str, str]) -> dict[str, Any]:
    answer = client.get("/v1/papers", parameters)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return dict(answer.json())


def titles(answer: dict[str, Any]) -> list[str]:
    return [paper["title"] for paper in answer["data"]]


def problem(client: Client, target: str, status: int, code: str) -> dict[str, Any]:
    answer = client.get(target)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["detail"]
    return dict(body)


def test_all_papers_are_about_alignment(client: Client) -> None:
    answer = search(client, ("q", "alignment"))
    assert answer["meta"]["total"] == 40
    assert len(answer["data"]) == 20
    assert list(answer["data"][0]) == [*MEMBERS, "search"]
    scores = [paper["search"]["score"] for paper in answer["data"]]
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] > 0


def test_without_a_query_the_newest_come_first(client: Client) -> None:
    answer = search(client, ("limit", "100"))
    assert list(answer["data"][0]) == MEMBERS
    days = [paper["publishedAt"] for paper in answer["data"]]
    known = [day for day in days if day]
    assert known == sorted(known, reverse=True)
    assert days[-1] is None
    assert len(days) == 40


def test_few_full_matches_are_followed_by_partial_ones(client: Client) -> None:
    answer = search(client, ("q", "optimal transport"), ("limit", "100"))
    assert answer["meta"]["totalAll"] == 2
    assert answer["meta"]["matched"] == "any"
    assert answer["meta"]["total"] == len(answer["data"]) > 2
    first_two = {title.split(":")[0] for title in titles(answer)[:2]}
    assert first_two == {
        "Fast and Interpretable Protein Substructure Alignment via Optimal Transport",
        "PEARL",
    }


@pytest.mark.parametrize(
    ("parameters", "total"),
    [
        ([("q", "optimal transport"), ("match", "all")], 2),
        ([("q", '"optimal transport"')], 2),
        ([("q", "title:hydra")], 1),
        ([("minAuthors", "20")], 3),
        ([("minAuthors", "20"), ("maxAuthors", "50")], 2),
        ([("year", "2023")], 10),
        ([("from", "2024-11"), ("to", "2025-01")], 5),
        ([("minComments", "3")], 1),
        ([("listedOn", "2025-12-12")], 40),
        ([("listedWeek", "2025-W50")], 40),
        ([("listedMonth", "2025-11")], 0),
        ([("source", SAMPLE.name)], 40),
        ([("year", "2022"), ("year", "2023")], 12),
        ([("year", "2022-2023")], 12),
    ],
)
def test_counts_are_what_reading_the_page_gives(
    client: Client, parameters: list[tuple[str, str]], total: int
) -> None:
    assert search(client, *parameters)["meta"]["total"] == total


def test_a_walk_by_next_links_meets_every_paper_once(client: Client) -> None:
    for sort in ("relevance", "-publishedAt", "title", "-comments", "authorCount", "listedAt"):
        target: str | None = f"/v1/papers?q=alignment&limit=7&sort={sort}"
        seen: list[str] = []
        pages = 0
        while target:
            answer = client.get(target).json()
            assert answer["meta"]["total"] == 40
            seen += [paper["id"] for paper in answer["data"]]
            target = answer["links"]["next"]
            assert (target is None) == (answer["meta"]["nextCursor"] is None)
            pages += 1
        assert pages == 6
        assert len(seen) == len(set(seen)) == 40


def test_a_paper_is_found_by_its_id(client: Client) -> None:
    row = search(client, ("q", "title:hydra"))["data"][0]
    answer = client.get(f"/v1/papers/{row['id']}")
    assert answer.status_code == 200
    body = answer.json()
    assert list(body["data"]) == [*MEMBERS, "abstractRaw", "publishedRaw", "sources"]
    assert {name: body["data"][name] for name in MEMBERS} == {n: row[n] for n in MEMBERS}
    own = f"/v1/papers/{row['id']}"
    assert body["links"] == {"self": own, "related": f"{own}/related"}
    assert body["data"]["publishedRaw"] == "Jul 13, 2024"
    source = body["data"]["sources"][0]
    with SAMPLE.open("rb") as page:
        page.seek(source["start"])
        assert row["title"].encode() in page.read(source["end"] - source["start"])


def test_head_gives_the_headers_of_get(client: Client) -> None:
    get, head = (client.request(method, "/v1/papers?q=hydra") for method in ("GET", "HEAD"))
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == get.headers["content-length"]


def test_a_batch_keeps_the_order_and_says_null_for_unknown_ids(client: Client) -> None:
    ids = [paper["id"] for paper in search(client, ("limit", "3"))["data"]]
    asked = [ids[2], "nobody-knows-this-1234abcd", ids[0], "!!", ids[2]]
    answer = client.post("/v1/papers/batch", {"ids": asked})
    assert answer.status_code == 200
    found = [paper and paper["id"] for paper in answer.json()["data"]]
    assert found == [ids[2], None, ids[0], None, ids[2]]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "body-not-json"),
        (b"[]", 422, "body-invalid"),
        (b"{}", 422, "body-invalid"),
        (b'{"ids": "x"}', 422, "body-invalid"),
        (b'{"ids": [1]}', 422, "body-invalid"),
        (b'{"ids": [], "idz": []}', 422, "body-invalid"),
        (b'{"ids": [%s]}' % b",".join([b'"x"'] * 501), 422, "body-invalid"),
        (b'{"ids": ["\\ud800"]}', 400, "body-not-json"),
        (b"[" * 100_000, 400, "body-not-json"),
        (b"1" * 100_000, 400, "body-not-json"),
        (b" " * 131_073, 413, "body-too-large"),
    ],
)
def test_a_wrong_batch_is_refused(client: Client, body: bytes, status: int, code: str) -> None:
    headers = {"content-type": "application/json"}
    answer = client.request("POST", "/v1/papers/batch", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_batch_must_be_json(client: Client) -> None:
    answer = client.request("POST", "/v1/papers/batch", content=b"ids=x")
    assert (answer.status_code, answer.json()["code"]) == (415, "media-type-unsupported")


def test_a_day_shows_its_papers_by_position(client: Client) -> None:
    newest = client.get("/v1/daily").json()
    assert newest["meta"]["date"] == "2025-12-12"
    assert newest["meta"]["total"] == len(newest["data"]) == 40
    assert newest["data"][0]["title"].startswith("Iterative pseudo-forced alignment")
    assert newest["data"][39]["title"] == "Extract Free Dense Misalignment from CLIP"
    assert client.get("/v1/daily/2025-12-12").json()["data"] == newest["data"]
    first = client.get("/v1/daily/2025-12-12?limit=30").json()
    second = client.get(first["links"]["next"]).json()
    assert first["data"] + second["data"] == newest["data"]
    assert second["links"]["next"] is None


def test_a_day_without_papers_names_its_neighbours(client: Client) -> None:
    body = problem(client, "/v1/daily/2025-12-13", 404, "day-not-found")
    assert "2025-12-12" in body["detail"]
    problem(client, "/v1/daily/2025-02-30", 400, "parameter-invalid")
    problem(client, "/v1/daily/today", 400, "parameter-invalid")


def test_stats_count_what_is_there(client: Client, engine: str) -> None:
    body = client.get("/v1/stats").json()["data"]
    assert body == {
        "papers": 40,
        "storePosition": 40,
        "indexPosition": 40,
        "engine": engine,
        "publishedFrom": "2022-10-27",
        "publishedTo": "2025-11-20",
    }


@pytest.mark.parametrize(
    ("target", "status", "code", "parameter", "suggestion"),
    [
        ("/v1/papers?limt=3", 400, "parameter-unknown", "limt", "limit"),
        ("/v1/papers?limit=0", 400, "parameter-invalid", "limit", "20"),
        ("/v1/papers?limit=101", 400, "parameter-invalid", "limit", "20"),
        ("/v1/papers?limit=5&limit=6", 400, "parameter-repeated", "limit", None),
        ("/v1/papers?sort=date", 400, "parameter-invalid", "sort", None),
        ("/v1/papers?sort=-relevance,title", 400, "parameter-conflict", "sort", "relevance"),
        ("/v1/papers?match=most", 400, "parameter-invalid", "match", "auto"),
        ("/v1/papers?year=20x5", 400, "parameter-invalid", "year", "2023-2025"),
        ("/v1/papers?from=2025-13", 400, "parameter-invalid", "from", "2024-11"),
        ("/v1/papers?minAuthors=-1", 400, "parameter-invalid", "minAuthors", "20"),
        ("/v1/papers?hasCode=yes", 400, "parameter-invalid", "hasCode", "true"),
        ("/v1/papers?cursor=abc", 400, "cursor-invalid", "cursor", None),
        ("/v1/papers?cursor=%F0%9F%98%80", 400, "cursor-invalid", "cursor", None),
        ("/v1/stats?verbose=1", 400, "parameter-unknown", "verbose", None),
    ],
)
def test_wrong_parameters_are_named(
    client: Client, target: str, status: int, code: str, parameter: str, suggestion: str | None
) -> None:
    fault = problem(client, target, status, code)["errors"][0]
    assert (fault["parameter"], fault["code"]) == (parameter, code)
    if suggestion:
        assert fault["suggestion"] == suggestion


def test_all_faults_of_a_request_are_reported_at_once(client: Client) -> None:
    body = problem(client, "/v1/papers?limit=x&year=y&color=red", 400, "parameter-invalid")
    assert {fault["parameter"] for fault in body["errors"]} == {"limit", "year", "color"}


def test_a_cursor_belongs_to_its_search(client: Client) -> None:
    cursor = search(client, ("q", "alignment"), ("limit", "2"))["meta"]["nextCursor"]
    problem(client, f"/v1/papers?q=align&cursor={cursor}", 400, "cursor-invalid")
    problem(client, f"/v1/papers?q=alignment&cursor={cursor[:-2]}", 400, "cursor-invalid")
    assert client.get(f"/v1/papers?q=alignment&cursor={cursor}&limit=5").status_code == 200


def test_what_is_not_there_says_so(client: Client) -> None:
    problem(client, "/v1/papers/nothing-like-that", 404, "paper-not-found")
    problem(client, "/v1/papers/arxiv:9999.99999", 404, "paper-not-found")
    problem(client, "/v1/papers/%00%ff", 404, "paper-not-found")
    problem(client, "/v1/paper", 404, "route-not-found")
    problem(client, "/v2", 404, "route-not-found")
    problem(client, "/v1/papers?q=%ff", 400, "parameter-invalid")


def test_wrong_methods_are_told_the_right_ones(client: Client) -> None:
    for method, target, allowed in (
        ("DELETE", "/v1/papers", "GET, HEAD, POST, OPTIONS"),
        ("GET", "/v1/papers/batch", "POST, OPTIONS"),
        ("PUT", "/healthz", "GET, HEAD, OPTIONS"),
    ):
        answer = client.request(method, target)
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
        assert answer.json()["code"] == "method-not-allowed"


def test_browsers_of_any_origin_may_read(client: Client) -> None:
    answer = client.get("/v1/papers", headers={"origin": "https://example.org"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "ETag" in answer.headers["access-control-expose-headers"]
    preflight = client.request(
        "OPTIONS",
        "/v1/papers/batch",
        headers={"origin": "https://example.org", "access-control-request-method": "POST"},
    )
    assert preflight.status_code == 204
    assert "POST" in preflight.headers["access-control-allow-methods"]
    assert "Content-Type" in preflight.headers["access-control-allow-headers"]


def test_the_front_door_greets_browsers_and_programs(client: Client) -> None:
    page = client.get("/", headers={"accept": "text/html,*/*"})
    assert page.headers["content-type"].startswith("text/html")
    assert "40 papers" in page.text
    assert 'action="v1/papers"' in page.text
    body = client.get("/", headers={"accept": "*/*"}).json()
    assert body["papers"] == 40
    assert body["doors"]["papers"]["href"] == "/v1/papers"
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready"}


def test_a_query_that_asks_nothing_says_so(client: Client) -> None:
    answer = search(client, ("q", "!!"))
    assert answer["meta"]["total"] == 0
    assert answer["meta"]["warnings"][0]["code"] == "no-searchable-words"
    assert search(client, ("q", "  "))["meta"]["total"] == 40
