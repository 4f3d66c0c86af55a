"""The real huggingface_hub finds, lists and reads our papers as REST does, with both engines."""

import random
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import quote

import pytest
from huggingface_hub.errors import BadRequestError, HfHubHTTPError
from huggingface_hub.hf_api import PaperInfo

from tests.hub.conftest import BUSY, DAYS
from tests.hub.serving import Served, hub_id
from tests.scale import SEED, scaled
from tests.shelf.building import WORDS

OLDEST, NEWEST = date(2020, 12, 1), date(2026, 1, 31)


def ids(papers: Iterable[PaperInfo]) -> list[str]:
    return [each.id for each in papers]


def rest_ids(served: Served, **parameters: object) -> list[str]:
    """The first page of REST's list."""
    return [hub_id(each) for each in served.get("/v1/papers", **parameters)["data"]]


def midnight(day: str | None) -> datetime | None:
    return datetime.fromisoformat(day).replace(tzinfo=UTC) if day else None


def check(found: PaperInfo, paper: dict[str, Any]) -> None:
    """Raise unless the client says of a paper what REST says, and nothing else."""
    names = [each["name"] for each in paper["authors"] or ()]
    urls = {kind: [each["url"] for each in paper["links"] if each["kind"] == kind]
            for kind in ("code", "project")}  # fmt: skip
    github = [url for url in urls["code"] if url.startswith("https://github.com/")]
    assert found.id == hub_id(paper)
    assert [each.name for each in found.authors or ()] == names
    assert not any(each.hidden or each.user for each in found.authors or ())
    assert found.published_at == midnight(paper["publishedAt"])
    assert found.submitted_at == midnight(paper["listedAt"])
    assert (found.title, found.summary or "") == (paper["title"], paper["abstract"])
    assert (found.upvotes or None) == (paper["upvotes"] or None)
    assert found.comments == paper["comments"]
    assert found.github_repo == (github[0] if github else None)
    assert found.project_page == (urls["project"][0] if urls["project"] else None)
    unknown = ("discussion_id", "submitted_by", "ai_summary", "organization", "linked_models")
    assert [getattr(found, name) for name in unknown] == [None] * len(unknown)


# Search


@pytest.mark.parametrize(
    "query",
    [
        *("alignment", "optimal transport", '"optimal transport"', "diffusion -vision", "reward*"),
        *(
            "中文模型",
            "naïve “transport” — Ł",
            "title:hydra year:2024",
            "C++ models",
            "a&b=c#d/e?f",
        ),
        *("nothingatall", "!!", "foo:bar (", "protein OR kernel OR graph", "the"),
    ],
)
def test_a_search_finds_what_rest_finds_in_its_order(served: Served, query: str) -> None:
    for limit in (1, 7, 100):
        expected = rest_ids(served, q=query, limit=limit)
        assert ids(served.hub.list_papers(query=query, limit=limit)) == expected
    assert ids(served.hub.list_papers(query=query)) == rest_ids(served, q=query)


def test_random_queries_find_what_rest_finds(served: Served) -> None:
    chance = random.Random(SEED)
    signs = ("", "", "", "-", "title:", '"', "*", "~", "^3", " OR ", " AND ", "(", ")", " ", "é")
    for _ in range(scaled(300)):
        words = chance.choices(WORDS, k=chance.randint(1, 4))
        query = " ".join(chance.choice(signs) + word + chance.choice(signs) for word in words)
        limit = chance.randint(1, 100)
        expected = rest_ids(served, q=query, limit=limit)
        assert ids(served.hub.list_papers(query=query, limit=limit)) == expected, query


def test_without_a_query_the_newest_come_first(served: Served) -> None:
    assert ids(served.hub.list_papers()) == rest_ids(served)
    assert ids(served.hub.list_papers(query="", limit=3)) == rest_ids(served, limit=3)


def test_what_is_said_of_a_paper_is_what_rest_says(served: Served) -> None:
    papers = served.get("/v1/papers", q="alignment OR policy OR transport", limit=100)["data"]
    found = list(served.hub.list_papers(query="alignment OR policy OR transport", limit=100))
    assert len(papers) == 100
    for each, paper in zip(found, papers, strict=True):
        check(each, paper)
    for paper in papers[::10]:
        check(served.hub.paper_info(hub_id(paper)), paper)


# One paper


@pytest.mark.parametrize(
    "identifier",
    [
        *("hep-th/9901001", "hep-th/9901001v3", "arxiv:HEP-TH/9901001", "arXiv:hep-th/9901001v1"),
        *("doi:10.1000/old.md", "DOI:10.1000/OLD.md", "acl:D16-2004", "10.1000"),
    ],
)
def test_a_paper_goes_by_any_of_its_ids(served: Served, identifier: str) -> None:
    if identifier == "10.1000":  # stands for our own
        identifier = served.get("/v1/papers/hep-th/9901001")["data"]["id"]
    paper = served.get("/v1/papers/hep-th/9901001")["data"]
    found = served.hub.paper_info(identifier)
    assert found.id == "hep-th/9901001"
    check(found, paper)
    assert (found.github_repo, found.project_page) == (
        "https://github.com/a/b",
        "https://a.github.io/b",
    )
    assert served.hub.read_paper(identifier) == served.text("/v1/papers/hep-th/9901001.md")


def test_every_id_of_a_list_can_be_asked_for(served: Served) -> None:
    for found in served.hub.list_daily_papers(limit=100):
        again = served.hub.paper_info(found.id)
        assert (again.id, again.title, again.submitted_at) == (
            found.id,
            found.title,
            found.submitted_at,
        )
        assert served.hub.read_paper(found.id).startswith("# ")


@pytest.mark.parametrize(
    "identifier",
    ["2407.99999", "nobody", "a b", "中文", "doi:10.1000/none", "x" * 300, "%00", "a/b/c", "😀.md"],
)
def test_an_unknown_id_is_not_found(served: Served, identifier: str) -> None:
    for ask in (served.hub.paper_info, served.hub.read_paper):
        with pytest.raises(HfHubHTTPError) as raised:
            ask(quote(identifier, safe="/"))
        assert raised.value.response.status_code == 404
        assert raised.value.server_message == f"There is no paper with the id {identifier[:200]}."


def test_a_removed_paper_is_gone(served: Served) -> None:
    for ask in (served.hub.paper_info, served.hub.read_paper):
        with pytest.raises(HfHubHTTPError) as raised:
            ask("2501.09999")
        assert raised.value.response.status_code == 410
        assert raised.value.server_message == "The paper 2501.09999 was removed."


def test_a_paper_of_thousands_of_authors_is_read_whole(served: Served) -> None:
    found = served.hub.paper_info("2503.00001")
    assert [each.name for each in found.authors or ()] == [f"Author {n}" for n in range(3000)]
    assert "Author 2999" in served.hub.read_paper("2503.00001")


# Days


def listed(served: Served, first: date, last: date) -> list[str]:
    """The papers of the days from `first` to `last` as `/v1/daily` lists them, newest day first.

    Each once, on the earliest of these days.
    """
    met: set[str] = set()
    pages: list[list[str]] = []
    day = first
    while day <= last:
        if day.isoformat() in DAYS:
            rows = []
            target, cursor = f"/v1/daily/{day}", {}
            while True:
                body = served.get(target, **cursor)
                rows += [hub_id(each) for each in body["data"]]
                if body["meta"]["nextCursor"] is None:
                    break
                cursor = {"cursor": body["meta"]["nextCursor"]}
            pages.append([each for each in rows if each not in met])
            met |= set(rows)
        day += timedelta(days=1)
    return [each for page in reversed(pages) for each in page]


def paged(served: Served, limit: int | None = None, **asked: Any) -> list[str]:
    """Every page of a list of daily papers, to the first that is empty."""
    found: list[str] = []
    for p in count():
        page = ids(served.hub.list_daily_papers(p=p, limit=limit, **asked))
        if not page:
            return found
        found += page
    raise AssertionError


@pytest.mark.parametrize("day", DAYS)
def test_the_pages_of_a_day_are_those_of_rest(served: Served, day: str) -> None:
    expected = listed(served, date.fromisoformat(day), date.fromisoformat(day))
    assert expected
    assert paged(served, date=day) == expected
    assert paged(served, limit=7, date=day) == expected
    assert ids(served.hub.list_daily_papers(date=day)) == expected[:50]


def test_a_busy_day_takes_several_pages(served: Served) -> None:
    assert len(ids(served.hub.list_daily_papers(date=BUSY))) == 50
    found = paged(served, date=BUSY)
    assert len(found) == len(set(found)) > 80


@pytest.mark.parametrize(
    ("week", "monday"),
    [
        ("2020-W52", "2020-12-21"),
        ("2020-W53", "2020-12-28"),
        ("2021-W01", "2021-01-04"),
        ("2025-W50", "2025-12-08"),
        ("2026-W01", "2025-12-29"),
        ("2026-W02", "2026-01-05"),
    ],
)
def test_a_week_has_its_seven_days(served: Served, week: str, monday: str) -> None:
    first = date.fromisoformat(monday)
    expected = listed(served, first, first + timedelta(days=6))
    assert expected
    assert paged(served, week=week) == paged(served, limit=13, week=week) == expected


@pytest.mark.parametrize(
    ("month", "last"), [("2020-12", 31), ("2021-01", 31), ("2025-12", 31), ("2026-01", 31)]
)
def test_a_month_has_its_days(served: Served, month: str, last: int) -> None:
    first = date.fromisoformat(f"{month}-01")
    assert paged(served, month=month) == listed(served, first, first.replace(day=last))


def test_without_a_day_all_that_was_listed_is_there_once(served: Served) -> None:
    expected = listed(served, OLDEST, NEWEST)
    assert len(set(expected)) == len(expected) > 300
    assert paged(served) == paged(served, limit=100, sort="publishedAt") == expected
    assert ids(served.hub.list_daily_papers()) == expected[:50]


def test_several_bounds_must_all_hold(served: Served) -> None:
    day = date(2025, 12, 29)
    found = paged(served, week="2026-W01", month="2025-12")
    assert found == listed(served, day, date(2025, 12, 31))
    assert paged(served, week="2026-W01", date="2025-12-29") == listed(served, day, day)
    assert paged(served, week="2026-W01", date="2025-12-28") == []


@pytest.mark.parametrize(
    ("asked", "rest"),
    [
        ({"week": "2026-W01"}, {"listedWeek": "2026-W01"}),
        ({"date": BUSY}, {"listedOn": BUSY}),
        ({"month": "2020-12"}, {"listedMonth": "2020-12"}),
    ],
)
def test_trending_is_the_order_of_rest(
    served: Served, asked: dict[str, str], rest: dict[str, str]
) -> None:
    expected, query = [], {**rest, "sort": "-trending", "limit": 100}
    body = served.get("/v1/papers", **query)
    while True:
        expected += [hub_id(each) for each in body["data"]]
        if body["links"]["next"] is None:
            break
        body = served.get(body["links"]["next"])
    for limit in (11, 100):
        assert paged(served, limit=limit, sort="trending", **asked) == expected


def test_trending_without_a_day_has_what_was_listed(served: Served) -> None:
    assert sorted(paged(served, sort="trending")) == sorted(listed(served, OLDEST, NEWEST))


def test_days_without_papers_and_submitters_have_none(served: Served) -> None:
    list_daily = served.hub.list_daily_papers
    for day in ("2025-12-13", "1999-01-01", "9999-12-31"):
        for sort in (None, "publishedAt", "trending"):
            assert list(list_daily(date=day, sort=sort)) == []  # type: ignore[arg-type]
    assert list(list_daily(week="2019-W01")) == list(list_daily(month="2019-01")) == []
    assert list(list_daily(submitter="someone")) == []
    for sort in ("publishedAt", "trending"):
        assert list(list_daily(p=2**31 - 1, limit=100, sort=sort)) == []  # type: ignore[arg-type]


# What is wrong


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"date": "2025-02-29"}, "`date` must be a day as YYYY-MM-DD."),
        ({"date": "today"}, "`date` must be a day as YYYY-MM-DD."),
        ({"week": "2025-W53"}, "`week` must be an ISO week as YYYY-Www."),
        ({"week": "2026-1"}, "`week` must be an ISO week as YYYY-Www."),
        ({"month": "2025-13"}, "`month` must be a month as YYYY-MM."),
        ({"sort": "upvotes"}, "`sort` must be publishedAt or trending."),
        ({"limit": 0}, "`limit` must be a whole number from 1 to 100."),
        ({"limit": 101}, "`limit` must be a whole number from 1 to 100."),
        ({"p": -1}, "`p` must be a whole number from 0 to 2147483647."),
        ({"p": 2**31}, "`p` must be a whole number from 0 to 2147483647."),
        ({"submitter": " "}, "`submitter` must be a name."),
    ],
)
def test_a_wrong_parameter_is_told(served: Served, asked: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRequestError) as raised:
        list(served.hub.list_daily_papers(**asked))
    assert raised.value.server_message == message
    assert message in str(raised.value)


def test_every_fault_is_told(served: Served) -> None:
    with pytest.raises(BadRequestError) as raised:
        list(served.hub.list_daily_papers(date="x", week="y", p=-7))
    told = str(raised.value.server_message).splitlines()
    assert [line.split()[0] for line in told] == ["`p`", "`date`", "`week`"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("x" * 4001, "`q` must be a text of at most 4000 characters."),
        ("(" * 30 + "x", "nested"),
        (" OR ".join(f"w{n}" for n in range(70)), "64"),
        ("aa* bb* cc* dd* ee*", "4"),
    ],
)
def test_a_query_beyond_its_bounds_is_told(served: Served, query: str, message: str) -> None:
    with pytest.raises(BadRequestError) as raised:
        list(served.hub.list_papers(query=query))
    assert message in str(raised.value.server_message)
    with pytest.raises(BadRequestError, match="`limit` must be a whole number from 1 to 100"):
        list(served.hub.list_papers(query="x", limit=1000))
