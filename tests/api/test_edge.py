"""What holds for every answer: hosts, origins, methods, headers, and one shape."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from schema.errors import PROBLEMS
from tests.api.client import Client, running

ORIGIN = "https://app.example.org"
READ = "GET, HEAD, OPTIONS"
BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
METHODS = {
    "/": READ,
    "/favicon.ico": READ,
    "/llms.txt": READ,
    "/mcp": "POST, OPTIONS",
    "/healthz": READ,
    "/readyz": READ,
    "/v1/papers": "GET, HEAD, POST, OPTIONS",
    "/v1/papers/arxiv:2407.09941": "GET, HEAD, DELETE, OPTIONS",
    "/v1/papers/batch": "POST, OPTIONS",
    "/v1/daily": READ,
    "/v1/daily/2025-12-12": READ,
    "/v1/stats": READ,
    "/graphql": "GET, HEAD, POST, OPTIONS",
    "/graphql/schema.graphql": READ,
}
NOWHERE = ("/v1", "/v1/", "/v1/papers/", "/healthz/", "/graphql/", "/graphqlx", "/docs/")


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """An empty shelf for few hosts and one origin, known by an address of its own."""
    with running(
        tmp_path_factory.mktemp("strict") / "data",
        cors_origins=ORIGIN,
        allowed_hosts="papers.example.org, *.lab.example, papershelf.test, [::1], localhost",
        public_url="https://papers.example.org/shelf/",
    ) as client:
        yield client


def test_an_address_tells_its_methods_and_refuses_the_others(client: Client) -> None:
    for path, methods in METHODS.items():
        options = client.request("OPTIONS", path)
        assert (options.status_code, options.headers["allow"]) == (204, methods)
        assert options.content == b""
        assert not {"content-length", "content-type"} & set(options.headers)
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PURGE"):
            answer = client.request(method, path)
            if method in methods:
                assert answer.status_code != 405
            else:
                assert answer.status_code == 405
                assert answer.headers["allow"] == methods
                assert method == "HEAD" or code_of(answer) == "method-not-allowed"


def test_what_is_nowhere_is_nowhere_for_every_method(client: Client) -> None:
    for path in NOWHERE:
        for method in ("GET", "OPTIONS", "POST", "DELETE"):
            answer = client.request(method, path)
            assert (answer.status_code, code_of(answer)) == (404, "route-not-found")


def test_a_final_slash_is_pointed_out(client: Client) -> None:
    assert "/v1/papers?" in client.get("/v1/papers/").json()["detail"]
    assert "/v1/stats?" in client.get("/v1/stats/").json()["detail"]
    assert "/graphql?" in client.get("/graphql/").json()["errors"][0]["message"]


def test_head_is_get_without_a_body(client: Client) -> None:
    same = ("content-type", "content-length", "vary", "x-content-type-options")
    for path in {*METHODS, *NOWHERE} - {"/v1/papers/batch", "/mcp"}:
        get, head = (client.request(method, path) for method in ("GET", "HEAD"))
        assert head.status_code == get.status_code
        assert head.content == b""
        for name in same:
            assert head.headers.get(name) == get.headers.get(name)


def test_every_answer_may_be_read_from_anywhere_and_is_never_sniffed(client: Client) -> None:
    for path in (*METHODS, *NOWHERE):
        for method in ("GET", "OPTIONS", "POST"):
            answer = client.request(method, path, headers={"origin": ORIGIN})
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["access-control-allow-origin"] == "*"
            assert "access-control-allow-credentials" not in answer.headers


def preflight(client: Client, path: str, **headers: str) -> httpx.Response:
    asked = {"origin": ORIGIN, "access-control-request-method": "POST"} | headers
    return client.request("OPTIONS", path, headers=asked)


@pytest.mark.parametrize("path", ["/v1/papers/batch", "/graphql", "/v1/nowhere"])
def test_a_preflight_lets_any_header_pass(client: Client, path: str) -> None:
    answer = preflight(client, path)
    assert answer.status_code == 204
    allowed = answer.headers["access-control-allow-headers"].split(", ")
    assert {"*", "Authorization", "Content-Type"} <= set(allowed)
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert int(answer.headers["access-control-max-age"]) > 0


def test_only_a_listed_origin_may_read(strict: Client) -> None:
    for path in ("/v1/papers", "/v1/nowhere", "/graphql", "/"):
        ours = strict.get(path, headers={"origin": ORIGIN})
        assert ours.headers["access-control-allow-origin"] == ORIGIN
        assert "Origin" in ours.headers.get_list("vary")
        for origin in (ORIGIN + ".evil.example", "https://other.example", "null", "*"):
            other = strict.get(path, headers={"origin": origin})
            assert "access-control-allow-origin" not in other.headers
            assert "Origin" in other.headers.get_list("vary")
    assert preflight(strict, "/graphql").headers["access-control-allow-origin"] == ORIGIN
    refused = preflight(strict, "/graphql", origin="https://other.example")
    assert "access-control-allow-origin" not in refused.headers


@pytest.mark.parametrize(
    "host",
    [
        "papers.example.org", "papers.example.org:8000", "PAPERS.example.ORG.", "a.lab.example",
        "b.a.lab.example:80", "[::1]:8000", "[::1]", "localhost:8000", "papershelf.test:",
    ],
)  # fmt: skip
def test_a_listed_host_is_answered(strict: Client, host: str) -> None:
    assert strict.get("/v1/stats", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "lab.example", "xlab.example", "papers.example.org.evil.example",
        "evil.example:80@papers.example.org", "papers.example.org, evil.example", "", ".", "*",
        "lab.example.", "127.0.0.1", "::1]", "papers.example.org:80:80", "papers.example.org:x",
    ],
)  # fmt: skip
def test_any_other_host_is_refused_through_every_door(strict: Client, host: str) -> None:
    for method, path in (("GET", "/v1/stats"), ("POST", "/graphql"), ("GET", "/"), ("GET", "/x")):
        answer = strict.request(method, path, headers={"host": host})
        assert (answer.status_code, code_of(answer)) == (400, "host-not-allowed")
        assert answer.headers["content-type"] == "application/problem+json"
    assert strict.get("/healthz", headers={"host": host}).status_code == 200
    assert strict.get("/readyz", headers={"host": host}).status_code == 200
    assert code_of(preflight(strict, "/graphql", host=host)) == "host-not-allowed"


def test_links_stand_behind_the_public_address(strict: Client) -> None:
    base = "https://papers.example.org/shelf"
    for path in ("/v1/papers?limit=3&q=a%20b", "/v1/papers", "/v1/stats"):
        assert strict.get(path).json()["links"]["self"] == base + path
    batch = strict.post("/v1/papers/batch", {"ids": []}).json()
    assert batch["links"]["self"] == base + "/v1/papers/batch"
    doors = strict.get("/").json()["doors"]
    assert doors["stats"]["href"] == base + "/v1/stats"
    assert f"'{base}/v1/papers'" in strict.get("/", headers=BROWSER).text


def test_the_greeting_shows_the_address_it_was_asked_for(client: Client) -> None:
    def page(host: str) -> str:
        return client.get("/", headers={"accept": "text/html", "host": host}).text

    assert "curl -G 'http://10.0.0.1:81/v1/papers'" in page("10.0.0.1:81")
    for host in ("a'b", "<b>", "x;ls", "[", "x:999999", ""):
        shown = page(host)
        assert "'http://127.0.0.1:8000/v1/papers'" in shown
        assert "<b>" not in shown
        assert "x;ls" not in shown


def test_every_query_of_the_greeting_finds_something(client: Client) -> None:
    page = client.get("/", headers={"accept": "text/html,*/*;q=0.8"}).text
    targets = [part.split('"')[0] for part in page.split('href="')[1:]]
    assert not any(each.startswith(("/", "http")) for each in targets)
    queries = [each.replace("&amp;", "&") for each in targets if "?q=" in each]
    assert len(queries) >= 5
    for target in queries:
        answer = client.get("/" + target).json()
        assert answer["meta"]["total"] > 0
        assert answer["meta"]["warnings"] == []
    for target in {each for each in targets if "?" not in each}:
        assert client.get("/" + target, headers=BROWSER).status_code == 200


def test_every_answer_of_rest_has_one_shape(client: Client) -> None:
    paper = client.get("/v1/papers").json()["data"][0]["id"]
    answers = [
        client.get("/v1/papers"),
        client.get("/v1/papers?q=nothinglikethis"),
        client.get(f"/v1/papers/{paper}"),
        client.post("/v1/papers/batch", {"ids": [paper, "x"]}),
        client.get("/v1/daily"),
        client.get("/v1/stats"),
    ]
    revisions = set()
    for answer in answers:
        assert answer.headers["content-type"] == "application/json"
        body = answer.json()
        assert [name for name in body if name != "facets"] == ["data", "meta", "links"]
        assert body["links"]["self"].startswith("/v1/")
        revisions.add(body["meta"]["revision"])
    assert len(revisions) == 1
    pages = [answers[index].json() for index in (0, 1, 4)]
    assert all("next" in page["links"] and "nextCursor" in page["meta"] for page in pages)


def test_an_empty_shelf_answers_everywhere(tmp_path: Path, engine: str) -> None:
    with running(tmp_path / "data", engine=engine) as client:
        for target in ("/v1/papers", "/v1/papers?q=x&sort=title", "/v1/papers?q=al*&year=2024"):
            page = client.get(target).json()
            assert (page["data"], page["meta"]["total"], page["links"]["next"]) == ([], 0, None)
        assert client.get("/v1/papers?limit=100&hasCode=false").json()["meta"]["total"] == 0
        for target in ("/v1/daily", "/v1/daily/2025-12-12"):
            answer = client.get(target)
            assert (answer.status_code, code_of(answer)) == (404, "day-not-found")
        assert code_of(client.get("/v1/papers/2407.09941")) == "paper-not-found"
        assert client.post("/v1/papers/batch", {"ids": ["x", ""]}).json()["data"] == [None, None]
        stats = client.get("/v1/stats").json()["data"]
        assert (stats["papers"], stats["publishedFrom"], stats["publishedTo"]) == (0, None, None)
        assert client.get("/readyz").status_code == 200
        assert "no papers yet" in client.get("/", headers={"accept": "text/html,*/*;q=0.8"}).text
        answer = client.graphql(
            '{papers(query: "al*") {totalCount nodes {id} edges {cursor} pageInfo {hasNextPage'
            ' startCursor}} none: papers(first: 0) {totalCount} paper(id: "x") {id} node(id: "x")'
            ' {id} nodes(ids: ["x"]) {id} daily {date} stats {papers publishedTo}}'
        )
        nothing = {"hasNextPage": False, "startCursor": None}
        assert answer == {
            "data": {
                "papers": {"totalCount": 0, "nodes": [], "edges": [], "pageInfo": nothing},
                "none": {"totalCount": 0},
                "paper": None,
                "node": None,
                "nodes": [None],
                "daily": None,
                "stats": {"papers": 0, "publishedTo": None},
            }
        }


def code_of(answer: httpx.Response) -> str:
    """The code of a problem or of a GraphQL error, which must be one of the table."""
    body = json.loads(answer.content)
    code = body.get("code") or body["errors"][0]["extensions"]["code"]
    assert PROBLEMS[code].status == answer.status_code
    return str(code)
