"""Answers as Markdown: they read as the papers were written, and hold what JSON holds."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from api.markdown import escape, marked, page_markdown
from api.operation import JSON, MARKDOWN
from api.renderings import RENDERINGS
from api.route_parameters import SAMPLE_ID
from api.routes import OPERATIONS
from index.shelf import Shelf
from tests.api.client import Client, Silent, running
from tests.api.reading import blocks, one_line, texts
from tests.scale import scaled

TEXT = {"accept": MARKDOWN}
FORMS = ("/v1/papers.md?q=alignment", "/v1/daily.md", f"/v1/papers/{SAMPLE_ID}.md",
         f"/v1/papers/{SAMPLE_ID}/related.md")  # fmt: skip

SIGNS = "\\`*_{}[]()<>#+-.!|~$&;:=/\"'^@?%,0123456789 \t\n abz\u00e9\u4e2d\u00a0\u2028\x00\x07\x9f"
hostile = st.text(st.sampled_from(SIGNS) | st.characters(exclude_categories=["Cs"]), max_size=60)

HOSTILE = [
    "# *Not* a heading #",
    "1. One [link](http://a.example) and ![image](x)",
    "- _a_ __b__ ~~c~~ `code` ``two``",
    "<script>alert(1)</script> &amp; &#35; <http://b.example>",
    "$x_i^2$ and \\(y\\) | a | b |",
    "+ plus = equals --- === ***",
    "2024) C++ and C# at 50% of $5",
    "A title that ends in a backslash \\",
]


@settings(max_examples=scaled(3000), deadline=None)
@given(hostile)
@example("1986. A great year")
@example("-\u00a0x")
@example("# #")
def test_escaped_text_reads_as_it_was_written(text: str) -> None:
    expected = one_line(text)
    written = escape(text)
    assert "\n" not in written
    places = {
        "h1": f"# {written}\n",
        "h2": f"## [{written}](/v1/papers/x.md)\n",
        "li": f"- fact: {written}\n- b\n",
        "p": f"before\n\n{written}\n\nafter\n",
    }
    for tag, markdown in places.items():
        found = texts(markdown, tag)
        if tag == "p":
            assert found == ["before", *([expected] if expected else []), "after"]
        elif tag == "li":
            assert found == [f"fact: {expected}".strip(), "b"]
        else:
            assert found == [expected]


@settings(max_examples=scaled(2000), deadline=None)
@given(st.lists(st.tuples(hostile, st.booleans()), max_size=6))
def test_highlights_read_as_they_were_written(parts: list[tuple[str, bool]]) -> None:
    fragments = [{"text": text, "match": match} for text, match in parts]
    (block,) = blocks(f"- title: {marked(fragments)}\n")
    assert one_line(block.text) == one_line("title: " + "".join(text for text, _ in parts))


def test_what_matched_is_bold() -> None:
    def bold(*parts: tuple[str, bool]) -> tuple[str, ...]:
        (block,) = blocks(f"- {marked([{'text': t, 'match': m} for t, m in parts])}\n")
        return block.bold

    assert bold(("Optimal", True), (" ", False), ("transport", True)) == ("Optimal", "transport")
    assert bold(("un", False), ("stable", True), ("*", False)) == ("stable",)
    assert bold(("a", False), ("b", True), ("c", False), ("d", True), ("e", False)) == ("b", "d")
    assert bold(("C++", True), (" code", False)) == ()


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The application over papers with titles that would be read as something else."""
    folder = tmp_path_factory.mktemp("odd")
    file = folder / "odd.jsonl"
    papers: list[dict[str, Any]] = [
        {"title": title, "abstract": f"{title}\n\n    {title}", "authors": ["A* B_", "[C](d)"],
         "published": "2024-05", "date_precision": "month", "doi": f"10.1000/odd.{number}",
         "categories": ["cs.CL"], "listed": "2025-01-02"}
        for number, title in enumerate(HOSTILE)
    ]  # fmt: skip
    papers += [
        {"title": "A paper in Markdown", "doi": "10.1000/readme.md"},
        {"title": "A paper about papers", "doi": "10.1000/readme"},
        {"title": "Many hands", "authors": [f"Hand {n}" for n in range(9)],
         "url": "https://github.com/hand/many_(hands)"},
    ]  # fmt: skip
    file.write_text("".join(json.dumps(each) + "\n" for each in papers))
    with Shelf(folder / "data") as shelf:
        assert shelf.load([file], Silent()).added == len(papers)
    with running(folder / "data") as client:
        yield client


def test_odd_titles_are_headings_that_lead_to_their_papers(odd: Client) -> None:
    page = odd.get("/v1/papers", {"category": "cs.CL", "limit": "100"}).json()
    assert len(page["data"]) == len(HOSTILE)
    list_text = odd.get("/v1/papers.md?category=cs.CL&limit=100").text
    headings = [each for each in blocks(list_text) if each.tag == "h2"]
    for paper, heading in zip(page["data"], headings, strict=True):
        assert heading.text == one_line(paper["title"])
        assert heading.links == ((heading.text, f"/v1/papers/{paper['id']}.md"),)
        one = odd.get(heading.links[0][1]).text
        assert texts(one, "h1") == [one_line(paper["title"])]
        assert one_line(paper["abstract"]) in texts(one, "p")
        assert "Authors: A* B_, [C](d)" in texts(one, "li")
        assert "Published: 2024-05" in texts(one, "li")


def test_an_id_may_end_like_a_suffix(odd: Client) -> None:
    """First the id as it stands, then without the suffix."""
    exact = odd.get("/v1/papers/doi:10.1000/readme.md")
    assert exact.headers["content-type"] == JSON
    assert exact.json()["data"]["title"] == "A paper in Markdown"
    for path in ("/v1/papers/doi:10.1000/readme.md.md", "/v1/papers/doi%3A10.1000%2Freadme.md.md"):
        assert texts(odd.get(path).text, "h1") == ["A paper in Markdown"]
    by_header = odd.get("/v1/papers/doi:10.1000/readme.md", headers=TEXT)
    assert texts(by_header.text, "h1") == ["A paper in Markdown"]
    as_json = odd.get("/v1/papers/doi:10.1000/readme.json")
    assert as_json.json()["data"]["title"] == "A paper about papers"
    missing = odd.get("/v1/papers/nobody.md")
    assert (missing.status_code, missing.json()["code"]) == (404, "paper-not-found")
    assert "nobody." in missing.json()["detail"]
    assert ".md" not in missing.json()["detail"]


def test_a_list_shows_some_authors_and_a_paper_all(odd: Client) -> None:
    shown = texts(odd.get("/v1/papers.md?q=hands").text, "p")
    some = "Hand 0, Hand 1, Hand 2, Hand 3, Hand 4 and 4 more"
    assert any(each.startswith(some) for each in shown)
    found = odd.get("/v1/papers?q=hands").json()["data"][0]
    one = blocks(odd.get(f"/v1/papers/{found['id']}.md").text)
    (authors,) = [each.text for each in one if each.text.startswith("Authors: ")]
    assert authors == "Authors: " + ", ".join(f"Hand {n}" for n in range(9))
    (code,) = [each for each in one if each.text.startswith("Code: ")]
    assert unquote(code.links[0][1]) == code.links[0][0] == found["links"][0]["url"]


def test_members_that_were_asked_for_are_shown(odd: Client) -> None:
    text = odd.get("/v1/papers.md?ids=doi:10.1000/odd.0&fields=title,abstract").text
    assert texts(text, "h2") == [HOSTILE[0]]
    assert any(each.startswith(HOSTILE[0] + " " + HOSTILE[0]) for each in texts(text, "p"))
    bare = odd.get("/v1/papers.md?ids=doi:10.1000/odd.0&fields=hasCode").text
    assert texts(bare, "h2") == ["A paper"]


def test_a_page_leads_to_all_others(client: Client) -> None:
    everything = client.get("/v1/papers?q=alignment&limit=100").json()
    target, seen = "/v1/papers.md?q=alignment&limit=7", []
    while target:
        answer = client.get(target)
        seen += texts(answer.text, "h2")
        links = [link for each in blocks(answer.text) for link in each.links]
        target = dict(links).get("Next page", "")
        assert answer.links.get("next", {"url": ""})["url"] == target
    assert seen == [one_line(paper["title"]) for paper in everything["data"]]
    assert texts(answer.text, "h1") == [f"{everything['meta']['total']} papers"]


def test_a_page_shows_warnings_facets_and_what_matched(client: Client) -> None:
    text = client.get("/v1/papers.md?q=colour:transport&highlight=true&facets=year,author").text
    items = texts(text, "li")
    assert any("colour" in each for each in items)
    assert any(each.startswith("year: ") and "2025 (1)" in each for each in items)
    assert "author: none" in items
    bold = {part.lower() for each in blocks(text) for part in each.bold}
    assert "transport" in bold


def test_a_page_explains_scores_where_asked(client: Client) -> None:
    target = "/v1/papers{}?q=title:hydra+models&explain=true&limit=1"
    search = client.get(target.format("")).json()["data"][0]["search"]
    *_, line = texts(client.get(target.format(".md")).text, "li")
    assert line.startswith(f"score {search['score']:.3g}: ")
    for part in search["explanation"]["parts"]:
        assert f"{part['score']:.3g} for {part['term']} in {part['field']}" in line
    assert texts(client.get("/v1/papers.md?q=title:hydra&limit=1").text, "li") == []


def test_small_parts_of_a_score_are_summed_up() -> None:
    parts = [{"term": f"w{n}", "field": "text", "kind": "word", "score": 20 - n} for n in range(12)]
    search = {"score": 174.0, "explanation": {"parts": parts}}
    meta = {"total": 1, "totalAll": 1, "warnings": []}
    links = {"prev": None, "next": None}
    body = {"data": [{"id": "a", "search": search}], "meta": meta, "facets": None, "links": links}
    (line,) = texts(page_markdown(body, ""), "li")
    assert line.endswith("13 for w7 in text (word), 42 for 4 more")


def test_a_page_that_found_little_shows_ways_out() -> None:
    way = {"message": "Did you mean *alignment*?", "total": 7, "link": "/v1/papers?q=alignment"}
    meta = {"total": 0, "totalAll": 0, "warnings": [], "alternatives": [way]}
    body = {"data": [], "meta": meta, "facets": None, "links": {"prev": None, "next": None}}
    (item,) = [each for each in blocks(page_markdown(body, "")) if each.tag == "li"]
    assert item.text == "Did you mean *alignment*? 7 papers"
    assert item.links == (("7 papers", "/v1/papers.md?q=alignment"),)


def test_a_day_is_read_by_position(client: Client) -> None:
    page = client.get("/v1/daily?limit=100").json()
    text = client.get("/v1/daily.md?limit=100").text
    assert text == client.get("/v1/daily/2025-12-12.md?limit=100").text
    assert texts(text, "h1") == ["Papers of 2025-12-12"]
    assert texts(text, "h2") == [one_line(paper["title"]) for paper in page["data"]]


def test_related_papers_stand_in_their_order(client: Client) -> None:
    page = client.get(f"/v1/papers/{SAMPLE_ID}/related?limit=4").json()
    text = client.get(f"/v1/papers/{SAMPLE_ID}/related.md?limit=4").text
    assert texts(text, "h2") == [one_line(paper["title"]) for paper in page["data"]]


@pytest.mark.parametrize("target", FORMS)
def test_suffix_and_header_ask_for_the_same(client: Client, target: str) -> None:
    by_suffix, plain = client.get(target), target.replace(".md", "")
    by_header = client.get(plain, headers=TEXT)
    for answer in (by_suffix, by_header):
        assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
        assert answer.headers["vary"] == "Accept, Accept-Encoding"
        assert answer.headers["cache-control"] == "no-cache"
    assert by_suffix.text.replace(".md?", "?") == by_header.text.replace(".md?", "?")
    tags = {client.get(plain).headers["etag"], by_header.headers["etag"]}
    assert len(tags) == 2, "one validator for two forms"


@pytest.mark.parametrize("target", FORMS)
def test_what_a_client_has_is_not_sent_again(client: Client, target: str) -> None:
    for path, headers in ((target, {}), (target.replace(".md", ""), TEXT)):
        first = client.get(path, headers=headers)
        again = client.get(path, headers=headers | {"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        head = client.request("HEAD", path, headers=headers)
        assert (head.status_code, head.content) == (200, b"")
        for name in ("etag", "content-type", "content-length"):
            assert head.headers[name] == first.headers[name]


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("text/*", MARKDOWN),
        ("text/markdown", MARKDOWN),
        ("application/json;q=0.5, text/markdown", MARKDOWN),
        ("application/json, text/markdown;q=0.5", JSON),
        ("application/json, text/markdown", JSON),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", JSON),
        ("text/html", None),
        ("text/markdown;q=0, application/json;q=0", None),
    ],
)
def test_the_form_that_a_client_likes_best(client: Client, accept: str, media: str | None) -> None:
    answer = client.get("/v1/papers?limit=1", headers={"accept": accept})
    if media is None:
        assert (answer.status_code, answer.json()["code"]) == (406, "not-acceptable")
    else:
        assert answer.headers["content-type"].partition(";")[0] == media


def test_a_suffix_goes_before_the_header(client: Client) -> None:
    answer = client.get("/v1/papers.md?limit=1", headers={"accept": "application/json"})
    assert answer.headers["content-type"].startswith(MARKDOWN)
    answer = client.get("/v1/papers.json?limit=1", headers=TEXT)
    assert answer.json()["links"]["self"] == "/v1/papers.json?limit=1"


@pytest.mark.parametrize(
    ("target", "status", "code"),
    [
        ("/v1/papers.md?limit=0", 400, "parameter-invalid"),
        ("/v1/papers.md?limti=1", 400, "parameter-unknown"),
        ("/v1/daily/2025-13-01.md", 400, "parameter-invalid"),
        ("/v1/daily/2025-12-13.md", 404, "day-not-found"),
        ("/v1/stats.md", 404, "route-not-found"),
        ("/v1/papers.mdx", 404, "route-not-found"),
        ("/v1/.md", 404, "route-not-found"),
        ("/v1/papers/.md", 404, "route-not-found"),
    ],
)
def test_refusals_are_problems_in_every_form(
    client: Client, target: str, status: int, code: str
) -> None:
    for headers in ({}, TEXT):
        answer = client.get(target, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers["content-type"] == "application/problem+json"


def test_the_table_and_the_operations_agree() -> None:
    """Each form that an operation offers can be made of its JSON."""
    for operation in OPERATIONS:
        if operation.path.startswith("/v1/"):
            schema_name = operation.answer.content[JSON]
            for media in operation.answer.content:
                form = RENDERINGS[media]
                made = form.papers or form.feed or schema_name in form.renderers
                assert media == JSON or made, media


def test_links_are_whole_below_a_public_address(tmp_path: Path) -> None:
    file = tmp_path / "one.jsonl"
    file.write_text('{"title": "One paper", "listed": "2025-01-02"}\n')
    with Shelf(tmp_path / "data") as shelf:
        shelf.load([file], Silent())
    with running(tmp_path / "data", public_url="https://papers.example.org/shelf") as client:
        for target in ("/v1/papers.md", "/v1/daily.md"):
            (heading,) = [each for each in blocks(client.get(target).text) if each.tag == "h2"]
            assert heading.links[0][1].startswith("https://papers.example.org/shelf/v1/papers/one-")
