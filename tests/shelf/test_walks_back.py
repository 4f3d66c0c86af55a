"""Walks backward: their edges, and what they do when their revision is gone."""

import random
import threading
from pathlib import Path

import pytest

import index.views
from index.shelf import Shelf
from index.view import View
from schema.errors import Problem
from schema.request import parse_request
from schema.search import AUTO_MINIMUM, END, MAX_LIMIT, Page
from tests.scale import SEED
from tests.shelf.building import SORTS, ask, codes, ids, load, numbered, random_papers, walk

COUNT = 60
ENDLESS = 200


def back(shelf: Shelf, page: Page, **parameters: str | int) -> list[Page]:
    """The pages ahead of `page` up to the first, in the order of the result."""
    pages: list[Page] = []
    while (cursor := page.previous_cursor) is not None:
        page = ask(shelf, **parameters, before=cursor)
        pages.insert(0, page)
        assert len(pages) < ENDLESS, "the walk does not end"
    return pages


def back_from_the_end(shelf: Shelf, **parameters: str | int) -> list[Page]:
    """All pages, met from the last to the first, in the order of the result."""
    last = ask(shelf, **parameters, before=END)
    return [*back(shelf, last, **parameters), last]


def all_ids(pages: list[Page]) -> list[str]:
    return [each for page in pages for each in ids(page)]


@pytest.mark.parametrize("sort", SORTS)
def test_a_walk_back_is_the_walk_on_turned_round(shelf: Shelf, tmp_path: Path, sort: str) -> None:
    load(shelf, tmp_path, *map(numbered, range(COUNT)))
    for limit in (1, 7, 20, COUNT - 1, COUNT, MAX_LIMIT):
        asked: dict[str, str | int] = {"q": "walked", "sort": sort, "limit": limit}
        on, pages = walk(shelf, **asked), back_from_the_end(shelf, **asked)
        assert all_ids(pages) == all_ids(on)
        assert len(pages) == len(on)
        assert {page.total for page in pages} == {COUNT}
        assert [page.rank for page in pages] == [
            max(0, COUNT - limit * left) for left in range(len(pages), 0, -1)
        ]
        assert not any(map(codes, pages))
        assert pages[-1].next_cursor is None
        assert all(page.next_cursor for page in pages[:-1])


def test_the_end_of_a_result_of_less_than_a_page_is_all_of_it(shelf: Shelf, tmp_path: Path) -> None:
    load(shelf, tmp_path, *map(numbered, range(5)))
    for sort in SORTS:
        for limit in (5, 6, MAX_LIMIT):
            page = ask(shelf, q="walked", sort=sort, limit=limit, before=END)
            assert ids(page) == ids(ask(shelf, q="walked", sort=sort))
            assert (page.total, page.rank) == (5, 0)
            assert (page.next_cursor, page.previous_cursor) == (None, None)


@pytest.mark.parametrize("q", ["nowhere", "nowhere never", "!!"])
def test_the_end_of_nothing_is_an_empty_page(shelf: Shelf, tmp_path: Path, q: str) -> None:
    for count in (0, 5):
        load(shelf, tmp_path, *map(numbered, range(count)))
        for match in ("auto", "any", "all"):
            for sort in SORTS:
                page = ask(shelf, q=q, match=match, sort=sort, before=END)
                assert (page.rows, page.total, page.total_all, page.rank) == ((), 0, 0, 0)
                assert (page.next_cursor, page.previous_cursor) == (None, None)


def test_nothing_is_ahead_of_the_first_paper(shelf: Shelf, tmp_path: Path) -> None:
    load(shelf, tmp_path, *map(numbered, range(5)))
    for sort in SORTS:
        for limit in (1, 3, MAX_LIMIT):
            given = [("q", "walked"), ("sort", sort), ("limit", str(limit))]
            plan = shelf.plan(parse_request(given))
            first = shelf.cursors(shelf.run(plan), plan)[0]
            page = ask(shelf, q="walked", sort=sort, limit=limit, before=first)
            assert (page.rows, page.rank, page.total) == ((), 0, 5)
            assert page.previous_cursor is None


@pytest.mark.parametrize("match", ["auto", "any", "all"])
def test_walks_back_cross_from_partial_to_full_matches(
    shelf: Shelf, tmp_path: Path, match: str
) -> None:
    """With every size of page: sets, totals and order are those of the longest page."""
    load(shelf, tmp_path, *random_papers(90, SEED))
    for sort in ("relevance", "title", "-publishedAt"):
        asked = {"q": "alignment diffusion", "match": match, "sort": sort}
        whole = ask(shelf, **asked, limit=MAX_LIMIT)
        full = whole.total_all or 0
        assert 2 < full < AUTO_MINIMUM
        assert (whole.total > full + 10) == (match != "all")
        sizes = (1, 2, 3, 7, full - 1, full, full + 1, whole.total - full, whole.total - 1)
        for limit in sorted({size for size in sizes if size > 0}):
            pages = back_from_the_end(shelf, **asked, limit=limit)
            assert all_ids(pages) == ids(whole)
            assert {(p.total, p.total_all, p.matched) for p in pages} == {
                (whole.total, full, whole.matched)
            }
            assert all(page.rows for page in pages)


def test_a_place_ahead_of_which_to_look_belongs_to_its_search(shelf: Shelf, tmp_path: Path) -> None:
    load(shelf, tmp_path, *map(numbered, range(20)))
    asked = {"q": "walked", "sort": "title", "limit": 5}
    cursor = ask(shelf, **asked, before=END).previous_cursor
    assert cursor is not None
    for other in ({"q": "Walked"}, {"sort": "-title"}, {"match": "any"}, {"year": "2010-"}):
        with pytest.raises(Problem) as refused:
            ask(shelf, **(asked | other), before=cursor)
        assert refused.value.code == "cursor-invalid"
        assert [each.parameter for each in refused.value.errors] == ["before"]
    for place in ("", "END", "end ", f"{cursor}x"):
        with pytest.raises(Problem) as refused:
            ask(shelf, **asked, before=place)
        assert refused.value.code == "cursor-invalid"
    with pytest.raises(Problem):  # the end is no place to go on from
        ask(shelf, **asked, cursor=END)
    assert len(ask(shelf, **(asked | {"limit": 9}), before=cursor).rows) == 9
    assert len(ask(shelf, **asked, cursor=cursor).rows) == 4  # behind the first of the last five


@pytest.mark.parametrize("sort", SORTS)
def test_a_walk_back_whose_revision_is_gone_goes_on_and_says_so(
    shelf: Shelf, tmp_path: Path, sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index.views, "KEPT_SECONDS", -1.0)
    load(shelf, tmp_path, *map(numbered, range(COUNT)))
    asked: dict[str, str | int] = {"q": "walked", "sort": sort, "limit": 9}
    expected = all_ids(walk(shelf, **asked))
    pages = [ask(shelf, **asked, before=END)]
    while (cursor := pages[0].previous_cursor) is not None:
        load(shelf, tmp_path, numbered(1000 + len(pages)), name=f"new-{len(pages)}.jsonl")
        pages.insert(0, ask(shelf, **asked, before=cursor))
        assert len(pages) < ENDLESS
    assert [codes(page) for page in pages] == [["revision-changed"]] * (len(pages) - 1) + [[]]
    assert {page.total for page in pages} == {COUNT}
    assert set(all_ids(pages)) <= set(expected)
    assert [page.rank for page in pages] == [0, *range(COUNT - 9 * (len(pages) - 1), COUNT, 9)]
    if sort != "relevance":  # nothing moved, so the keys suffice
        assert all_ids(pages) == expected


@pytest.mark.parametrize("sort", SORTS)
def test_a_walk_turns_round_in_another_process(tmp_path: Path, engine: str, sort: str) -> None:
    """Many papers ahead of its place and behind it are gone by then."""
    folder = tmp_path / "data"
    asked: dict[str, str | int] = {"q": "walked", "sort": sort, "limit": 9}
    with Shelf(folder, engine) as shelf:
        load(shelf, tmp_path, *map(numbered, range(COUNT)))
        expected = all_ids(walk(shelf, **asked))
        pages = walk(shelf, **asked)
        middle, last = pages[3], pages[-1]
    chance = random.Random(f"{SEED} {sort}")
    gone = set(chance.sample(expected[:27] + expected[36:], 40))
    with Shelf(folder, engine) as shelf:
        shelf.remove(sorted(gone))
        left = [each for each in expected if each not in gone]
        for start in (middle, last):
            ahead = back(shelf, start, **asked)
            assert {tuple(codes(page)) for page in ahead} <= {("revision-changed",)}
            assert {page.total for page in ahead} <= {len(left)}
            assert all(page.rank + len(page.rows) <= len(left) for page in ahead)
            assert ahead[0].rank == 0
            assert len(all_ids(ahead)) == len(set(all_ids(ahead)))
            assert ids(ahead[0])[0] == left[0]
            if sort != "relevance":
                place = expected.index(ids(start)[0])
                assert all_ids(ahead) == [each for each in expected[:place] if each in left]
        assert middle.next_cursor is not None
        behind = ask(shelf, **asked, cursor=middle.next_cursor)
        assert codes(behind) == ["revision-changed"]
        assert behind.rank + len(behind.rows) <= behind.total == len(left)


def test_a_walk_back_over_partial_matches_ends_though_most_are_gone(
    tmp_path: Path, engine: str
) -> None:
    """By relevance, from a place that lies beyond the end of what is left."""
    asked = {"q": "alignment diffusion", "limit": 4}
    with Shelf(tmp_path / "data", engine) as shelf:
        load(shelf, tmp_path, *random_papers(90, SEED))
        pages = walk(shelf, **asked)
        found, last = all_ids(pages), pages[-1]
    left = set(random.Random(SEED).sample(found, 11))
    with Shelf(tmp_path / "data", engine) as shelf:
        shelf.remove([each for each in found if each not in left])
        ahead = back(shelf, last, **asked)
        assert {tuple(codes(page)) for page in ahead} == {("revision-changed",)}
        assert {(page.total, page.matched) for page in ahead} == {(11, last.matched)}
        assert [page.rank for page in ahead] == [0, 3, 7]
        assert set(all_ids(ahead)) == left


def test_the_oldest_of_too_many_revisions_goes_first(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index.views, "KEPT_VIEWS", 2)
    asked: dict[str, str | int] = {"q": "walked", "sort": "-comments", "limit": 9}
    load(shelf, tmp_path, *map(numbered, range(COUNT)))
    starts = []
    for number in range(4):
        starts.append(ask(shelf, **asked, before=END).previous_cursor or "")
        load(shelf, tmp_path, numbered(2000 + number), name=f"{number}.jsonl")
    warned = [codes(ask(shelf, **asked, before=start)) for start in starts]
    assert warned == [["revision-changed"], ["revision-changed"], [], []]


def test_a_revision_is_kept_from_the_moment_it_is_replaced(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another thread that goes on in it then, neither current any more nor put away yet."""
    asked: dict[str, str | int] = {"q": "walked", "limit": 9}
    load(shelf, tmp_path, *map(numbered, range(COUNT)))
    first = ask(shelf, **asked)
    pages: list[Page] = []

    def go_on() -> None:
        pages.append(ask(shelf, **asked, cursor=first.next_cursor or ""))

    views, keep = shelf._views, shelf._views._keep
    reader = threading.Thread(target=go_on)

    def slowly(view: View) -> None:
        if not reader.ident and views.current is not view:
            reader.start()
            reader.join(0.2)
        keep(view)

    monkeypatch.setattr(views, "_keep", slowly)
    load(shelf, tmp_path, numbered(999), name="new.jsonl")
    reader.join()
    assert [(page.revision, codes(page)) for page in pages] == [(first.revision, [])]
