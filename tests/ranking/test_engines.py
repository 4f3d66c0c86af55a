"""What every engine makes of a ranking: the same papers, each with the sum of its clauses."""

import random
from collections.abc import Iterator

import pytest

from index.document import TEXT_FIELDS
from index.engine import Engine, Snapshot
from index.engines import ENGINES, open_engine
from index.query import And, Every, Node, Not, Or, Phrase, Term
from index.ranking import Clause, Kind, inverse_frequency, ranking_of
from schema.search import BY_RELEVANCE, SortKey
from tests.corpus import papers
from tests.engines.oracle import Oracle
from tests.engines.random_trees import Trees
from tests.engines.shelves import IDENTITY
from tests.scale import SEED, scaled

DOCUMENTS = papers(150, SEED)
ORACLE = Oracle(DOCUMENTS)
EVERYTHING = 10**6
ENOUGH = 20


@pytest.fixture(scope="module", params=ENGINES)
def snapshot(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Snapshot]:
    """Papers in several segments, some of which were there before in another form."""
    engine: Engine = open_engine(request.param, tmp_path_factory.mktemp("ranked"), IDENTITY)
    engine.rebuild(DOCUMENTS[:70], 1)
    engine.apply(DOCUMENTS[60:110], (), 2)
    engine.apply(DOCUMENTS[110:], (), 3)
    opened = engine.snapshot()
    yield opened
    opened.close()
    engine.close()


def asked(count: int) -> Iterator[Node]:
    """Random trees, and such as queries become."""
    trees, chance = Trees(DOCUMENTS, SEED), random.Random(SEED)
    words = sorted(ORACLE._places["text"])
    for _ in range(count):
        yield trees.tree()
        terms = tuple(Term("text", each) for each in chance.sample(words, chance.randint(1, 4)))
        phrase = Phrase("text", tuple(chance.choices(words, k=2)))
        yield chance.choice((
            And(terms), Or(terms), Or((*terms, phrase)), And((Or(terms), Not(And(terms)))),
            And((Or(terms), Not(terms[0]))), Or((And(terms), terms[0])),
            Or((*terms, terms[0])), And((Or(terms, boost=2.0), Every())),
        ))  # fmt: skip


def test_ranking_changes_neither_papers_nor_totals(snapshot: Snapshot) -> None:
    ranked = 0
    for tree in asked(max(30, scaled(300))):
        ranking = ranking_of(tree)
        plain = snapshot.search(tree, limit=EVERYTHING)
        found = snapshot.search(tree, limit=EVERYTHING, ranking=ranking)
        rows = [hit.rowid for hit in found.hits]
        assert (found.total, sorted(rows)) == (plain.total, sorted(h.rowid for h in plain.hits))
        scores = [hit.score or 0.0 for hit in found.hits]
        assert scores == sorted(scores, reverse=True), tree
        ranked += bool(ranking and rows)
    assert ranked > 10


def test_a_score_is_the_sum_of_its_clauses(snapshot: Snapshot) -> None:
    for tree in asked(max(15, scaled(150))):
        ranking = ranking_of(tree)
        found = snapshot.search(tree, limit=30, ranking=ranking)
        rows = [hit.rowid for hit in found.hits]
        parts = [snapshot.scores(rows, (clause,)) for clause in ranking]
        sums = {row: sum(part[row] for part in parts) for row in rows}
        assert {hit.rowid: hit.score for hit in found.hits} == pytest.approx(sums, rel=1e-5)
        assert snapshot.scores(rows, ranking) == pytest.approx(sums, rel=1e-5)
        for clause, part in zip(ranking, parts, strict=True):
            if clause.node.field in TEXT_FIELDS:
                holders = ORACLE.match(clause.node)
                assert {row for row in rows if part[row] > 0} == holders & set(rows), clause


def test_words_of_a_title_count_where_there_is_an_abstract(snapshot: Snapshot) -> None:
    word = ORACLE.common_word()
    rows = list(ORACLE.match(Term("text", word)))
    title = snapshot.scores(rows, (Clause(Kind.TITLE, Term("heading", word)),))
    holders = {
        row
        for row in rows
        if row in ORACLE.match(Term("title", word))
        and len(ORACLE.documents[row].abstract.split()) >= ENOUGH
    }
    assert {row for row in rows if title[row] > 0} == holders
    assert 0 < len(holders) < len(rows)


@pytest.mark.parametrize("tree", [Every(), Not(Term("text", "absentword"))])
def test_without_anything_to_score_by_ties_decide(snapshot: Snapshot, tree: Node) -> None:
    ties = [document.rowid for document in sorted(DOCUMENTS, key=lambda each: each.tie)]
    for offset, limit in ((0, EVERYTHING), (0, 7), (7, 20), (140, 20), (200, 5)):
        found = snapshot.search(tree, None, BY_RELEVANCE, offset=offset, limit=limit, ranking=())
        assert [hit.rowid for hit in found.hits] == ties[offset : offset + limit]
        assert {hit.score for hit in found.hits} <= {0.0}


def test_other_orders_take_no_notice(snapshot: Snapshot) -> None:
    tree, sort = Term("text", ORACLE.common_word()), (SortKey("title"),)
    plain = snapshot.search(tree, None, sort)
    assert snapshot.search(tree, None, sort, ranking=ranking_of(tree)) == plain


def test_scores_of_papers_that_nothing_matches(snapshot: Snapshot) -> None:
    clause = Clause(Kind.WORD, Term("text", "absentword"))
    assert snapshot.scores([1, 2], (clause,)) == {1: 0.0, 2: 0.0}
    assert snapshot.scores([1], ()) == {1: 0.0}
    assert snapshot.scores([], (clause,)) == {}


def test_rarity(snapshot: Snapshot) -> None:
    """Of words whose papers were never changed, exactly that of BM25."""
    changed = {document.rowid for document in DOCUMENTS[60:70]}
    common = ORACLE.common_word()
    lone = min(
        word
        for word, places in ORACLE._places["text"].items()
        if len(places) == 1 and changed.isdisjoint(places)
    )
    absent, rare, frequent = snapshot.rarity(["absentword", lone, common])
    assert absent > rare > frequent > 0
    assert rare == pytest.approx(inverse_frequency(1, len(DOCUMENTS)), rel=0.05)
    assert snapshot.rarity([]) == []
    assert snapshot.rarity([common]) == [frequent]


@pytest.mark.parametrize(
    "node",
    [
        Term("rowid", "1"),
        Term("category", "cs"),
        Term("text", "\ud800"),
        Term("text", "a", boost=float("nan")),
        Phrase("heading", ("a", "b")),
        Phrase("text", ("a", "b"), slop=99),
    ],
)
def test_clauses_beyond_the_bounds_are_refused(snapshot: Snapshot, node: Term | Phrase) -> None:
    ranking = (Clause(Kind.WORD, node),)
    with pytest.raises(ValueError, match=r"."):
        snapshot.search(Every(), ranking=ranking)
    with pytest.raises(ValueError, match=r"."):
        snapshot.scores([1], ranking)
    with pytest.raises(ValueError, match=r"."):
        snapshot.search(Term("heading", "a"))
