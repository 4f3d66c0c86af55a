"""What orders the papers that a query finds: the parts of a score, as data for every engine.

The tree of a query decides which papers are found, and nothing else. Their score is the sum of
what a flat list of clauses gives each of them, so that every part of it can be told: by BM25 the
query's words, neighbouring words that stand together, words in the title, and words that the
first hits share (`index.feedback`); a constant for patterns. docs/relevance.md has the measures.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import TypeAlias

from index.analysis import STOP_WORDS
from index.document import HEADING, TEXT_FIELDS
from index.query import And, Fuzzy, Node, Or, Phrase, Prefix, Term, Wildcard

Scored: TypeAlias = Term | Phrase | Prefix | Wildcard | Fuzzy


class Kind(StrEnum):
    """Why a clause is part of a score."""

    WORD = "word"
    PAIR = "pair"
    TITLE = "title"
    FEEDBACK = "feedback"
    PREFIX = "prefix"
    WILDCARD = "wildcard"
    TYPO = "typo"


_PATTERNS: dict[type, Kind] = {
    Prefix: Kind.PREFIX,
    Wildcard: Kind.WILDCARD,
    Fuzzy: Kind.TYPO,
}


@dataclass(frozen=True, slots=True)
class Clause:
    """One part of a score: what `node`, with its boost, gives a paper that it matches."""

    kind: Kind
    node: Scored


Ranking: TypeAlias = tuple[Clause, ...]
"""An order by relevance: papers by the sum of what the clauses give them, best first."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """The constants of the order; the same for every shelf and every query.

    `pair` and `title` are boosts of clauses beside the words. `feedback` is its switch, of use for
    queries of `feedback_from` words and more: the `feedback_words` strongest words of the first
    `feedback_papers` hits, the strongest with `feedback_share` of the weight that it and the
    query's strongest word have together.
    """

    pair: float = 0.25
    title: float = 0.15
    feedback: bool = True
    feedback_from: int = 3
    feedback_papers: int = 8
    feedback_words: int = 20
    feedback_share: float = 0.4


RECIPE = Recipe()

MAX_PAIRED_WORDS = 40
"""Pairs cost the most of all clauses; a query of more words goes without."""


def ranking_of(tree: Node, recipe: Recipe = RECIPE) -> Ranking:
    """The order of the papers that the tree of a query finds.

    A phrase counts as its words and their pairs, so that `zero-shot` also ranks what writes `zero
    shot` apart; in it, stop words and single letters count in pairs alone. The count of a word in
    the query is its weight. Exact values and numbers select, and say nothing of relevance.
    """
    leaves = list(_leaves(tree, 1.0))
    weights = _weights(leaves)
    clauses = [Clause(Kind.WORD, replace(word, boost=boost)) for word, boost in weights.items()]
    clauses += [
        Clause(_PATTERNS[type(leaf)], leaf)
        for leaf in dict.fromkeys(leaves)
        if not isinstance(leaf, Term | Phrase)
    ]
    if not clauses:  # a phrase of nothing but stop words and letters
        phrases = dict.fromkeys(leaf for leaf in leaves if isinstance(leaf, Phrase))
        return tuple(Clause(Kind.PAIR, leaf) for leaf in phrases)
    if recipe.pair and len(weights) <= MAX_PAIRED_WORDS:
        pairs = dict.fromkeys(_pairs(leaves))
        clauses += [
            Clause(Kind.PAIR, Phrase(field, words, boost=recipe.pair)) for field, words in pairs
        ]
    if recipe.title:
        clauses += [
            Clause(Kind.TITLE, Term(HEADING, word.text, boost * recipe.title))
            for word, boost in weights.items()
            if word.field == "text"
        ]
    return tuple(clauses)


def word_weights(ranking: Ranking) -> dict[str, float]:
    """The boosts of the words that a ranking looks for anywhere in a paper."""
    return {
        each.node.text: each.node.boost
        for each in ranking
        if each.kind is Kind.WORD and isinstance(each.node, Term) and each.node.field == "text"
    }


def inverse_frequency(holders: int, papers: int) -> float:
    """How rare a word is that so many of the papers hold, as BM25 has it: log(1 + odds), above 0.

    S. Robertson, H. Zaragoza, "The probabilistic relevance framework" (2009), with the 1 of Lucene.
    """
    return math.log(1 + max(0.0, papers - holders + 0.5) / (holders + 0.5))


def _leaves(node: Node, boost: float) -> Iterator[Scored]:
    """The leaves that a score can come from, in order, with the boosts of the groups around."""
    if isinstance(node, And | Or):
        for each in node.nodes:
            yield from _leaves(each, boost * node.boost)
    elif isinstance(node, Term | Phrase | Prefix | Wildcard | Fuzzy) and node.field in TEXT_FIELDS:
        yield node if boost == 1.0 else replace(node, boost=boost * node.boost)


def _weights(leaves: list[Scored]) -> dict[Term, float]:
    """The words of leaves, as terms without boost, and the sum of the boosts of each."""
    weights: dict[Term, float] = {}
    for leaf in leaves:
        if isinstance(leaf, Term):
            words: tuple[str, ...] = (leaf.text,)
        elif isinstance(leaf, Phrase):
            words = tuple(dict.fromkeys(word for word in leaf.words if not _thin(word)))
        else:
            continue
        for text in words:
            word = Term(leaf.field, text)
            weights[word] = weights.get(word, 0.0) + leaf.boost
    return weights


def _pairs(leaves: list[Scored]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Field and words of each two neighbours: inside a phrase, and from one leaf to the next."""
    before: tuple[str, str] | None = None
    for leaf in leaves:
        if not isinstance(leaf, Term | Phrase):
            continue
        words = leaf.words if isinstance(leaf, Phrase) else (leaf.text,)
        if not words:
            continue
        opens = isinstance(leaf, Term) or not _thin(words[0])
        if before and opens and before[0] == leaf.field and before[1] != words[0]:
            yield leaf.field, (before[1], words[0])
        for pair in pairwise(words):
            if pair[0] != pair[1] and not all(map(_thin, pair)):
                yield leaf.field, pair
        closes = isinstance(leaf, Term) or not _thin(words[-1])
        before = (leaf.field, words[-1]) if closes else None


def _thin(word: str) -> bool:
    """Whether a word of a phrase says little alone."""
    return (len(word) == 1 and word.isascii()) or word in STOP_WORDS
