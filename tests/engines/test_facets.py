"""Facets say what counting by hand says: every number, for every question, on worn indexes."""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from index.document import FACET_FIELDS, IndexDocument
from index.engine import Engine
from index.engines import ENGINES, open_engine, tantivy_facets
from index.query import And, Every, Not, Nothing, Or, Term
from schema.search import FACETS, MAX_FACET_SIZE, FacetCounts, FacetValue
from tests.corpus import papers, revised
from tests.engines.conftest import Worn
from tests.engines.oracle import Oracle
from tests.engines.random_trees import Trees
from tests.engines.shelves import IDENTITY
from tests.scale import SEED, scaled

QUESTIONS = {"tantivy": 600, "whoosh": 200}
WAYS = {"as shipped": {}, "as among many authors": {"FEW_PAIRS": 0},
        "as with more values than an answer holds": {"FEW_PAIRS": 0, "MOST_BUCKETS": 12},
        "as with many ties": {"FEW_PAIRS": 0, "MOST_TIES": 0, "SPARE_VALUES": 0}}  # fmt: skip
EXAMPLES = {"author": "authorName", "category": "category", "source": "source"}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A way round of the tantivy engine that otherwise only large shelves take."""
    name: str = request.param
    for constant, value in WAYS[name].items():
        monkeypatch.setattr(tantivy_facets, constant, value)
    return name


def test_every_facet_has_a_field() -> None:
    assert FACETS.keys() == FACET_FIELDS.keys()


@pytest.fixture
def named(worn: Worn) -> Worn:
    """A worn index whose papers have authors; the sample page only counts them."""
    if worn.corpus == "sample":
        pytest.skip("the sample page names no authors")
    return worn


def test_there_are_more_authors_than_any_facet_shows(named: Worn) -> None:
    """With fewer, all are fetched whatever is asked, and a wrong setting passes."""
    names = named.oracle.facet("author", Every(), None, 10**9)
    assert names.total_values is not None
    assert names.total_values > MAX_FACET_SIZE
    assert names.other_count == 0


def test_random_questions(worn: Worn, way: str) -> None:
    if worn.engine_name != "tantivy" and way != "as shipped":
        pytest.skip("another way round of tantivy's")
    trees, chance = Trees(worn.documents, SEED), random.Random(SEED)
    told, unknown, cut = 0, 0, 0
    everything = {name: worn.oracle.facet(name, Every(), None, 10**9).values for name in FACETS}
    names = FACETS if way == "as shipped" else ("month", "author", "category")
    count = scaled(QUESTIONS[worn.engine_name])
    for number in range(count):
        query = Every() if number % 5 == 0 else trees.tree(number % 3)
        filters = trees.filters()
        size = chance.choice((0, 1, 3, 10, 20, MAX_FACET_SIZE))
        for name in names:
            values = everything[name]
            some = tuple(each.value for each in chance.sample(values, min(2, len(values))))
            selected = chance.choice(((), (), (*some, "absent", *some[:1]), some))
            expected = worn.oracle.facet(name, query, filters, size, selected)
            found = worn.snapshot.facet(name, query, filters, size=size, selected=selected)
            described = f"{number}: {name} {size} {selected}\n{query}\n{filters}"
            if found is None:
                unknown += 1
                continue
            if found.total_values is None:
                cut += 1
                found = replace(found, total_values=expected.total_values)
            assert found == expected, described
            told += bool(found.values) and bool(found.other_count)
    assert told > count // 5 or worn.corpus == "sample"
    tight = way == "as with more values than an answer holds"
    assert unknown == 0 or tight
    assert bool(cut) == tight


def test_selected_values_are_counted_wherever_they_stand(named: Worn) -> None:
    everyone = named.oracle.facet("author", Every(), None, 10**9).values
    last = everyone[-1].value
    found = named.snapshot.facet("author", Every(), size=2, selected=(last, "nobody at all", last))
    assert found is not None
    assert found.values[-2:] == (FacetValue(last, 1), FacetValue("nobody at all", 0))
    assert found.values[:2] == everyone[:2]
    assert len(found.values) == 4
    assert found.other_count == sum(each.count for each in everyone) - sum(
        each.count for each in found.values
    )


def test_the_example_of_a_value_is_its_first_paper(worn: Worn) -> None:
    chance = random.Random(SEED)
    for name, field in EXAMPLES.items():
        values = worn.oracle.facet(name, Every(), None, 10**9).values
        for each in chance.sample(values, min(40, len(values))):
            expected = min(worn.oracle.match(Term(field, each.value)))
            assert worn.snapshot.example(field, each.value) == expected
        assert worn.snapshot.example(field, "absent value") is None


def test_counts_follow_updates_and_removals(engine: Engine) -> None:
    documents = {document.rowid: document for document in papers(150, SEED)}
    engine.rebuild(list(documents.values()), 1)
    chance = random.Random(SEED)
    for step in range(8):
        changed = [revised(documents[rowid], step) for rowid in chance.sample([*documents], 6)]
        gone = chance.sample([*documents], 4)
        engine.apply(changed, gone, step + 2)
        documents |= {document.rowid: document for document in changed}
        for rowid in gone:  # what is put and removed in one commit stays
            if rowid not in {document.rowid for document in changed}:
                del documents[rowid]
        snapshot, oracle = engine.snapshot(), Oracle(documents.values())
        for name in FACETS:
            assert snapshot.facet(name, Every(), size=20) == oracle.facet(name, Every(), None, 20)
        snapshot.close()


def test_an_empty_result_has_no_values(worn: Worn, way: str) -> None:
    for name in FACETS:
        empty = FacetCounts((), 0, 0, 0)
        assert worn.snapshot.facet(name, Nothing()) == empty
        assert worn.snapshot.facet(name, Every(), Nothing(), size=0) == empty
        found = worn.snapshot.facet(name, Nothing(), selected=("2025", "true"))
        assert found is not None
        assert {each.count for each in found.values} == {0}


@pytest.mark.parametrize(
    ("name", "size", "selected"),
    [("nowhere", 20, ()), ("authorName", 20, ()), ("has", 20, ()), ("year", -1, ()),
     ("year", 101, ()), ("author", 5, ("\ud800",)), ("author", 5, ("x",) * 1001)],
)  # fmt: skip
def test_a_facet_beyond_the_bounds_is_refused(
    worn: Worn, name: str, size: int, selected: tuple[str, ...]
) -> None:
    with pytest.raises(ValueError, match=r"."):
        worn.snapshot.facet(name, Every(), size=size, selected=selected)
    with pytest.raises(ValueError, match=r"."):
        worn.snapshot.facet("year", Term("nowhere", "x"))
    for field, value in (("text", "model"), ("year", "2025"), ("kind", "paper"), ("id", "\ud800")):
        with pytest.raises(ValueError, match=r"."):
            worn.snapshot.example(field, value)


@pytest.mark.parametrize(
    "selected",
    ["", "25", "٢٠٢٥", "2025-1", "02025", "2025-", "-2025", "9" * 5000, "x" * 5000, "\0"],
)
def test_odd_selected_values_count_nothing(worn: Worn, selected: str) -> None:
    for name in FACETS:
        found = worn.snapshot.facet(name, Every(), size=0, selected=(selected,))
        assert found is not None
        assert found.values == (FacetValue(selected, 0),)


def with_values(document: IndexDocument, field: str, values: tuple[str, ...]) -> IndexDocument:
    return replace(document, exact={**document.exact, field: values})


@pytest.fixture(params=ENGINES)
def twins(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Engine, Oracle]]:
    """Papers of two segments whose values are few in one and many in the other."""
    made = papers(40, SEED)
    one = [with_values(each, "category", ("rare", "a", "b", "c")) for each in made[:20]]
    other = [
        with_values(each, "category", (*(f"x{number}" for number in range(30)), "rare"))
        for each in made[20:]
    ]
    engine = open_engine(request.param, tmp_path, IDENTITY)
    engine.rebuild(one, 1)
    engine.apply(other, (), 2)
    yield engine, Oracle(one + other)
    engine.close()


def test_a_value_that_is_nowhere_among_the_first_can_be_first(
    twins: tuple[Engine, Oracle],
) -> None:
    engine, oracle = twins
    snapshot = engine.snapshot()
    for size in (1, 2, 4, 5):
        expected = oracle.facet("category", Every(), None, size)
        assert snapshot.facet("category", Every(), size=size) == expected
        assert expected.values[0] == FacetValue("rare", 40)
    snapshot.close()


def test_disjunctive_counts_are_those_without_the_own_filter(worn: Worn) -> None:
    """What a service asks: the same query, the filters of all others."""
    query, code = Or((Every(), Nothing())), Term("has", "code")
    values = worn.oracle.facet("category", Every(), None, 1).values
    category = Term("category", values[0].value if values else "none")
    both = And((code, category))
    whole = worn.snapshot.facet("hasCode", query, category)
    narrow = worn.snapshot.facet("hasCode", query, both)
    assert whole is not None
    assert narrow is not None
    counts = {each.value: each.count for each in whole.values}
    assert counts.get("true", 0) == worn.snapshot.count(query, both)
    assert counts.get("false", 0) == worn.snapshot.count(query, And((category, Not(code))))
    assert [each.value for each in narrow.values] in ([], ["true"])


def test_segments_without_a_value_count_as_missing(engine: Engine, way: str) -> None:
    """An engine that keeps columns by segment has none there for a field that nobody filled."""

    def bare(document: IndexDocument) -> IndexDocument:
        kept = dict.fromkeys(document.exact, ()) | {"source": document.exact["source"]}
        return replace(document, authors=(), exact=kept, numbers={})

    documents = papers(90, SEED)
    documents[30:] = [bare(document) for document in documents[30:]]
    engine.rebuild(documents[30:60], 1)
    engine.apply(documents[:30], (), 2)
    engine.apply(documents[60:], (), 3)
    snapshot, oracle = engine.snapshot(), Oracle(documents)
    for name in FACETS:
        for size in (0, 3, MAX_FACET_SIZE):
            expected = oracle.facet(name, Every(), None, size)
            found = snapshot.facet(name, Every(), size=size)
            assert found is not None
            if found.total_values is None and "an answer holds" in way:
                found = replace(found, total_values=expected.total_values)
            assert found == expected
    snapshot.close()


def test_many_papers_by_many_authors(engine: Engine) -> None:
    """Beyond what is fetched whole: names for the best authors, ties by name, exact totals."""
    chance = random.Random(SEED)
    crowd = [f"author {number:05d}" for number in range(4000)]
    weights = [1 / (rank // 3 + 1) for rank in range(len(crowd))]
    documents = [
        with_values(
            replace(document, authors=()),
            "authorName",
            tuple(sorted({*chance.choices(crowd, weights, k=60)})),
        )
        for document in papers(320, SEED)
    ]
    documents = [replace(each, authors=each.exact["authorName"]) for each in documents]
    engine.rebuild(documents[:100], 1)
    for number in range(4):
        engine.apply(documents[100 + number * 55 : 155 + number * 55], (), number + 2)
    snapshot, oracle = engine.snapshot(), Oracle(documents)
    whole = oracle.facet("author", Every(), None, 10**9)
    assert sum(each.count for each in whole.values) > tantivy_facets.FEW_PAIRS
    for filters in (None, Term("has", "code"), Not(Term("has", "code"))):
        for size in (0, 1, 20, MAX_FACET_SIZE):
            expected = oracle.facet("author", Every(), filters, size, ("author 03999",))
            found = snapshot.facet(
                "author", Every(), filters, size=size, selected=("author 03999",)
            )
            assert found == expected
    snapshot.close()
