"""What strangers can make grow: pages in memory, kept revisions, and the log they hold back."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import index.views
from index.page_cache import PageCache
from index.shelf import Shelf
from schema.request import parse_request
from schema.search import Match, Page, SearchRequest
from tests.shelf.building import ask, codes, load, numbered


def page(request: SearchRequest, rows: tuple[bytes, ...] = ()) -> Page:
    return Page(request, (), rows, len(rows), len(rows), Match.ALL, None, None, 0, "1-1-a")


def asked(number: int, values: int = 1, length: int = 10) -> SearchRequest:
    """A question as long as one likes."""
    given = [("author", f"{number} {each} ".ljust(length, "x")) for each in range(values)]
    return parse_request([("q", f"{number} ".ljust(length * values, "x")[:4000]), *given])


def size(thing: object, seen: set[int]) -> int:
    """Bytes of an object and all that it holds."""
    if id(thing) in seen or isinstance(thing, type | Match):
        return 0
    seen.add(id(thing))
    total = sys.getsizeof(thing)
    if isinstance(thing, tuple | list):
        return total + sum(size(each, seen) for each in thing)
    names: Iterator[str] = iter(getattr(thing, "__slots__", ()))
    return total + sum(size(getattr(thing, name), seen) for name in names)


@pytest.mark.parametrize(("values", "length"), [(1, 10), (1, 300), (100, 10), (100, 300)])
def test_pages_in_memory_keep_within_their_budget(values: int, length: int) -> None:
    """Questions count as much as answers: they may be longer."""
    budget = 2**20
    cache = PageCache(budget)
    pages = [page(asked(n, values, length), (b"x" * 100,) * (n % 3)) for n in range(1200)]
    for each in pages:
        cache.put(("1-1-a", False, each.request), each)
    kept = [each for each in pages if cache.get(("1-1-a", False, each.request)) is each]
    assert 0 < len(kept) < len(pages)
    assert kept == pages[-len(kept) :], "the oldest go first"
    assert size(kept, set()) <= budget


def test_a_page_beyond_the_budget_is_not_kept() -> None:
    cache = PageCache(10_000)
    small, large = page(asked(1)), page(asked(2), (b"x" * 20_000,))
    cache.put("small", small)
    cache.put("large", large)
    assert cache.get("large") is None
    cache.put("small", small)
    assert cache.get("small") is small


def test_only_so_many_revisions_are_kept(
    tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index.views, "KEPT_VIEWS", 3)
    with Shelf(tmp_path / "data", engine) as shelf:
        load(shelf, tmp_path, *map(numbered, range(5)))
        cursors = []
        for number in range(6):
            cursor = ask(shelf, q="walked", limit=2).next_cursor
            assert cursor is not None
            cursors.append(cursor)
            load(shelf, tmp_path, numbered(50 + number), name=f"{number}.jsonl")
        pages = [ask(shelf, q="walked", limit=2, cursor=cursor) for cursor in cursors]
        assert len(shelf._views._kept) == 3
    assert [codes(each) for each in pages] == [["revision-changed"]] * 3 + [[]] * 3
    assert [each.total for each in pages] == [5, 6, 7, 8, 9, 10]


def test_a_revision_goes_when_its_time_is_over(
    tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(index.views.time, "monotonic", lambda: clock[0])
    with Shelf(tmp_path / "data", engine) as shelf:
        load(shelf, tmp_path, *map(numbered, range(30)))
        page = ask(shelf, q="walked", limit=1)
        load(shelf, tmp_path, numbered(99), name="new.jsonl")
        for _ in range(15):  # each cursor keeps it for ten minutes more, up to an hour in all
            clock[0] += 300
            shelf._views.tidy()
            page = ask(shelf, q="walked", limit=1, cursor=page.next_cursor or "")
            if codes(page):
                break
        assert codes(page) == ["revision-changed"]
        assert clock[0] - 1000 == 3900
        assert not shelf._views._kept


def test_the_log_shrinks_once_no_walk_needs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index.views, "LONG_LOG", 100_000)
    with Shelf(tmp_path / "data") as shelf:
        for number in range(8):
            papers = (numbered(100 * number + n, abstract="word " * 400) for n in range(40))
            load(shelf, tmp_path, *papers, name=f"{number}.jsonl")
            shelf._views.tidy()
        assert shelf._store.log_bytes() < 1_500_000
        assert ask(shelf, q="walked").total == 320
        assert shelf.check() == []


def test_what_hides_removed_papers_may_be_long(tmp_path: Path, engine: str) -> None:
    """Thousands removed in one transaction: exact at once, before the index knows."""
    count, gone = (1500, 1400) if engine == "tantivy" else (300, 250)
    with Shelf(tmp_path / "data", engine) as shelf:
        load(shelf, tmp_path, *map(numbered, range(count)))
        shelf._store.remove([f"2501.{number:05d}" for number in range(gone)])
        shelf._views.refresh()
        plan = shelf.plan(parse_request([("q", "walked"), ("limit", "100")]))
        assert not plan.light, "too long for the event loop"
        page = shelf.run(plan)
        assert (page.total, len(page.rows)) == (count - gone, min(100, count - gone))
        assert shelf.catch_up()
        plan = shelf.plan(parse_request([("q", "walked"), ("limit", "100")]))
        assert plan.light == (engine == "tantivy")
        assert shelf.run(plan).total == count - gone


def test_a_page_deep_in_a_result_stays_out_of_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.searches.MAX_DIRECT_RANK", 8)
    with Shelf(tmp_path / "data") as shelf:
        load(shelf, tmp_path, *map(numbered, range(30)))
        asked = [("q", "walked"), ("limit", "5")]
        light = []
        plan = shelf.plan(parse_request(asked))
        for _ in range(4):
            light.append(plan.light)
            cursor = shelf.run(plan).next_cursor
            assert cursor
            plan = shelf.plan(parse_request([*asked, ("cursor", cursor)]))
        assert light == [True, True, False, False]
        assert not shelf.plan(parse_request([*asked, ("before", "end")])).light
        assert shelf.plan(parse_request(asked)).light
