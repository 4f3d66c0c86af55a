"""How many papers hold a word, and which words begin so, compared with a plain slow count."""

import random
from collections import Counter

from index.analysis import name_words, words
from index.document import IndexDocument
from index.engine import Engine
from index.query import And, Or, Term
from tests.corpus import papers
from tests.engines.conftest import Worn
from tests.engines.oracle import Oracle
from tests.scale import SEED, scaled


def held(document: IndexDocument, field: str) -> set[str]:
    """The words of a document's field, or its whole values."""
    if field == "authorName":
        return set(document.exact["authorName"])
    if field == "author":
        return {word for name in document.authors for word in name_words(name)}
    return set(words(document.title if field == "title" else document.abstract))


def counted(documents: list[IndexDocument], field: str) -> Counter[str]:
    """The papers that hold each word; of `text` the larger number of title and abstract."""
    if field == "text":
        return counted(documents, "title") | counted(documents, "abstract")
    return Counter(word for document in documents for word in held(document, field))


FIELDS = ("text", "title", "abstract", "author", "authorName")


def test_words_are_completed_by_the_papers_that_hold_them(engine: Engine) -> None:
    chance, documents = random.Random(SEED), papers(120, SEED)
    engine.rebuild(documents, 1)
    snapshot = engine.snapshot()
    for _ in range(scaled(400)):
        field = chance.choice(FIELDS)
        counts = counted(documents, field)
        word = chance.choice(sorted(counts) or ["x"])
        prefix, limit = word[: chance.randint(0, 4)], chance.randint(1, 12)
        ranked = sorted((-n, each) for each, n in counts.items() if each.startswith(prefix))
        expected = [(each, -n) for n, each in ranked]
        found = snapshot.completions(field, prefix, limit=limit)
        assert found == expected[:limit]
        if field != "authorName":
            asked = [word, f"{word}x", *chance.choices(sorted(counts), k=3)]
            assert snapshot.frequencies(field, asked) == [counts[each] for each in asked]
    snapshot.close()


def test_only_papers_within_a_tree_count(engine: Engine) -> None:
    chance, documents = random.Random(SEED), papers(120, SEED)
    engine.rebuild(documents, 1)
    snapshot, oracle = engine.snapshot(), Oracle(documents)
    stems_ = [Term("text", term) for term in ("the", "model", "graph", "learn", "network")]
    for _ in range(scaled(200)):
        tree = chance.choice([Or, And])(tuple(chance.sample(stems_, chance.randint(1, 3))))
        within = [each for each in documents if each.rowid in oracle.match(tree)]
        field = chance.choice(("title", "abstract", "author"))
        counts = counted(within, field)
        prefix = chance.choice(["", "a", "m", "tr"])
        ranked = sorted((-n, each) for each, n in counts.items() if each.startswith(prefix))
        expected = [(each, -n) for n, each in ranked][:10]
        assert snapshot.completions(field, prefix, within=tree) == expected
    snapshot.close()


def test_a_word_is_counted_exactly_after_removals(engine: Engine) -> None:
    documents = papers(60, SEED)
    engine.rebuild(documents, 1)
    whole = engine.snapshot()
    engine.apply((), [each.rowid for each in documents[::3]], 2)
    left = engine.snapshot()
    kept = [each for number, each in enumerate(documents) if number % 3]
    for value in sorted({name for each in documents for name in each.exact["authorName"]}):
        term = Term("authorName", value)
        assert whole.count(term) == sum(value in each.exact["authorName"] for each in documents)
        assert left.count(term) == sum(value in each.exact["authorName"] for each in kept)
    whole.close()
    left.close()


def test_a_worn_index_counts_words_exactly(worn: Worn) -> None:
    for name in ("alignment", "the", "model"):
        term = Term("text", name)
        assert worn.snapshot.count(term) == len(worn.oracle.match(term))
