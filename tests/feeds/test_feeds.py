"""Feeds of searches and days, followed as a reader of feeds follows them."""

import html
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode, urlsplit
from uuid import UUID
from xml.etree import ElementTree

import pytest

from api.facts import one_line
from api.feeds.words import MAX_TITLE, WORDS
from schema.filters import FILTERS
from tests.api.client import Client, running
from tests.feeds.conftest import load
from tests.feeds.following import MEDIA, Read, read
from tests.paths import SAMPLE

FORMS = pytest.mark.parametrize("suffix", MEDIA)
NEWS = "-listedAt,-publishedAt"
XML = (".atom", ".rss")

_NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def ids(feed: Read) -> list[str]:
    return [item.id for item in feed.items]


def whole(client: Client, target: str) -> list[Read]:
    """All pages of a feed, by its own links."""
    pages = [read(client.get(target))]
    while following := pages[-1].following:
        pages.append(read(client.get(following)))
    return pages


@FORMS
@pytest.mark.parametrize("query", ["", "q=alignment", "q=optimal+transport&year=2025&hasCode=true"])
def test_the_pages_of_a_feed_are_the_whole_result_newest_first(
    client: Client, suffix: str, query: str
) -> None:
    pages = whole(client, f"/v1/papers{suffix}?{query}&limit=7")
    expected = client.get(f"/v1/papers?{query}&limit=100&sort={NEWS}&match=all").json()
    titles = [one_line(item.title) for page in pages for item in page.items]
    assert titles == [shown(paper["title"], suffix) for paper in expected["data"]]
    assert len(titles) == expected["meta"]["total"]
    assert len({page.id for page in pages}) == 1
    assert len({page.own for page in pages}) == len(pages)


def shown(title: str, suffix: str) -> str:
    """A title as a feed can show it: XML holds not every character."""
    return one_line(_NO_XML.sub("", title) if suffix in XML else title)


@FORMS
def test_news_come_first_unless_another_order_is_asked_for(client: Client, suffix: str) -> None:
    for query in ("", "?q=alignment"):
        assert read(client.get(f"/v1/papers{suffix}{query}")).items[0].title == "Late in alignment"
    oldest = client.get("/v1/papers?sort=publishedAt&limit=1").json()["data"][0]
    asked = read(client.get(f"/v1/papers{suffix}?sort=publishedAt&limit=1"))
    assert [item.title for item in asked.items] == [oldest["title"]]


@FORMS
def test_an_entry_says_what_the_paper_says(client: Client, suffix: str) -> None:
    for paper in client.get("/v1/papers?limit=100").json()["data"]:
        answer = client.get(f"/v1/papers{suffix}?ids={paper['id']}")
        (item,) = read(answer).items
        assert one_line(item.title) == shown(paper["title"], suffix)
        summary = html.unescape(item.summary) if suffix == ".rss" else item.summary
        instead = paper["title"] if suffix == ".feed.json" else ""
        assert one_line(summary) == shown(paper["abstract"] or instead, suffix)
        authors = [shown(author["name"], suffix) for author in paper["authors"] or ()]
        if suffix != ".rss":
            assert list(map(one_line, item.authors)) == authors
        assert list(map(one_line, item.categories)) == [
            shown(each, suffix) for each in paper["categories"]
        ]
        assert list(item.related) == [link["url"] for link in paper["links"]]
        day = paper["publishedAt"]
        assert (item.published is None) == (day is None)
        if suffix != ".rss":
            assert item.published == (day and f"{day}T00:00:00Z")
        doi = paper["externalIds"]["doi"]
        own = f"http://papershelf.test/v1/papers/{paper['id']}"
        assert item.link == (f"https://doi.org/{doi}" if doi else own)
        assert UUID(item.id.removeprefix("urn:uuid:")).version == 5


def test_the_three_forms_have_the_same_entries(client: Client) -> None:
    feeds = [read(client.get(f"/v1/papers{suffix}?q=alignment")) for suffix in MEDIA]
    assert len({tuple(ids(feed)) for feed in feeds}) == 1
    assert len({tuple(item.updated for item in feed.items) for feed in feeds}) == 1
    assert len({feed.title for feed in feeds}) == 1


@FORMS
def test_a_day_is_a_feed(client: Client, suffix: str) -> None:
    page = client.get("/v1/daily/2025-12-12").json()
    feeds = whole(client, f"/v1/daily/2025-12-12{suffix}?limit=15")
    titles = [item.title for feed in feeds for item in feed.items]
    assert titles == [one_line(paper["title"]) for paper in page["data"]]
    assert {feed.title for feed in feeds} == {"Papershelf: papers of 2025-12-12"}
    newest = read(client.get(f"/v1/daily{suffix}"))
    assert [item.title for item in newest.items] == ["Late in alignment"]
    assert newest.title == "Papershelf: papers of the newest day"


@FORMS
def test_suffix_and_header_give_the_same_feed(client: Client, suffix: str) -> None:
    by_suffix = client.get(f"/v1/papers{suffix}?q=alignment")
    by_header = client.get("/v1/papers?q=alignment", headers={"accept": MEDIA[suffix]})
    assert by_suffix.content == by_header.content
    assert by_suffix.headers["content-type"] == f"{MEDIA[suffix]}; charset=utf-8"
    assert by_suffix.headers["vary"] == "Accept, Accept-Encoding"
    assert read(by_header).own == f"http://papershelf.test/v1/papers{suffix}?q=alignment"


@FORMS
@pytest.mark.parametrize("named_first", [True, False])
def test_a_way_on_keeps_to_the_way_that_was_asked(
    client: Client, suffix: str, named_first: bool
) -> None:
    """`Link` leads on by suffix or by header as the request came, whichever was answered first."""
    query = f"?q=alignment&limit={3 + named_first}"
    ways = [(f"/v1/papers{suffix}", {}), ("/v1/papers", {"accept": MEDIA[suffix]})]
    for path, headers in ways if named_first else reversed(ways):
        answer = client.get(path + query, headers=headers)
        following = answer.links["next"]["url"]
        assert urlsplit(following).path == path
        assert read(client.get(following, headers=headers)).items


@FORMS
def test_a_reader_that_has_it_gets_304(client: Client, suffix: str) -> None:
    for target in (f"/v1/papers{suffix}?q=alignment", f"/v1/daily/2025-12-12{suffix}"):
        first = client.get(target)
        again = client.get(target, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert client.request("HEAD", target).headers["etag"] == first.headers["etag"]
        assert "last-modified" not in first.headers, "a paper may go without a later date"


@FORMS
def test_hosts_are_not_mixed(client: Client, suffix: str) -> None:
    """Links are of the host that was asked, and no host's answer is another's."""
    for target in (f"/v1/papers{suffix}?limit=1", f"/v1/daily{suffix}"):
        answers = {
            host: client.get(target, headers={"host": host})
            for host in ("a.example", "b.example:8080", "[::1]:8000", "a.example")
        }
        for host, answer in answers.items():
            feed = read(answer)
            assert urlsplit(feed.own).netloc == host
            assert urlsplit(feed.items[0].link).netloc == host
        assert len({answer.headers["etag"] for answer in answers.values()}) == 3
        other = {"host": "b.example:8080", "if-none-match": answers["a.example"].headers["etag"]}
        assert client.get(target, headers=other).status_code == 200


@FORMS
def test_a_host_that_is_none_is_not_repeated(client: Client, suffix: str) -> None:
    answer = client.get(f"/v1/papers{suffix}?limit=1", headers={"host": "x'><script>"})
    assert urlsplit(read(answer).own).netloc == "127.0.0.1:8000"


@FORMS
def test_links_begin_with_the_public_address(tmp_path: Path, suffix: str) -> None:
    load(tmp_path, {"title": "One paper", "listed": "2025-01-02"}, {"title": "Another"})
    public = "https://papers.example.org/shelf"
    with running(tmp_path / "data", public_url=public) as client:
        for path in ("/v1/papers", "/v1/daily"):
            feed = read(client.get(f"{path}{suffix}?limit=1", headers={"host": "other.example"}))
            assert feed.own == f"{public}{path}{suffix}?limit=1"
            assert feed.items[0].link.startswith(f"{public}/v1/papers/one-paper-")
        following = read(client.get(f"/v1/papers{suffix}?limit=1")).following
        assert following is not None
        assert following.startswith(f"{public}/v1/papers{suffix}?limit=1&cursor=")


def test_ids_are_equal_on_every_copy(tmp_path: Path) -> None:
    """Of entries by their papers, of feeds by their questions, on whatever shelf or host."""
    feeds = []
    for name in ("first", "second"):
        load(tmp_path / name, SAMPLE)
        with running(tmp_path / name / "data") as client:
            target = "/v1/papers.atom?q=alignment&year=2024"
            feeds.append(read(client.get(target, headers={"host": f"{name}.example"})))
            same = read(client.get("/v1/papers.atom?year=2024&limit=3&q=alignment"))
            assert same.id == feeds[0].id
            assert read(client.get("/v1/papers.atom?q=alignment&year=2023")).id != same.id
            assert read(client.get("/v1/daily.atom")).id != same.id
    assert ids(feeds[0]) == ids(feeds[1]) != []
    assert feeds[0].id == feeds[1].id


@FORMS
def test_a_change_of_a_paper_and_nothing_else_changes_its_time(
    tmp_path: Path, suffix: str, engine: str
) -> None:
    one, two = {"title": "One paper"}, {"title": "Two papers", "doi": "10.1000/two"}
    seen = []
    for further in ((one, two), (one, two), (two | {"abstract": "What it tells."},)):
        load(tmp_path, *further, engine=engine)
        with running(tmp_path / "data", engine=engine) as client:
            feed = read(client.get(f"/v1/papers{suffix}?sort=title"))
            seen.append({item.title: item for item in feed.items})
        age(tmp_path, 100 if len(seen) == 1 else 0)
    new, first, second = seen
    assert {item.id for item in new.values()} == {item.id for item in first.values()}
    assert first["One paper"].updated < new["One paper"].updated, "loading it again is no change"
    assert second["One paper"] == first["One paper"]
    assert second["Two papers"].id == first["Two papers"].id
    assert second["Two papers"].updated > first["Two papers"].updated
    assert second["Two papers"].summary == "What it tells."


def age(folder: Path, seconds: int) -> None:
    """Let all changes of a shelf be longer ago."""
    with closing(sqlite3.connect(folder / "data" / "papers.sqlite")) as store, store:
        store.execute("UPDATE change SET at = at - ?", (seconds,))


def test_a_feed_is_as_new_as_its_newest_entry(client: Client) -> None:
    feed = read(client.get("/v1/papers.atom?q=alignment"))
    assert feed.updated == max(item.updated for item in feed.items)


@FORMS
def test_a_feed_without_entries_is_valid(client: Client, suffix: str) -> None:
    feed = read(client.get(f"/v1/papers{suffix}?q=nosuchword"))
    assert (feed.items, feed.following) == ([], None)
    assert feed.title == "Papershelf: papers on “nosuchword”"


@FORMS
def test_what_a_feed_cannot_show_is_refused(client: Client, suffix: str) -> None:
    for name, value in (
        ("fields", "title"),
        ("facets", "year"),
        ("highlight", "true"),
        ("explain", "true"),
    ):
        answer = client.get(f"/v1/papers{suffix}", {"q": "alignment", name: value})
        assert (answer.status_code, answer.json()["code"]) == (400, "parameter-conflict")
        assert answer.json()["errors"][0]["parameter"] == name
    paper = client.get("/v1/papers?limit=1").json()["data"][0]["id"]
    for path in (f"/v1/papers/{paper}", f"/v1/papers/{paper}/related", "/v1/stats"):
        assert client.get(f"{path}{suffix}").status_code == 404
        refused = client.get(path, headers={"accept": MEDIA[suffix]})
        assert (refused.status_code, refused.json()["code"]) == (406, "not-acceptable")


@pytest.mark.parametrize("suffix", XML)
def test_no_text_becomes_an_element(client: Client, suffix: str) -> None:
    """Whatever texts hold, the elements are ours alone."""
    root = ElementTree.fromstring(client.get(f"/v1/papers{suffix}?limit=100").content)
    shared = {"title", "link", "generator", "updated", "category"}
    own = {
        ".atom": {"feed", "id", "author", "name", "entry", "published", "summary"},
        ".rss": {"rss", "channel", "description", "item", "guid", "pubDate", "creator"},
    }[suffix]
    known = shared | own | ({"lastBuildDate"} if suffix == ".rss" else set())
    assert {each.tag.rpartition("}")[2] for each in root.iter()} == known


def test_a_title_says_the_question(client: Client) -> None:
    query = urlencode(
        [("q", "  optimal \n transport "), ("author", "Ann"), ("author", "Bo"), ("year", "2024-")]
    )
    title = read(client.get(f"/v1/papers.atom?{query}&hasCode=false&match=all")).title
    assert title == (
        "Papershelf: papers on “optimal transport”, by Ann or Bo, of 2024-, without code, "
        "with all words"
    )
    ordered = read(client.get("/v1/papers.atom?sort=-comments,title")).title
    assert ordered == "Papershelf: papers, ordered by comments descending and title"
    long = read(client.get("/v1/papers.atom", {"q": "word " * 500})).title
    assert len(long) == MAX_TITLE


def test_every_filter_has_words() -> None:
    assert {each.name for each in FILTERS} <= WORDS.keys()


def test_the_home_page_tells_readers_of_the_feed(client: Client) -> None:
    page = client.get("/", headers={"accept": "text/html"}).text
    told = re.findall(r'<link rel="alternate" type="([^"]+)" title="[^"]+" href="([^"]+)">', page)
    assert told == [(media, f"v1/papers{suffix}") for suffix, media in MEDIA.items()]
    for _, address in told:
        assert read(client.get(f"/{address}")).items


@pytest.mark.parametrize("query", ["limit=7", "q=optimal+transport&limit=1", "q=alignment"])
def test_the_json_that_an_atom_page_names_has_the_same_papers(client: Client, query: str) -> None:
    page = client.get(f"/v1/papers.atom?{query}")
    for _ in range(3):
        (data,) = re.findall(
            r'<link rel="alternate" type="application/json" href="([^"]+)"', page.text
        )
        papers = client.get(html.unescape(data)).json()["data"]
        feed = read(page)
        assert [one_line(item.title) for item in feed.items] == [
            shown(paper["title"], ".atom") for paper in papers
        ]
        if feed.following is None:
            break
        page = client.get(feed.following)
