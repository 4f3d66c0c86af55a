"""From our query tree to Whoosh's queries, round its broken parts.

AndNot and Require find wrong papers and `normalize()` changes meanings: only And, Or, Not, Term,
Phrase, NumericRange, Every and NullQuery are used, an exclusion always beside something positive.
"""

from collections.abc import Callable, Sequence
from typing import Any

from index.engines.texts import SURFACE_FIELDS
from index.engines.trees import bounded
from index.engines.whoosh_library import matching, query
from index.query import (
    And,
    Every,
    Fuzzy,
    Node,
    Not,
    Nothing,
    Or,
    Phrase,
    Prefix,
    Range,
    Term,
    Wildcard,
)

PAPER = "paper"
Expand = Callable[[Prefix | Wildcard | Fuzzy], Sequence[str]]


class Constant(query.Query):  # type: ignore[misc]
    """The papers of a query, all with the same score; Whoosh's own class forgets its boost."""

    def __init__(self, inner: query.Query, boost: float) -> None:
        self.inner = inner
        self.boost = boost

    def matcher(self, searcher: Any, context: Any = None) -> Any:
        """What Whoosh walks through: the papers' numbers, ascending."""
        found = sorted(set(self.inner.docs(searcher)))
        return matching.ListMatcher(found, all_weights=self.boost) if found else _nothing()

    def estimate_size(self, reader: Any) -> int:
        """At most how many papers it finds."""
        return int(self.inner.estimate_size(reader))

    def estimate_min_size(self, reader: Any) -> int:
        """At least how many papers it finds."""
        return 0

    def is_leaf(self) -> bool:
        """Whoosh need not look inside."""
        return True


class AnyWord(query.Query):  # type: ignore[misc]
    """Papers that hold any of some words in any of some fields."""

    def __init__(self, names: Sequence[str], words: Sequence[str]) -> None:
        self.names = names
        self.words = words
        self.boost = 1.0

    def docs(self, searcher: Any) -> Any:
        """The papers' numbers in one segment, in no order."""
        reader = searcher.reader()
        for name in self.names:
            for word in self.words:
                term = name, word.encode()
                if term in reader:
                    yield from reader.postings(*term).all_ids()

    def estimate_size(self, reader: Any) -> int:
        """At most how many papers it finds."""
        return int(reader.doc_count())


def _nothing() -> Any:
    return matching.NullMatcher()


def compile_query(node: Node, expand: Expand) -> query.Query:
    """The query of a checked tree; `expand` gives the words that a pattern stands for.

    Words and phrases score by the searcher's weighting, everything else a constant 1, times the
    boosts.
    """
    match node:
        case Term():
            return query.Term(node.field, node.text, boost=node.boost)
        case Phrase():
            return _phrase(node)
        case And():
            return _and(node, expand)
        case Or():
            parts = [compile_query(each, expand) for each in node.nodes]
            return query.Or(parts, boost=node.boost) if parts else query.NullQuery
        case Not():
            return _and(And((node,)), expand)
        case Range():
            ends = bounded(node.low, node.high)
            if ends is None:
                return query.NullQuery
            return Constant(query.NumericRange(node.field, *ends), node.boost)
        case Prefix() | Wildcard() | Fuzzy():
            return Constant(AnyWord(SURFACE_FIELDS[node.field], expand(node)), node.boost)
        case Every():
            return Constant(query.Term("kind", PAPER), node.boost)
        case Nothing():
            return query.NullQuery


def _phrase(node: Phrase) -> query.Query:
    if not node.words:
        return query.NullQuery
    if len(node.words) == 1:
        return query.Term(node.field, node.words[0], boost=node.boost)
    return query.Phrase(node.field, list(node.words), slop=node.slop, boost=node.boost)


def _and(node: And, expand: Expand) -> query.Query:
    wanted = [compile_query(each, expand) for each in node.nodes if not isinstance(each, Not)]
    unwanted = [compile_query(each.node, expand) for each in node.nodes if isinstance(each, Not)]
    if not wanted:
        ground = 1.0 if not node.nodes else 0.0
        wanted = [Constant(query.Term("kind", PAPER), ground)]
    return query.And(wanted + [query.Not(each) for each in unwanted], boost=node.boost)
