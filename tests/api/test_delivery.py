"""How answers leave: validators, what may be stored, codings, links, the time they took."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import brotli
import httpx
import pytest
import zstandard

from api.negotiation import preferred_coding, preferred_media
from index.searches import Searches
from index.shelf import Shelf
from tests.api.client import Client, Silent, running
from tests.paths import SAMPLE

QUERY = '{ papers(query: "alignment", first: 5) { totalCount nodes { title } } }'
GRAPHQL = "/graphql?" + urlencode({"query": QUERY})
PAPER = "/v1/papers/ai-alignment-at-your-discretion-47fd2308"
TARGETS = [
    "/v1/papers",
    "/v1/papers?q=alignment&facets=year&highlight=true",
    PAPER,
    "/v1/daily",
    "/v1/daily/2025-12-12?limit=3",
    "/v1/stats",
    "/",
    "/openapi.json",
    GRAPHQL,
    "/graphql/schema.graphql",
]
CONSTANT = ("/openapi.json", "/graphql/schema.graphql")
"""Targets that do not tell of papers."""

CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
}
PLAIN = {"accept-encoding": "identity"}


def ask(client: Client, target: str, **headers: str) -> httpx.Response:
    """A GET without codings but those that are asked for."""
    return client.get(target, headers=PLAIN | {k.replace("_", "-"): v for k, v in headers.items()})


@pytest.mark.parametrize("target", TARGETS)
def test_an_answer_that_the_client_has_is_not_sent_again(client: Client, target: str) -> None:
    first = ask(client, target)
    assert first.status_code == 200
    assert re.fullmatch(r'"[0-9a-f]{24}"', first.headers["etag"])
    assert first.headers["cache-control"] == "no-cache"
    assert "Accept-Encoding" in first.headers["vary"]
    tag = first.headers["etag"]
    for condition in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        for method in ("GET", "HEAD"):
            again = client.request(
                method, target, headers=PLAIN | {"if-none-match": condition, "accept": "*/*"}
            )
            assert (again.status_code, again.content) == (304, b"")
            for name in ("etag", "cache-control", "vary"):
                assert again.headers[name] == first.headers[name]
            assert not {"content-type", "content-length"} & set(again.headers)
    changed = ask(client, target, if_none_match='"0123456789abcdef01234567"')
    assert changed.status_code == 200
    assert changed.content == first.content
    assert changed.headers["etag"] == tag


def test_a_conditional_request_reaches_no_index(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = "/v1/papers?q=title:never+OR+title:hydra"
    tag = ask(client, target).headers["etag"]

    def answer(*_: object) -> None:
        raise AssertionError("the index was asked")

    monkeypatch.setattr(Searches, "answer", answer)
    monkeypatch.setattr(Searches, "run", answer)
    assert ask(client, target, if_none_match=tag).status_code == 304


@pytest.mark.parametrize("target", TARGETS)
def test_each_coding_is_the_same_answer_with_a_tag_of_its_own(client: Client, target: str) -> None:
    plain = ask(client, target)
    assert "content-encoding" not in plain.headers
    tags = {plain.headers["etag"]}
    for coding in CODINGS:
        answer = ask(client, target, accept_encoding=coding)
        assert answer.content == plain.content  # decoded by httpx
        if len(plain.content) < 1024:
            assert "content-encoding" not in answer.headers
            continue
        assert answer.headers["content-encoding"] == coding
        assert int(answer.headers["content-length"]) < len(plain.content)
        tags.add(answer.headers["etag"])
        known = {"accept_encoding": coding, "if_none_match": answer.headers["etag"]}
        again = ask(client, target, **known)
        assert (again.status_code, again.headers["etag"]) == (304, answer.headers["etag"])
        head = client.request("HEAD", target, headers={"accept-encoding": coding})
        assert head.content == b""
        for name in ("content-length", "content-encoding", "etag", "content-type"):
            assert head.headers[name] == answer.headers[name]
    assert len(tags) == (1 if len(plain.content) < 1024 else 4)


@pytest.mark.parametrize("coding", CODINGS)
def test_a_coded_body_is_what_its_coding_says(client: Client, coding: str) -> None:
    plain = ask(client, "/v1/papers?limit=30")
    headers, body = client.raw("/v1/papers?limit=30", {"accept-encoding": coding})
    assert headers["content-encoding"] == coding
    assert int(headers["content-length"]) == len(body)
    assert CODINGS[coding](body) == plain.content


def test_a_new_revision_has_new_tags(tmp_path: Path) -> None:
    folder, lines = tmp_path / "data", tmp_path / "one.jsonl"
    with Shelf(folder) as shelf:
        shelf.load([SAMPLE], Silent())
        with running(folder) as client:
            told = [target for target in TARGETS if target not in CONSTANT]
            before = {target: ask(client, target).headers["etag"] for target in told}
            page = ask(client, "/v1/papers?sort=title&limit=7").json()["links"]["next"]
            walk = ask(client, page)
            lines.write_text('{"title": "Alignment of a new paper", "listed": "2025-12-12"}\n')
            shelf.load([lines], Silent())
            while ask(client, "/v1/stats").json()["data"]["indexPosition"] != 41:
                pass
            for target, tag in before.items():
                answer = ask(client, target, if_none_match=tag)
                if target == PAPER:
                    assert answer.json()["meta"]["revision"] != walk.json()["meta"]["revision"]
                assert (answer.status_code, answer.headers["etag"] != tag) == (200, True)
            # The walk stays in its own revision, whose answer is the same as before.
            assert ask(client, page, if_none_match=walk.headers["etag"]).status_code == 304
            assert ask(client, page).content == walk.content


def test_a_tag_belongs_to_its_question_and_shelf(client: Client, tmp_path: Path) -> None:
    tags = {ask(client, target).headers["etag"] for target in TARGETS}
    assert len(tags) == len(TARGETS)
    with Shelf(tmp_path / "data") as shelf:
        shelf.load([SAMPLE], Silent())
    with running(tmp_path / "data") as other:
        for target in TARGETS[:3]:
            assert ask(other, target).headers["etag"] not in tags


def test_refusals_and_probes_are_not_stored(client: Client) -> None:
    for target in ("/v1/papers?limt=1", "/v1/papers/none", "/nowhere", "/healthz", "/readyz"):
        answer = ask(client, target, if_none_match="*")
        assert answer.headers["cache-control"] == "no-store"
        assert "etag" not in answer.headers
        assert answer.status_code != 304


def test_a_posted_question_is_answered_alike_each_time_but_not_stored(client: Client) -> None:
    answers = [client.post("/graphql", {"query": QUERY}, headers=PLAIN) for _ in range(3)]
    assert len({answer.content for answer in answers}) == 1
    for answer in answers:
        assert answer.json()["data"]["papers"]["totalCount"] == 40
        assert answer.headers["cache-control"] == "no-store"
        assert "etag" not in answer.headers
        tagged = PLAIN | {"if-none-match": ask(client, GRAPHQL).headers["etag"]}
        assert client.post("/graphql", {"query": QUERY}, headers=tagged).status_code == 200


def test_a_page_of_a_graphql_walk_has_a_tag_too(client: Client) -> None:
    first = client.graphql("{ papers(first: 3) { pageInfo { endCursor } } }")
    cursor = first["data"]["papers"]["pageInfo"]["endCursor"]
    document = "query Next($from: String) { papers(first: 3, after: $from) { nodes { id } } }"
    variables = f'{{"from": "{cursor}"}}'
    target = "/graphql?" + urlencode({"query": document, "variables": variables})
    answer = ask(client, target)
    assert len(answer.json()["data"]["papers"]["nodes"]) == 3
    assert ask(client, target, if_none_match=answer.headers["etag"]).status_code == 304


def test_errors_of_graphql_have_no_tag(client: Client) -> None:
    for query in ("{ nowhere }", "{", "{ papers(first: 999) { totalCount } }"):
        answer = ask(client, "/graphql?" + urlencode({"query": query}))
        assert "errors" in answer.json()
        assert "etag" not in answer.headers
        assert answer.headers["cache-control"] == "no-store"


def test_links_to_the_neighbours_of_a_page(client: Client) -> None:
    seen: list[str] = []
    target: str | None = "/v1/papers?q=alignment&limit=15"
    while target:
        answer = ask(client, target)
        links = answer.json()["links"]
        seen += [paper["id"] for paper in answer.json()["data"]]
        given = {name: link["url"] for name, link in answer.links.items()}
        assert given == {name: url for name, url in links.items() if url and name != "self"}
        target = given.get("next")
    assert len(seen) == len(set(seen)) == 40


def test_a_paper_names_its_own_address(client: Client) -> None:
    answer = ask(client, PAPER)
    assert answer.links["canonical"]["url"] == answer.json()["links"]["self"] == PAPER
    # An id may be written in other ways; the address that is named stays.
    other = ask(client, PAPER.replace("-", "%2D"))
    assert other.links["canonical"]["url"] == PAPER
    assert other.headers["etag"] == answer.headers["etag"]


def test_the_time_spent_is_told(client: Client) -> None:
    for target in ("/v1/papers", "/v1/papers/none", GRAPHQL):
        told = ask(client, target).headers["server-timing"]
        assert re.fullmatch(r"app;dur=\d+\.\d\d", told)


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", None),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "br"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("*", "zstd"),
        ("*;q=0.1, zstd;q=0", "br"),
        ("identity", None),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0.5, gzip", "gzip"),
        ("identity;q=0", None),
        ("deflate, compress", None),
        ("GZIP", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip;q=banana", "gzip"),
        ("gzip;q=0.000", None),
        (", ,;;,", None),
        ("gzip," * 1000 + "zstd", "gzip"),
    ],
)
def test_the_coding_is_the_one_the_client_likes_best(accepted: str, coding: str | None) -> None:
    assert preferred_coding(accepted) == coding


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("", "a/b"),
        ("*/*", "a/b"),
        ("a/*", "a/b"),
        ("c/d", "c/d"),
        ("a/b;q=0.1, c/d;q=0.2", "c/d"),
        ("*/*, a/b;q=0", "c/d"),
        ("x/y", None),
        ("a/b;q=0", None),
        ("A/B; charset=utf-8", "a/b"),
        ("a/b; charset=latin-1", None),
        ("nonsense", "a/b"),
    ],
)
def test_the_media_type_is_the_one_the_client_likes_best(accept: str, media: str | None) -> None:
    assert preferred_media(accept, ("a/b", "c/d")) == media
