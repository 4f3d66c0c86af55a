"""GraphQL over HTTP: methods, media types, bodies, statuses; and GraphiQL."""

import re
from urllib.parse import urlencode

import orjson
import pytest

from tests.graphql.asking import GRAPHQL_JSON, Client

PAPERS = "{stats {papers}}"
PAPERS_ANSWER = {"data": {"stats": {"papers": 40}}}


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/json", "application/json"),
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}, application/json;q=0.9", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}, application/json", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON};q=0.5, application/json", "application/json"),
        (f"application/json;q=0, {GRAPHQL_JSON};q=0.1", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}; charset=utf-8, application/json; charset=utf-8", GRAPHQL_JSON),
        ("text/plain, */*;q=0.1", "application/json"),
    ],
)
def test_the_media_type_is_negotiated(client: Client, accept: str | None, media: str) -> None:
    headers = {"accept": accept} if accept else {}
    body = orjson.dumps({"query": PAPERS})
    answer = client.send(
        "POST", content=body, headers=headers | {"content-type": "application/json"}
    )
    if accept is None:  # httpx sends `*/*` where nothing is given
        assert answer.request.headers["accept"] == "*/*"
    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"{media}; charset=utf-8"
    assert answer.headers["vary"] == "Accept, Accept-Encoding"
    assert answer.json() == PAPERS_ANSWER


@pytest.mark.parametrize("accept", ["text/css", "application/json;q=0", "application/xml"])
def test_no_acceptable_media_type(client: Client, accept: str) -> None:
    answer = client.send("POST", json={"query": PAPERS}, headers={"accept": accept})
    assert answer.status_code == 406
    assert answer.json()["errors"][0]["extensions"]["code"] == "not-acceptable"


@pytest.mark.parametrize(
    "query", ["{", "{nothing}", "query ($x: Int!) {papers(first: $x) {matched}}"]
)
def test_a_request_error_is_400_where_the_media_type_says_it(client: Client, query: str) -> None:
    own = client.send("POST", json={"query": query}, headers={"accept": GRAPHQL_JSON})
    legacy = client.send("POST", json={"query": query}, headers={"accept": "application/json"})
    assert (own.status_code, legacy.status_code) == (400, 200)
    assert own.json() == legacy.json()
    assert "data" not in own.json()


def test_get_takes_the_same_members(client: Client) -> None:
    query = "query A($first: Int) {papers(first: $first) {nodes {id}}} query B {stats {papers}}"
    parameters = {
        "query": query,
        "variables": '{"first": 3}',
        "operationName": "A",
        "extensions": "{}",
        "other": "ignored",
    }
    answer = client.send("GET", f"/graphql?{urlencode(parameters)}")
    assert len(answer.json()["data"]["papers"]["nodes"]) == 3
    head = client.send("HEAD", f"/graphql?{urlencode(parameters)}")
    assert head.content == b""
    assert head.headers["content-length"] == answer.headers["content-length"]
    plain = client.send("GET", f"/graphql?{urlencode({'query': PAPERS, 'operationName': ''})}")
    assert plain.json() == PAPERS_ANSWER


@pytest.mark.parametrize(
    "query_string",
    [
        "",
        "query=",
        "query=%20",
        "query=%7Bstats%7Bpapers%7D%7D&query=%7Bstats%7Bpapers%7D%7D",
        "query=%7Bstats%7Bpapers%7D%7D&variables=%7B",
        "query=%7Bstats%7Bpapers%7D%7D&variables=%5B%5D",
        "query=%7Bstats%7Bpapers%7D%7D&variables=1",
        "query=%7Bstats%7Bpapers%7D%7D&extensions=x",
    ],
)
def test_a_get_that_is_not_well_formed_is_400(client: Client, query_string: str) -> None:
    answer = client.send("GET", f"/graphql?{query_string}", headers={"accept": GRAPHQL_JSON})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "graphql-request-invalid"


def test_a_get_must_be_utf_8(client: Client) -> None:
    answer = client.send("GET", "/graphql?query=%ff%fe")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "parameter-invalid"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "body-not-json"),
        (b"{", 400, "body-not-json"),
        (b"\xff\xfe", 400, "body-not-json"),
        (b'{"query": "\\ud800"}', 400, "body-not-json"),
        (b'{"query": NaN}', 400, "body-not-json"),
        (b"[" * 100_000, 400, "body-not-json"),
        (b'{"query": "{a}", "variables": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", 400,
         "body-not-json"),
        (b"null", 400, "graphql-request-invalid"),
        (b'"{stats {papers}}"', 400, "graphql-request-invalid"),
        (b"[]", 400, "graphql-request-invalid"),
        (b'[{"query": "{stats {papers}}"}]', 400, "graphql-request-invalid"),
        (b"{}", 400, "graphql-request-invalid"),
        (b'{"query": 5}', 400, "graphql-request-invalid"),
        (b'{"query": null}', 400, "graphql-request-invalid"),
        (b'{"query": "{__typename}", "variables": "x"}', 400, "graphql-request-invalid"),
        (b'{"query": "{__typename}", "variables": [1]}', 400, "graphql-request-invalid"),
        (b'{"query": "{__typename}", "operationName": 1}', 400, "graphql-request-invalid"),
        (b'{"query": "{__typename}", "extensions": 0}', 400, "graphql-request-invalid"),
        (b'{"query": "' + b"x" * 140_000 + b'"}', 413, "body-too-large"),
    ],
)  # fmt: skip
def test_a_post_that_is_not_well_formed(
    client: Client, body: bytes, status: int, code: str
) -> None:
    for accept in (GRAPHQL_JSON, "application/json"):
        headers = {"content-type": "application/json", "accept": accept}
        answer = client.send("POST", content=body, headers=headers)
        assert answer.status_code == status
        assert answer.headers["content-type"].startswith(accept)
        assert answer.json()["errors"][0]["extensions"]["code"] == code


def test_null_members_are_absent_members(client: Client) -> None:
    body = {"query": PAPERS, "variables": None, "operationName": None, "extensions": None}
    assert client.send("POST", json=body).json() == PAPERS_ANSWER
    assert client.send("POST", json=body | {"more": 1, "extensions": {"a": 1}}).status_code == 200


@pytest.mark.parametrize(
    ("content_type", "accepted"),
    [
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ('Application/JSON;charset="UTF-8"', True),
        ("application/json; charset=utf-16", False),
        ("application/graphql", False),
        ("text/plain", False),
        ("multipart/form-data; boundary=x", False),
        ("application/x-www-form-urlencoded", False),
        ("", False),
    ],
)
def test_a_body_is_json_in_utf_8(client: Client, content_type: str, accepted: bool) -> None:
    body = orjson.dumps({"query": PAPERS})
    answer = client.send("POST", content=body, headers={"content-type": content_type})
    assert answer.status_code == (200 if accepted else 415)
    if not accepted:
        code = answer.json()["errors"][0]["extensions"]["code"]
        assert code == "media-type-unsupported"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "QUERY"])
def test_other_methods_are_not_allowed(client: Client, method: str) -> None:
    answer = client.send(method)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, POST, OPTIONS"
    assert answer.json()["errors"][0]["extensions"]["code"] == "method-not-allowed"
    assert client.send("POST", "/graphql/schema.graphql").status_code == 405


def test_options_names_the_methods(client: Client) -> None:
    answer = client.send("OPTIONS")
    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, POST, OPTIONS")


@pytest.mark.parametrize("path", ["/graphql/", "/graphql/x", "/graphql/assets/../door.py"])
def test_nothing_else_is_below(client: Client, path: str) -> None:
    answer = client.send("GET", path)
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["extensions"]["code"] == "route-not-found"


def test_a_browser_gets_graphiql(client: Client) -> None:
    headers = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    page = client.send("GET", headers=headers)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    addresses = re.findall(r'(?:src|href)="([^"]*)"', page.text)
    assert addresses
    assert not any(":" in each or each.startswith("/") for each in addresses)
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", page.text)
