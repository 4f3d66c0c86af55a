"""Both engines find what brute force finds: sets, totals and orders, on indexes worn by use."""

import json
import random
from dataclasses import replace

import pytest

from index.engine import Engine
from index.engines import tantivy_orders
from index.query import And, Every, Not, Or, Term, Wildcard
from schema.search import BY_RELEVANCE, Hits, Sort, SortKey, SortPosition
from tests.corpus import papers
from tests.engines.conftest import Worn
from tests.engines.oracle import Oracle
from tests.engines.random_trees import Trees
from tests.engines.shelves import SORTS
from tests.scale import SEED, scaled

TREES = {"tantivy": 1000, "whoosh": 200}
EVERYTHING = 10**9


def rows(hits: Hits) -> list[int]:
    return [hit.rowid for hit in hits.hits]


def test_the_index_is_worn(worn: Worn) -> None:
    """Equality over one fresh segment would prove little."""
    if worn.engine_name != "tantivy":
        pytest.skip("only tantivy writes its segments down as JSON")
    segments = tantivy_segments(worn)
    assert len(segments) >= 5
    assert sum(each["deletes"]["num_deleted_docs"] for each in segments if each["deletes"]) >= 5


def tantivy_segments(worn: Worn) -> list[dict[str, dict[str, int]]]:
    folder = worn.folder / "tantivy"
    build = (folder / "CURRENT").read_text()
    segments: list[dict[str, dict[str, int]]] = json.loads(
        (folder / build / "meta.json").read_text()
    )["segments"]
    return segments


def test_random_trees(worn: Worn) -> None:
    trees = Trees(worn.documents, SEED)
    chance = random.Random(SEED)
    answered = 0
    for number in range(scaled(TREES[worn.engine_name])):
        tree, filters, sort = trees.tree(), trees.filters(), trees.sort()
        total, expected = worn.oracle.page(tree, filters, sort, limit=EVERYTHING)
        told = f"tree {number}: {tree}\nfilters: {filters}\nsort: {sort}"
        found = worn.snapshot.search(tree, filters, sort, limit=EVERYTHING)
        assert set(rows(found)) == set(expected), told
        assert rows(found) == expected, told
        assert found.total == total == worn.snapshot.count(tree, filters), told
        ranked = worn.snapshot.search(tree, filters, BY_RELEVANCE, limit=EVERYTHING)
        assert sorted(rows(ranked)) == sorted(expected), told
        scores = [hit.score or 0.0 for hit in ranked.hits]
        assert scores == sorted(scores, reverse=True), told
        assert ranked.total == total, told
        if expected:
            answered += 1
            passed = chance.randrange(len(expected))
            after = worn.oracle.position(expected[passed], sort)
            behind = worn.snapshot.search(tree, filters, sort, after=after, limit=20)
            assert rows(behind) == expected[passed + 1 : passed + 21], told
            assert behind.total == total, told
            skipped = chance.choice((0, 0, 3))
            ahead = worn.snapshot.search(
                tree, filters, sort, before=after, offset=skipped, limit=20
            )
            end = max(0, passed - skipped)
            assert rows(ahead) == expected[max(0, end - 20) : end], told
            assert ahead.total == total, told
    assert answered >= scaled(TREES[worn.engine_name]) // 10


@pytest.mark.parametrize("sort", SORTS, ids=lambda sort: ",".join(map(str, sort)))
def test_walks_meet_every_paper_once_in_order(worn: Worn, sort: Sort) -> None:
    trees = Trees(worn.documents, SEED)
    size = max(3, len(worn.documents) // 20)
    query, filters = (Every(), None) if len(sort) == 1 else (trees.tree(1), trees.filters())
    total, expected = worn.oracle.page(query, filters, sort, limit=EVERYTHING)
    by_offset: list[int] = []
    while len(by_offset) < total:
        page = worn.snapshot.search(query, filters, sort, offset=len(by_offset), limit=size)
        assert page.total == total
        assert page.hits
        by_offset += rows(page)
    assert by_offset == expected
    by_key: list[int] = []
    after: SortPosition | None = None
    while len(by_key) <= total:
        page = worn.snapshot.search(query, filters, sort, after=after, limit=size)
        assert page.total == total
        if not page.hits:
            break
        by_key += rows(page)
        after = worn.oracle.position(by_key[-1], sort)
    assert by_key == expected
    backward: list[int] = []
    before: SortPosition | None = None
    while len(backward) <= total:
        if backward:
            before = worn.oracle.position(backward[0], sort)
        page = worn.snapshot.search(query, filters, sort, before=before, backward=True, limit=size)
        assert page.total == total
        if not page.hits:
            break
        backward = rows(page) + backward
    assert backward == expected


def test_a_position_need_not_be_a_papers(worn: Worn) -> None:
    """The paper that a cursor names may have gone or changed since."""
    chance = random.Random(SEED)
    for sort in SORTS:
        one = worn.oracle.position(chance.choice(worn.documents).rowid, sort)
        other = worn.oracle.position(chance.choice(worn.documents).rowid, sort)
        after = SortPosition((*one.values[:-1], other.values[-1]), chance.randrange(2**32))
        if isinstance(after.values[0], str):
            after = SortPosition((after.values[0][:9] + "~", *after.values[1:]), after.tie)
        expected = worn.oracle.page(Every(), None, sort, after=after, limit=15)[1]
        assert rows(worn.snapshot.search(Every(), None, sort, after=after, limit=15)) == expected
        expected = worn.oracle.page(Every(), None, sort, before=after, limit=15)[1]
        assert rows(worn.snapshot.search(Every(), None, sort, before=after, limit=15)) == expected


def test_relevance_pages_make_one_list(worn: Worn) -> None:
    trees = Trees(worn.documents, SEED + 7)
    for _ in range(scaled(60)):
        tree = trees.tree()
        whole = worn.snapshot.search(tree, None, BY_RELEVANCE, limit=EVERYTHING)
        pages = [
            hit
            for offset in range(0, whole.total, 173)
            for hit in worn.snapshot.search(tree, offset=offset, limit=173).hits
        ]
        assert tuple(pages) == whole.hits


def test_boosts_and_filters_do_not_change_sets_or_add_score(worn: Worn) -> None:
    common = worn.oracle.common_word()
    word = Term("text", common)
    plain = worn.snapshot.search(word, limit=EVERYTHING)
    everything = Or((Every(7.0), Term("has", "abstract")))
    filtered = worn.snapshot.search(word, everything, limit=EVERYTHING)
    boosted = worn.snapshot.search(Term("text", common, 4.0), limit=EVERYTHING)
    assert plain.total
    assert scores_of(filtered) == pytest.approx(scores_of(plain), rel=1e-6)
    assert rows(boosted) == rows(plain)
    quarters = {rowid: score / 4 for rowid, score in scores_of(boosted).items()}
    assert quarters == pytest.approx(scores_of(plain), rel=1e-5)


def scores_of(hits: Hits) -> dict[int, float]:
    return {hit.rowid: hit.score or 0.0 for hit in hits.hits}


def test_exclusions_add_no_score(worn: Worn) -> None:
    word, absent = Term("text", worn.oracle.common_word()), Term("text", "absentword")
    plain = worn.snapshot.search(word, limit=EVERYTHING)
    without = worn.snapshot.search(And((word, Not(absent))), limit=EVERYTHING)
    assert scores_of(without) == pytest.approx(scores_of(plain), rel=1e-6)
    alone = worn.snapshot.search(Not(absent), limit=3)
    assert {hit.score for hit in alone.hits} == {0.0}


@pytest.mark.parametrize("field", ["text", "title", "abstract", "author"])
def test_vocabulary(worn: Worn, field: str) -> None:
    for prefix in ("", "a", "mo", "zzz", "c"):
        expected = worn.oracle.words(field, prefix)
        found = worn.snapshot.vocabulary(field, prefix)
        assert found == sorted(set(found))
        assert set(expected) <= set(found)
        assert all(word.startswith(prefix) for word in found)


def test_a_pattern_too_long_for_the_engines_own_automaton(worn: Worn) -> None:
    for pattern in ("mo" + "?" * 62, "m*" + "?*" * 31, "mo" + "*e" * 31, "mo*l" + "*" * 60):
        assert worn.snapshot.count(Wildcard("text", pattern)) == len(
            worn.oracle.match(Wildcard("text", pattern))
        )


def test_the_oracle_can_disagree(worn: Worn) -> None:
    """The comparison sees a missing paper, a foreign one and two that changed places."""
    other = Oracle(worn.documents[1:])
    sort = (SortKey("title"),)
    found = rows(worn.snapshot.search(Every(), None, sort, limit=EVERYTHING))
    assert other.page(Every(), None, sort, limit=EVERYTHING)[1] != found
    assert worn.oracle.page(Every(), None, (SortKey("title", True),), limit=EVERYTHING)[1] != found


TITLES = [
    "", "learning", "learning ", "learning to", "learning to rank", "learning to rank papers",
    "learning to rank papers w", "learning to rank papers well", "learning to rank papers well é",
    "learning to rank papers 日本", "learning to rank 日本語 papers", "learnin", "learnz", "𝒳" * 8,
]  # fmt: skip


def test_titles_that_begin_alike_are_walked_in_order(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Positions among many equal beginnings, those that no paper has any more included."""
    chance = random.Random(SEED)
    monkeypatch.setattr(tantivy_orders, "FEW_TITLES", 3)
    documents = [
        replace(document, sort={**document.sort, "title": chance.choice(TITLES)})
        for document in papers(160, SEED)
    ]
    engine.rebuild(documents[:60], 1)
    for number in range(4):
        engine.apply(documents[60 + number * 25 : 85 + number * 25], (), number + 2)
    snapshot, oracle = engine.snapshot(), Oracle(documents)
    orders = [sort for sort in SORTS if sort[0].name == "title"]
    assert len(orders) >= 4
    for sort in orders:
        for title in (*TITLES, "learning t", "learning to rank paper", "a", "~", "日本"):
            other = oracle.position(chance.choice(documents).rowid, sort)
            place = SortPosition((title, *other.values[1:]), chance.choice((0, other.tie)))
            for after, before in ((place, None), (None, place)):
                expected = oracle.page(Every(), None, sort, after=after, before=before)[1]
                found = snapshot.search(Every(), None, sort, after=after, before=before)
                assert rows(found) == expected, (sort, after, before)
    snapshot.close()
