"""The order of results by relevance, through the service."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import index.view
import index.views
from index.query import And, Node, Not
from index.ranking import RECIPE, Kind
from index.shelf import Shelf
from schema.request import parse_request
from schema.search import END, Match
from tests.ranking.conftest import Ranked
from tests.scale import SEED, scaled
from tests.shelf.building import WORDS, ask, codes, ids, load, random_papers, walk, walked_ids


def queries(count: int) -> Iterator[dict[str, str]]:
    """Random searches by relevance, most of them long enough for feedback."""
    chance = random.Random(SEED)
    for _ in range(count):
        words = chance.choices(WORDS, k=chance.choice((1, 2, 3, 3, 4, 6)))
        if chance.random() < 0.2:
            words.append(f"-{chance.choice(WORDS[:8])}")
        asked = {"q": " ".join(words), "match": chance.choice(("auto", "auto", "any", "all"))}
        if chance.random() < 0.2:
            asked["year"] = "2020-"
        yield asked


def test_feedback_changes_nothing_but_the_order(made: Ranked) -> None:
    """And not the first paper."""
    moved = 0
    for asked in queries(max(30, scaled(300))):
        led = walk(made.with_feedback, **asked, limit=100)
        plain = walk(made.without, **asked, limit=100)
        assert sorted(walked_ids(led)) == sorted(walked_ids(plain)), asked
        assert [(p.total, p.total_all, p.matched) for p in led] == [
            (p.total, p.total_all, p.matched) for p in plain
        ]
        assert ids(led[0])[:1] == ids(plain[0])[:1], asked
        total_all = plain[0].total_all if asked["match"] == "auto" else 0
        assert sorted(ids(led[0])[:total_all]) == sorted(ids(plain[0])[:total_all]), asked
        moved += walked_ids(led) != walked_ids(plain)
    assert moved > 5


def test_a_score_is_the_sum_of_its_parts(made: Ranked) -> None:
    """Those of the search, and those that feedback adds."""
    shelf, led = made.with_feedback, 0
    for asked in queries(max(20, scaled(200))):
        plan = shelf.plan(parse_request([*asked.items(), ("limit", "100")]))
        page, parsed = ask(shelf, **asked, limit=100), plan.parsed
        trees: tuple[Node, ...] = (parsed.all,)
        if page.matched is Match.ANY:
            partial = And((parsed.any, Not(parsed.all)))
            trees = (parsed.any,) if asked["match"] == "any" else (parsed.all, partial)
        ranking = plan.ranking or ()
        if plan.feedback:
            ranking += plan.view.led(plan, trees).clauses
        led += any(clause.kind is Kind.FEEDBACK for clause in ranking)
        rows = [hit.rowid for hit in page.hits]
        parts = [plan.view.open_snapshot().scores(rows, (clause,)) for clause in ranking]
        sums = {row: sum(part[row] for part in parts) for row in rows}
        assert {hit.rowid: hit.score for hit in page.hits} == pytest.approx(sums, rel=1e-5)
    assert led > 5


@pytest.mark.parametrize("block", [5, 200])
def test_pages_of_any_size_make_the_same_order(
    made: Ranked, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scores too, forward and backward, with the first block in the midst of pages or not."""
    shelf = made.with_feedback
    monkeypatch.setattr(index.view, "BLOCK", block)
    shelf._views._seen = ()  # what was remembered has blocks of another size
    shelf._searches._pages._pages.clear()
    shelf._views.refresh()
    for asked in queries(max(6, scaled(60))):
        whole = walk(shelf, **asked, limit=100)
        expected = [(hit.rowid, hit.score) for page in whole for hit in page.hits]
        for limit in (1, 4, 7, 30):
            pages = walk(shelf, **asked, limit=limit)
            assert [(hit.rowid, hit.score) for page in pages for hit in page.hits] == expected
        page = ask(shelf, **asked, limit=9, before=END)
        found = list(page.hits)
        while page.previous_cursor:
            page = ask(shelf, **asked, limit=9, before=page.previous_cursor)
            found = [*page.hits, *found]
        assert [(hit.rowid, hit.score) for hit in found] == expected, asked


def test_a_walk_keeps_its_order_while_papers_come(tmp_path: Path, engine: str) -> None:
    q = "alignment diffusion protein"
    with Shelf(tmp_path / "data", engine) as shelf:
        load(shelf, tmp_path, *random_papers(60, SEED))
        expected = walked_ids(walk(shelf, q=q, limit=100))

        def come(number: int) -> None:
            paper = {
                "id": f"2503.{number:05d}",
                "title": "Alignment diffusion protein alignment",
                "abstract": "protein kernel diffusion alignment graph " * 9,
            }
            load(shelf, tmp_path, paper, name=f"{number}.jsonl")

        pages = walk(shelf, come, q=q, limit=7)
        assert walked_ids(pages) == expected
        assert not any(map(codes, pages))
        assert walked_ids(walk(shelf, q=q, limit=100)) != expected


def test_a_walk_whose_revision_is_gone_is_ordered_in_another(
    tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index.views, "KEPT_SECONDS", -1.0)
    q = "alignment diffusion protein"
    with Shelf(tmp_path / "data", engine) as shelf:
        load(shelf, tmp_path, *random_papers(60, SEED))
        expected = walked_ids(walk(shelf, q=q, limit=100))

        def come(number: int) -> None:
            paper = {"id": f"2503.{number:05d}", "title": "Nothing of all that"}
            load(shelf, tmp_path, paper, name=f"{number}.jsonl")

        pages = walk(shelf, come, q=q, limit=9)
        assert len(pages) > 2
        assert all(codes(page) == ["revision-changed"] for page in pages[1:])
        assert {page.total for page in pages} == {len(expected)}
        assert set(walked_ids(pages)) <= set(expected)


def test_the_same_papers_make_the_same_order_again(tmp_path: Path, engine: str) -> None:
    found = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        with Shelf(tmp_path / name / "data", engine) as shelf:
            load(shelf, tmp_path / name, *random_papers(60, SEED))
            pages = [ask(shelf, **asked, limit=100) for asked in queries(12)]
            found.append([(ids(page), [hit.score for hit in page.hits]) for page in pages])
    assert found[0] == found[1]


FILL = "And then there are many more words in here, which say nothing of what was looked for. " * 3


@pytest.mark.parametrize(
    ("q", "better", "worse"),
    [
        ("graph network", ("On things", "a graph network and more"),
         ("On things", "a graph of more, a network")),
        ("optimal transport", ("Optimal transport", "of earth"), ("Of earth", "optimal transport")),
        ("zero-shot", ("On zero-shot things", ""), ("On things", "zero-shot")),
        ("alignment alignment reward", ("On things", "alignment here"), ("On things", "reward it")),
    ],
)  # fmt: skip
def test_what_comes_first(
    tmp_path: Path, engine: str, q: str, better: tuple[str, str], worse: tuple[str, str]
) -> None:
    with Shelf(tmp_path / "data", engine) as shelf:
        papers = [
            {"id": f"2501.0000{n}", "title": title, "abstract": f"{text}. {FILL}"}
            for n, (title, text) in enumerate((worse, better))
        ]
        load(shelf, tmp_path, *papers)
        first, second = ask(shelf, q=q, match="any").rows
        assert json.loads(first)["title"] == better[0]
        assert json.loads(first)["abstract"].startswith(better[1])
        assert json.loads(second)["abstract"].startswith(worse[1])


def test_long_searches_leave_the_event_loop(tmp_path: Path) -> None:
    """Feedback and many pairs take milliseconds; known pages and few words do not."""
    with Shelf(tmp_path / "data") as shelf:
        load(shelf, tmp_path, *random_papers(60, SEED))

        def light(q: str, **more: str) -> bool:
            return shelf.plan(parse_request([("q", q), *more.items()])).light

        assert light("alignment")
        assert light("alignment diffusion")
        assert light("alignment diffusion protein", sort="title")
        assert not light("alignment diffusion protein")
        ask(shelf, q="alignment diffusion protein")
        assert light("alignment diffusion protein")
    plain = replace(RECIPE, feedback=False)
    with Shelf(tmp_path / "data", recipe=plain) as shelf:
        assert not shelf.plan(parse_request([("q", "alignment diffusion protein")])).light
