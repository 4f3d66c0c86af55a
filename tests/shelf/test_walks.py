"""Walks by cursor: exact while their revision is kept, whatever is loaded; honest afterwards."""

import json
import random
from pathlib import Path

import pytest

import index.views
from index.shelf import Shelf
from schema.errors import Problem
from schema.request import parse_request
from schema.search import AUTO_MINIMUM
from tests.scale import SEED
from tests.shelf.building import (
    SORTS,
    ask,
    codes,
    ids,
    load,
    numbered,
    random_papers,
    store_only,
    walk,
    walked_ids,
)

COUNT = 60


@pytest.mark.parametrize("sort", SORTS)
def test_a_walk_is_exact_while_papers_come_change_and_go(
    shelf: Shelf, tmp_path: Path, sort: str
) -> None:
    load(shelf, tmp_path, *map(numbered, range(COUNT)))
    chance = random.Random(f"{SEED} {sort}")
    expected = walked_ids(walk(shelf, q="walked", sort=sort, limit=100))
    assert len(set(expected)) == COUNT

    def change(number: int) -> None:
        load(shelf, tmp_path, numbered(1000 + number), name=f"new-{number}.jsonl")
        changed = numbered(chance.randrange(COUNT), comments=chance.randint(50, 90), upvotes=number)
        load(shelf, tmp_path, changed, name=f"changed-{number}.jsonl")
        shelf.remove([f"2501.{chance.randrange(COUNT):05d}"])

    pages = walk(shelf, change, q="walked", sort=sort, limit=9)
    assert walked_ids(pages) == expected
    assert {page.total for page in pages} == {COUNT}
    assert len({page.revision for page in pages}) == 1
    assert not any(map(codes, pages))


@pytest.mark.parametrize("sort", SORTS)
def test_a_walk_is_exact_where_rows_are_newer_than_the_index(
    shelf: Shelf, tmp_path: Path, sort: str
) -> None:
    """Between the commits of store and index a paper's row has values its place does not show."""
    load(shelf, tmp_path, *map(numbered, range(COUNT)))
    changed = [numbered(n, comments=500 + n % 3, upvotes=n) for n in range(0, COUNT, 2)]
    store_only(shelf, tmp_path, *changed, numbered(2000))
    shelf._views.refresh()
    stats = shelf.stats()
    assert stats.store_position > stats.index_position
    pages = walk(shelf, q="walked", sort=sort, limit=7)
    assert len(set(walked_ids(pages))) == len(walked_ids(pages)) == COUNT
    assert {page.total for page in pages} == {COUNT}


def test_removed_papers_leave_no_hole_before_the_index_knows(shelf: Shelf, tmp_path: Path) -> None:
    load(shelf, tmp_path, *map(numbered, range(COUNT)))
    gone = [f"2501.{number:05d}" for number in range(0, COUNT, 3)]
    shelf._store.remove(gone)
    shelf._views.refresh()
    assert shelf.stats().store_position > shelf.stats().index_position
    for sort in SORTS:
        pages = walk(shelf, q="walked", sort=sort, limit=7)
        assert [len(page.rows) for page in pages[:-1]] == [7] * (len(pages) - 1)
        assert {page.total for page in pages} == {COUNT - len(gone)}
        found = {json.loads(row)["externalIds"]["arxiv"] for page in pages for row in page.rows}
        assert len(found) == COUNT - len(gone)
        assert found.isdisjoint(gone)
    shelf.catch_up()
    assert ask(shelf, q="walked").total == COUNT - len(gone)


def test_a_paper_removed_and_loaded_again_is_there_once(shelf: Shelf, tmp_path: Path) -> None:
    load(shelf, tmp_path, *map(numbered, range(5)))
    (paper_id,) = ids(ask(shelf, q="unique3x"))
    for number in range(3):
        assert [each.status for each in shelf.remove(["2501.00003"])] == ["removed"]
        for key in (paper_id, "2501.00003", "arxiv:2501.00003v2"):
            with pytest.raises(Problem) as refused:
                shelf.paper(key)
            assert refused.value.code == "paper-removed"
            assert shelf.find_paper(key) is None
            assert shelf.papers([key, "nobody"]) == [None, None]
        assert ask(shelf, q="unique3x").total == 0
        load(shelf, tmp_path, numbered(3), name=f"again-{number}.jsonl")
        assert ids(ask(shelf, q="unique3x")) == [paper_id]
        assert json.loads(shelf.paper("2501.00003"))["id"] == paper_id
    # Both between the same two commits of the index: it still holds the removed one.
    shelf._store.remove(["2501.00003"])
    store_only(shelf, tmp_path, numbered(3))
    shelf._views.refresh()
    assert ask(shelf, q="unique3x").total == 0
    assert ask(shelf, q="walked").total == 4
    shelf.catch_up()
    assert ids(ask(shelf, q="unique3x")) == [paper_id]


@pytest.mark.parametrize("sort", SORTS)
def test_a_walk_whose_revision_is_gone_goes_on_and_says_so(
    shelf: Shelf, tmp_path: Path, sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index.views, "KEPT_SECONDS", -1.0)
    load(shelf, tmp_path, *map(numbered, range(COUNT)))
    before = walked_ids(walk(shelf, q="walked", sort=sort, limit=100))

    def change(number: int) -> None:
        load(shelf, tmp_path, numbered(1000 + number), name=f"new-{number}.jsonl")

    pages = walk(shelf, change, q="walked", sort=sort, limit=9)
    assert [codes(page) for page in pages] == [[]] + [["revision-changed"]] * (len(pages) - 1)
    assert {page.total for page in pages} == {COUNT}
    found = walked_ids(pages)
    assert set(found) <= set(before)
    if sort != "relevance":  # nothing moved, so the keys suffice
        assert found == before


def test_an_old_walk_leaves_out_what_its_index_did_not_have(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index.views, "KEPT_SECONDS", -1.0)
    load(shelf, tmp_path, *map(numbered, range(20)))
    store_only(shelf, tmp_path, *map(numbered, range(20, 30)))
    shelf._views.refresh()
    pages = walk(shelf, lambda _: shelf.catch_up(), q="walked", sort="title", limit=6)
    assert {page.total for page in pages} == {20}
    assert len(set(walked_ids(pages))) == len(walked_ids(pages)) == 20


def test_cursors_survive_a_restart(tmp_path: Path, engine: str) -> None:
    folder = tmp_path / "data"
    with Shelf(folder, engine) as shelf:
        load(shelf, tmp_path, *map(numbered, range(COUNT)))
        expected = walked_ids(walk(shelf, q="walked", limit=9))
        cursor = ask(shelf, q="walked", limit=9).next_cursor
    found = expected[:9]
    while cursor is not None:
        with Shelf(folder, engine) as shelf:
            page = ask(shelf, q="walked", limit=9, cursor=cursor)
        assert (page.total, codes(page)) == (COUNT, [])
        found += ids(page)
        cursor = page.next_cursor
    assert found == expected


def test_cursors_of_one_engine_go_on_in_another(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with Shelf(folder, "whoosh") as shelf:
        load(shelf, tmp_path, *map(numbered, range(COUNT)))
        first = ask(shelf, q="walked", sort="title", limit=9)
    with Shelf(folder, "tantivy") as shelf:
        shelf.catch_up()
        second = ask(shelf, q="walked", sort="title", limit=100, cursor=first.next_cursor or "")
        assert codes(second) == ["revision-changed"]
        assert ids(first) + ids(second) == ids(ask(shelf, q="walked", sort="title", limit=100))


@pytest.mark.parametrize("match", ["auto", "any", "all"])
def test_walks_cross_from_full_to_partial_matches(shelf: Shelf, tmp_path: Path, match: str) -> None:
    """With every size of page: sets, totals and order are those of the longest page."""
    load(shelf, tmp_path, *random_papers(90, SEED))
    q = "alignment diffusion"
    whole = ask(shelf, q=q, match=match, limit=100)
    assert 2 < whole.total_all < AUTO_MINIMUM
    assert (whole.total > whole.total_all + 10) == (match != "all")
    assert whole.next_cursor is None
    assert len(whole.rows) == whole.total
    for limit in (1, 2, 3, 7, whole.total_all or 1, max(1, whole.total)):
        pages = walk(shelf, q=q, match=match, limit=limit)
        assert walked_ids(pages) == ids(whole)
        assert {(p.total, p.total_all, p.matched) for p in pages} == {
            (whole.total, whole.total_all, whole.matched)
        }
        assert all(page.rows for page in pages)


def test_a_page_answered_from_memory_keeps_its_revision_too(shelf: Shelf, tmp_path: Path) -> None:
    load(shelf, tmp_path, *map(numbered, range(30)))
    ask(shelf, q="walked", limit=9)
    shelf._views._seen = ()  # the same revision once more, as after a checkpoint of the log
    shelf._views.refresh()
    first = ask(shelf, q="walked", limit=9)
    load(shelf, tmp_path, numbered(99), name="new.jsonl")
    assert first.next_cursor is not None
    second = ask(shelf, q="walked", limit=9, cursor=first.next_cursor)
    assert (second.revision, codes(second)) == (first.revision, [])


def test_a_cursor_at_the_end_of_its_walk_gives_an_empty_page(shelf: Shelf, tmp_path: Path) -> None:
    load(shelf, tmp_path, *map(numbered, range(5)))
    for sort in SORTS:
        request = parse_request([("q", "walked"), ("sort", sort)])
        plan = shelf.plan(request)
        last = shelf.cursors(shelf.run(plan), plan)[-1]
        page = ask(shelf, q="walked", sort=sort, cursor=last)
        assert (page.rows, page.next_cursor, page.total) == ((), None, 5)
