"""Feedback: words that the first hits of a search share move papers like them up (Rocchio).

After J. Rocchio, "Relevance feedback in information retrieval" (1971), with the weights of BM25
(S. Robertson, H. Zaragoza, "The probabilistic relevance framework", 2009): each of the first hits
is a vector of its words, and the sum of these vectors joins the query with a lower weight.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import orjson

from index.analysis import STOP_WORDS, stems
from index.document import ENOUGH_WORDS
from index.engine import Snapshot
from index.query import Term
from index.ranking import Clause, Kind, Ranking, Recipe, word_weights
from schema.search import Hit, Hits

K1, B = 1.2, 0.75
TYPICAL_LENGTH = 150
"""Words of a paper: its title twice and its abstract."""

LEADING = 24
"""Hits among which papers with an abstract are looked for."""


@dataclass(frozen=True, slots=True)
class Led:
    """The first hits of results as feedback orders them.

    `clauses` are what it adds to the score of each, beside those of the search.
    """

    clauses: Ranking
    blocks: tuple[Hits, ...]


Rows = Callable[[Sequence[int]], Mapping[int, bytes]]
"""The list rows (JSON) of papers by row number."""


def with_feedback(
    blocks: Sequence[Hits], ranking: Ranking, rows: Rows, snapshot: Snapshot, recipe: Recipe
) -> Led:
    """The first hits of results that follow one another, ordered anew by what the first of all say.

    Each hit's score grows by what the words of feedback give it. The very first stays first: who
    typed words of a title wants that paper, not others like it.
    """
    hits = [hit for block in blocks for hit in block.hits]
    stored = rows([hit.rowid for hit in hits[:LEADING]])
    papers = ((orjson.loads(stored[hit.rowid]), hit.score or 0.0) for hit in hits[:LEADING])
    texts = ((paper["title"], paper["abstract"], score) for paper, score in papers)
    clauses = feedback(texts, ranking, snapshot.rarity, recipe)
    if not clauses:
        return Led((), tuple(blocks))
    added = snapshot.scores([hit.rowid for hit in hits], clauses)
    first = hits[0].rowid

    def place(hit: Hit) -> tuple[bool, float]:
        return hit.rowid != first, -(hit.score or 0.0)

    ordered = []
    for block in blocks:
        scored = [Hit(hit.rowid, (hit.score or 0.0) + added[hit.rowid]) for hit in block.hits]
        ordered.append(Hits(block.total, tuple(sorted(scored, key=place))))
    return Led(clauses, tuple(ordered))


Rarity = Callable[[Sequence[str]], Sequence[float]]
"""How rare each of some stems is (`index.engine.Snapshot.rarity`)."""


def feedback(
    papers: Iterable[tuple[str, str, float]], ranking: Ranking, rarity: Rarity, recipe: Recipe
) -> Ranking:
    """The clauses that the first hits of a search by `ranking` add to it; perhaps none.

    `papers` are title, abstract and score of each, best first. A word counts if two of those with
    an abstract hold it. Its weight is the sum over the papers, each by its score, of BM25's part
    for how often it is there, times the root of its rarity: what it then adds to a score has its
    rarity once more.
    """
    weights = word_weights(ranking)
    counts: list[tuple[Counter[str], float]] = []
    for title, text, score in papers:
        abstract = stems(text)
        if len(abstract) >= ENOUGH_WORDS and score > 0:
            counts.append((Counter(stems(title) * 2 + abstract), score))
            if len(counts) == recipe.feedback_papers:
                break
    shared = Counter(chain.from_iterable(held for held, _ in counts))
    words = {word for word, papers_ in shared.items() if papers_ > 1 and len(word) > 1}
    words -= STOP_WORDS
    if not words or not weights:
        return ()
    found = dict.fromkeys(sorted(words), 0.0)
    for held, score in counts:
        norm = K1 * (1 - B + B * held.total() / TYPICAL_LENGTH)
        for word in words & held.keys():
            found[word] += score * (count := held[word]) / (count + norm)
    for word, rare in zip(found, rarity(list(found)), strict=True):
        found[word] *= math.sqrt(rare)
    best = sorted(found.items(), key=lambda item: (-item[1], item[0]))[: recipe.feedback_words]
    share = recipe.feedback_share / (1 - recipe.feedback_share)
    scale = share * max(weights.values()) / best[0][1]
    return tuple(Clause(Kind.FEEDBACK, Term("text", word, weight * scale)) for word, weight in best)
