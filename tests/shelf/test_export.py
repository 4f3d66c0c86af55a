"""A whole result is what a walk from page to page shows, in one piece."""

import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import index.export
import index.view
from index.shelf import Shelf
from schema.errors import Problem
from schema.request import parse_request
from schema.search import RELEVANCE
from tests.conftest import Tell
from tests.scale import SEED, scaled
from tests.shelf.building import load, numbered, store_only, walk, walked_ids
from tests.shelf.changing import NUMBERS, paper
from tests.shelf.test_walks_amid_changes import (
    await_change,
    begin,
    changing,
    orders,
    question,
)

QUESTIONS = {"tantivy": 600, "whoosh": 200}
EXPORTS = {"tantivy": 100, "whoosh": 50}
Question = Mapping[str, str]
FEW_HOLD_ALL: Question = {
    "q": "alignment diffusion protein transport",
    "sort": RELEVANCE,
    "match": "auto",
}


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short results have several blocks too, and parts that are not full."""
    monkeypatch.setattr(index.view, "BLOCK", 24)
    monkeypatch.setattr(index.export, "BLOCK", 24)
    monkeypatch.setattr(index.export, "ENGINE_BLOCK", 17)
    monkeypatch.setattr(index.export, "ROWS_AT_ONCE", 5)


def export(shelf: Shelf, asked: Question, *, whole: bool = False) -> Iterator[bytes]:
    return shelf.export(shelf.plan(parse_request(asked.items())), whole=whole)


def ids(rows: Iterator[bytes]) -> list[str]:
    return [json.loads(row)["id"] for row in rows]


def test_it_is_the_walk_in_one_piece(shelf: Shelf, tmp_path: Path, engine: str, tell: Tell) -> None:
    chance = random.Random(f"{SEED} {engine}")
    load(shelf, tmp_path, *(paper(number, chance) for number in range(0, NUMBERS, 2)))
    store_only(shelf, tmp_path, *(paper(number, chance) for number in range(0, NUMBERS, 9)))
    mix = Counter[str]()
    drawn = [question(chance, sort) for sort in orders(scaled(QUESTIONS[engine]), chance)]
    for asked in (FEW_HOLD_ALL, *drawn):
        pages = walk(shelf, limit=40, **dict[str, Any](asked))
        found = ids(export(shelf, asked))
        assert found == walked_ids(pages), asked
        assert len(found) == pages[0].total
        plan = shelf.plan(parse_request(asked.items()))
        mix += Counter(
            questions=1,
            papers=len(found),
            blocks=len(found) > 24,
            partial=plan.ranking is not None and pages[0].total_all < pages[0].total,
            feedback=plan.feedback is not None and len(found) > 24,
        )
    assert min(mix["blocks"], mix["partial"], mix["feedback"]) > 0, mix
    tell(", ".join(f"{count} {name}" for name, count in mix.items()))


def test_rows_are_those_of_lists_and_papers_whole(shelf: Shelf, tmp_path: Path) -> None:
    load(shelf, tmp_path, *(numbered(number) for number in range(30)))
    asked = {"q": "walked", "sort": "title"}
    rows = [row for page in walk(shelf, **dict[str, Any](asked)) for row in page.rows]
    assert list(export(shelf, asked)) == rows
    papers = list(export(shelf, asked, whole=True))
    assert papers == [shelf.paper(json.loads(row)["id"]) for row in rows]


@pytest.mark.parametrize("sort", ["relevance", "-publishedAt", "title", "comments,title"])
def test_it_stays_in_its_revision(shelf: Shelf, tmp_path: Path, sort: str) -> None:
    load(shelf, tmp_path, *(numbered(number) for number in range(80)))
    asked = {"q": "walked alignment", "sort": sort}
    before = list(export(shelf, asked))
    running = export(shelf, asked)
    begun = [next(running) for _ in range(10)]
    load(shelf, tmp_path, *(numbered(number, upvotes=50) for number in range(40, 120)))
    shelf.remove([f"2501.{number:05d}" for number in range(0, 60, 2)])
    assert [*begun, *running] == before
    assert list(export(shelf, asked)) != before


def test_it_is_exact_while_another_process_changes_the_shelf(
    tmp_path: Path, engine: str, tell: Tell
) -> None:
    chance = random.Random(f"{SEED} {engine} changes")
    mix = Counter[str]()
    with Shelf(tmp_path / "data", engine) as shelf:
        load(shelf, tmp_path, *(paper(number, chance) for number in range(0, NUMBERS, 2)))
        with changing(tmp_path, engine, f"{SEED} export") as done:
            for sort in orders(scaled(EXPORTS[engine]), chance):
                shelf._views.refresh()
                walk = begin(shelf, question(chance, sort))
                running = shelf.export(walk.plan)
                begun = [row for row in (next(running, None),) if row is not None]
                await_change(shelf, walk.plan.view.revision)
                stored = walk.plan.view.reader.rows(walk.expected)
                assert [*begun, *running] == [stored[each] for each in walk.expected]
                mix += Counter(exports=1, papers=len(walk.expected))
    assert done["added"] > 0
    tell(", ".join(f"{count} {name}" for name, count in (mix + done).items()))


def test_the_view_is_held_as_long_as_the_export_and_no_longer(shelf: Shelf, tmp_path: Path) -> None:
    load(shelf, tmp_path, *(numbered(number) for number in range(40)))
    running = export(shelf, {"q": "walked"})
    next(running)
    ends = shelf.view._finalizer
    load(shelf, tmp_path, numbered(99))
    assert ends.alive
    del running
    assert not ends.alive


def test_without_an_index_it_says_so(shelf: Shelf, tmp_path: Path) -> None:
    shelf._views.current.snapshot = None
    with pytest.raises(Problem, match="being built") as refused:
        next(export(shelf, {"q": "walked"}))
    assert refused.value.code == "starting"
